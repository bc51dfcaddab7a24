import { type Call, type Command, command } from '../command.ts'
import { CommandError, syntaxError, UnknownCommand } from '../failures.ts'
import { integerOf } from '../numbers.ts'
import { optionsOf } from '../options.ts'
import { NO_ARRAY, OK, type Reply } from '../reply.ts'
import { entryAt, type Group, type Stream } from '../stream.ts'
import { consumerOf, entryReply, groupAt, inOrder, noteChange, streamAt, streamFor } from '../stream-access.ts'
import { idOf, idText, LEAST_ID, rangeOf, type StreamId } from '../stream-ids.ts'

const NO_STREAM =
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.'

function create(call: Call, [key = '', name = '', text = '', ...words]: readonly string[]): Reply {
  const options = optionsOf({ name: 'XGROUP CREATE' }, words, { flags: ['MKSTREAM'], valued: ['ENTRIESREAD'] })
  if (streamAt(call, key) === undefined && !options.has('MKSTREAM')) throw new CommandError(NO_STREAM)
  const id = text === '$' ? undefined : idOf(text)
  const stream = streamFor(call, key)
  if (stream.groups.has(name)) throw new CommandError('BUSYGROUP Consumer Group name already exists')
  const readCount = readCountOf(options.get('ENTRIESREAD'))
  stream.groups.set(name, { lastId: id ?? stream.lastId, readCount, pending: new Map(), consumers: new Map() })
  call.database.changed(key)
  return OK
}

function readCountOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const count = integerOf(text)
  if (count < -1) throw new CommandError('ERR value for ENTRIESREAD must be positive or -1')
  return count === -1 ? undefined : count
}

function groupOf(call: Call, key: string, name: string): { readonly stream: Stream; readonly group: Group } {
  const stream = streamAt(call, key)
  if (stream === undefined) throw new CommandError(NO_STREAM)
  const group = stream.groups.get(name)
  if (group === undefined) throw new CommandError(`NOGROUP No such consumer group '${name}' for key name '${key}'`)
  return { stream, group }
}

function removeConsumer(call: Call, key: string, name: string, consumer: string): Reply {
  const { group } = groupOf(call, key, name)
  let count = 0
  for (const [id, delivery] of [...group.pending])
    if (delivery.consumer === consumer) {
      group.pending.delete(id)
      count++
    }
  if (group.consumers.delete(consumer)) noteChange(call)
  return count
}

function manage(call: Call): Reply {
  const [what = '', ...rest] = call.args
  const [key = '', name = '', third = '', ...words] = rest
  switch (what.toUpperCase()) {
    case 'CREATE':
      return create(call, rest)
    case 'SETID': {
      const { stream, group } = groupOf(call, key, name)
      const options = optionsOf({ name: 'XGROUP SETID' }, words, { valued: ['ENTRIESREAD'] })
      group.lastId = third === '$' ? stream.lastId : idOf(third)
      group.readCount = readCountOf(options.get('ENTRIESREAD'))
      noteChange(call)
      return OK
    }
    case 'DESTROY': {
      const stream = streamAt(call, key)
      if (stream === undefined) throw new CommandError(NO_STREAM)
      const isGone = stream.groups.delete(name)
      if (isGone) call.database.changed(key)
      return isGone ? 1 : 0
    }
    case 'CREATECONSUMER': {
      const { group } = groupOf(call, key, name)
      if (group.consumers.has(third)) return 0
      consumerOf(call, group, third)
      noteChange(call)
      return 1
    }
    case 'DELCONSUMER':
      return removeConsumer(call, key, name, third)
    default:
      throw new UnknownCommand(`XGROUP ${what.toUpperCase()}`)
  }
}

function acknowledge(call: Call): Reply {
  const [key = '', name = '', ...texts] = call.args
  const group = streamAt(call, key)?.groups.get(name)
  if (group === undefined) return 0
  const ids = texts.map((text) => idOf(text))
  const count = ids.filter((id) => group.pending.delete(id)).length
  if (count > 0) noteChange(call)
  return count
}

function pending(call: Call): Reply {
  const [key = '', name = '', ...words] = call.args
  if (words.length === 0) return pendingSummary(groupAt(call, key, name).group)
  const isByIdle = (words[0] ?? '').toUpperCase() === 'IDLE'
  const leastIdle = isByIdle ? integerOf(words[1] ?? '') : 0
  const [first, last, wanted, consumer, ...others] = words.slice(isByIdle ? 2 : 0)
  if (first === undefined || last === undefined || wanted === undefined || others.length > 0) throw syntaxError()
  const count = Math.max(0, integerOf(wanted))
  const [from, to] = rangeOf(first, last)
  const { group } = groupAt(call, key, name)
  const { now } = call.store
  return inOrder(group.pending)
    .filter(([id, delivery]) => id >= from && id <= to && (consumer === undefined || delivery.consumer === consumer))
    .filter(([, { deliveredAt }]) => now - deliveredAt >= leastIdle)
    .slice(0, count)
    .map(
      ([id, delivery]): Reply => [
        idText(id),
        delivery.consumer,
        Math.max(0, now - delivery.deliveredAt),
        delivery.count,
      ],
    )
}

function pendingSummary(group: Group): Reply {
  const ids = inOrder(group.pending).map(([id]) => id)
  const [first, last] = [ids[0], ids.at(-1)]
  if (first === undefined || last === undefined) return [0, null, null, NO_ARRAY]
  const counts = new Map<string, number>()
  for (const { consumer } of group.pending.values()) counts.set(consumer, (counts.get(consumer) ?? 0) + 1)
  const consumers = inOrder(counts).map(([name, count]): Reply => [name, String(count)])
  return [ids.length, idText(first), idText(last), consumers]
}

interface Claiming {
  readonly consumer: string
  readonly leastIdle: number
  readonly deliveredAt: number
  readonly count: number | undefined
  readonly forces: boolean
  readonly onlyIds: boolean
}

/** Assigns an entry to a consumer, if the entry can be claimed. */
function claimOne(
  call: Call,
  { stream, group }: ReturnType<typeof groupAt>,
  id: StreamId,
  how: Claiming,
): Reply | undefined {
  const entry = entryAt(stream, id)
  if (entry === undefined) {
    group.pending.delete(id)
    return undefined
  }
  const delivery = group.pending.get(id)
  if (delivery === undefined && !how.forces) return undefined
  if (delivery !== undefined && call.store.now - delivery.deliveredAt < how.leastIdle) return undefined
  consumerOf(call, group, how.consumer)
  const counted = (delivery?.count ?? 0) + (how.onlyIds ? 0 : 1)
  const count = how.count ?? counted
  group.pending.set(id, { consumer: how.consumer, deliveredAt: how.deliveredAt, count })
  return how.onlyIds ? idText(id) : entryReply(entry)
}

const FLAGS: readonly string[] = ['FORCE', 'JUSTID']
const VALUED: readonly string[] = ['IDLE', 'TIME', 'RETRYCOUNT', 'LASTID']

/** Whether a word is an option of the Redis command XCLAIM, or the value of the option before it. */
const isClaimOption = (word: string, before = ''): boolean =>
  VALUED.includes(before.toUpperCase()) || [...FLAGS, ...VALUED].includes(word.toUpperCase())

const leastIdleOf = (text: string): number => Math.max(0, integerOf(text))

function claim(call: Call): Reply {
  const [key = '', name = '', consumer = '', idle = '', ...words] = call.args
  const found = groupAt(call, key, name)
  const leastIdle = leastIdleOf(idle)
  const first = words.findIndex((word) => !/^\d+(-\d+)?$/.test(word))
  const end = first < 0 ? words.length : first
  const more = words.slice(end)
  const stranger = more.find((word, i) => !isClaimOption(word, more[i - 1]))
  if (stranger !== undefined) throw new CommandError(`ERR Unrecognized XCLAIM option '${stranger}'`)
  const ids = words.slice(0, end).map((text) => idOf(text))
  const options = optionsOf(call, more, { flags: FLAGS, valued: VALUED })
  const { now } = call.store
  const [idleMs, time, count, lastId] = VALUED.map((option) => options.get(option))
  const given = time !== undefined ? integerOf(time) : idleMs !== undefined ? now - integerOf(idleMs) : now
  const how: Claiming = {
    ...{ consumer, leastIdle },
    deliveredAt: Math.min(Math.max(0, given), now),
    count: count === undefined ? undefined : integerOf(count),
    forces: options.has('FORCE'),
    onlyIds: options.has('JUSTID'),
  }
  if (lastId !== undefined && idOf(lastId) > found.group.lastId) found.group.lastId = idOf(lastId)
  noteChange(call)
  return ids.flatMap((id): Reply[] => {
    const claimed = claimOne(call, found, id, how)
    return claimed === undefined ? [] : [claimed]
  })
}

const USUAL_COUNT = 100

function claimAll(call: Call): Reply {
  const [key = '', name = '', consumer = '', idle = '', start = '', ...words] = call.args
  const options = optionsOf(call, words, { flags: ['JUSTID'], valued: ['COUNT'] })
  const [leastIdle, [from]] = [leastIdleOf(idle), rangeOf(start, '+')]
  const count = options.has('COUNT') ? integerOf(options.get('COUNT') ?? '') : USUAL_COUNT
  if (count < 1) throw new CommandError('ERR COUNT must be > 0')
  const found = groupAt(call, key, name)
  const how: Claiming = {
    ...{ consumer, leastIdle, deliveredAt: call.store.now, count: undefined },
    ...{ forces: false, onlyIds: options.has('JUSTID') },
  }
  const candidates = inOrder(found.group.pending).filter(([id]) => id >= from)
  const claimed: Reply[] = []
  const gone: Reply[] = []
  let at = 0
  // The Redis command XAUTOCLAIM examines at most ten times as many entries as it may claim.
  for (; at < candidates.length && at < count * 10 && claimed.length + gone.length < count; at++) {
    const [id] = candidates[at] ?? [LEAST_ID]
    if (entryAt(found.stream, id) === undefined) gone.push(idText(id))
    const reply = claimOne(call, found, id, how)
    if (reply !== undefined) claimed.push(reply)
  }
  consumerOf(call, found.group, consumer)
  noteChange(call)
  return [idText(candidates[at]?.[0] ?? LEAST_ID), claimed, gone]
}

export const streamGroupCommands: readonly Command[] = [
  command('XGROUP', -2, manage, { CREATE: -5, SETID: -5, DESTROY: 4, CREATECONSUMER: 5, DELCONSUMER: 5 }),
  command('XACK', -4, acknowledge),
  command('XPENDING', -3, pending),
  command('XCLAIM', -6, claim),
  command('XAUTOCLAIM', -6, claimAll),
]
