import { type Call, type Command, command, type Waits } from '../command.ts'
import { CommandError, syntaxError, UnknownCommand } from '../failures.ts'
import { integerOf } from '../numbers.ts'
import { NO_ARRAY, type Reply } from '../reply.ts'
import {
  countUpTo,
  entriesBetween,
  entryAt,
  type Group,
  hasGapAfter,
  type Stream,
  type StreamEntry,
} from '../stream.ts'
import { consumerOf, entryReply, groupAt, inOrder, noteChange, streamAt } from '../stream-access.ts'
import { idOf, idText, LEAST_ID, MOST_ID, type StreamId } from '../stream-ids.ts'

interface Reading {
  readonly count: number
  /** How long the read blocks in milliseconds, if it blocks. */
  readonly blockMs: number | undefined
  readonly acknowledges: boolean
  readonly group: string | undefined
  readonly consumer: string
  readonly from: readonly (readonly [key: string, id: string])[]
}

function readingOf(name: string, words: readonly string[]): Reading {
  let [count, acknowledges, consumer] = [Number.POSITIVE_INFINITY, false, '']
  let blockMs: number | undefined
  let group: string | undefined
  let at = 0
  for (; at < words.length; at++) {
    const option = (words[at] ?? '').toUpperCase()
    const value = words[at + 1]
    if (option === 'STREAMS') break
    if (option === 'NOACK' && name === 'XREADGROUP') acknowledges = true
    else if (value === undefined) throw syntaxError()
    else if (option === 'COUNT') count = countOf(value)
    else if (option === 'BLOCK') blockMs = waitOf(value)
    else if (option === 'GROUP' && name === 'XREADGROUP' && words[at + 2] !== undefined) {
      ;[group, consumer] = [value, words[at + 2] ?? '']
      at++
    } else throw new UnknownCommand(`${name} with the option ${words[at]}`)
    if (option !== 'NOACK') at++
  }
  const rest = words.slice(at + 1)
  if (at >= words.length || rest.length === 0) throw syntaxError()
  if (rest.length % 2 === 1)
    throw new CommandError(
      `ERR Unbalanced ${name} list of streams: for each stream key an ID or '$' must be specified.`,
    )
  if (name === 'XREADGROUP' && group === undefined) throw new CommandError('ERR Missing GROUP option for XREADGROUP')
  const keys = rest.slice(0, rest.length / 2)
  const from = keys.map((key, i): readonly [string, string] => [key, rest[keys.length + i] ?? ''])
  return { count, blockMs, acknowledges, group, consumer, from }
}

function countOf(text: string): number {
  const count = integerOf(text)
  return count <= 0 ? Number.POSITIVE_INFINITY : count
}

function waitOf(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new CommandError('ERR timeout is not an integer or out of range')
  const ms = integerOf(text)
  if (ms < 0) throw new CommandError('ERR timeout is negative')
  return ms
}

type Found = readonly [key: string, entries: Reply]

/** Returns the entries by stream: pairs in RESP2, a map in RESP3. */
const foundReply = ({ session }: Call, found: readonly Found[]): Reply =>
  found.length === 0 ? NO_ARRAY : session.protocol === 3 ? { map: found.flat() } : found

/** Returns the found entries, or waits for new ones. */
function orWait(
  call: Call,
  found: readonly Found[],
  { blockMs, from }: Reading,
  again: (key: string) => readonly string[],
): Reply | Waits {
  if (found.length > 0 || blockMs === undefined) return foundReply(call, found)
  return {
    waits: {
      keys: from.map(([key]) => key),
      timeoutMs: blockMs,
      does: again,
      reply: (_, reply) => (typeof reply === 'object' && reply !== null && 'noArray' in reply ? undefined : reply),
      nothing: NO_ARRAY,
    },
  }
}

function read(call: Call): Reply | Waits {
  const reading = readingOf('XREAD', call.args)
  const { count, from } = reading
  const after = new Map<string, StreamId>()
  for (const [key, text] of from) {
    const last = streamAt(call, key)?.lastId ?? LEAST_ID
    if (text === '>')
      throw new CommandError(
        'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
      )
    after.set(key, text === '$' ? last : idOf(text))
  }
  const found = [...after].flatMap(([key, id]): readonly Found[] => {
    const stream = streamAt(call, key)
    const entries = stream === undefined || id === MOST_ID ? [] : entriesBetween(stream, id + 1n, MOST_ID)
    return entries.length === 0 ? [] : [[key, entries.slice(0, count).map(entryReply)]]
  })
  const limit = Number.isFinite(count) ? ['COUNT', String(count)] : []
  return orWait(call, found, reading, (key) => [
    ...['XREAD', ...limit, 'STREAMS', key],
    idText(after.get(key) ?? LEAST_ID),
  ])
}

function readAsGroup(call: Call): Reply | Waits {
  const reading = readingOf('XREADGROUP', call.args)
  const { from, group: name = '', consumer, count, acknowledges } = reading
  for (const [key, text] of from) {
    groupAt(call, key, name, ' in XREADGROUP with GROUP option')
    if (text === '$')
      throw new CommandError(
        'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
      )
    if (text !== '>') idOf(text)
  }
  const found = from.flatMap(([key, text]): readonly Found[] => {
    const { stream, group } = groupAt(call, key, name)
    if (text !== '>') return [[key, history(call, stream, group, { consumer, after: idOf(text), count })]]
    const fresh = entriesBetween(stream, group.lastId + 1n, MOST_ID).slice(0, count)
    if (fresh.length === 0) return []
    deliver(call, stream, group, { consumer, entries: fresh, acknowledges })
    return [[key, fresh.map(entryReply)]]
  })
  const limit = Number.isFinite(count) ? ['COUNT', String(count)] : []
  return orWait(call, found, reading, (key) => [
    ...['XREADGROUP', 'GROUP', name, consumer, ...limit, ...(acknowledges ? ['NOACK'] : [])],
    ...['STREAMS', key, '>'],
  ])
}

function deliver(
  call: Call,
  stream: Stream,
  group: Group,
  {
    consumer,
    entries,
    acknowledges,
  }: { readonly consumer: string; readonly entries: readonly StreamEntry[]; readonly acknowledges: boolean },
): void {
  const { now } = call.store
  consumerOf(call, group, consumer)
  const known = group.consumers.get(consumer)
  if (known !== undefined) known.activeAt = now
  for (const { id } of entries) {
    group.readCount =
      group.readCount !== undefined && !hasGapAfter(stream, id) ? group.readCount + 1 : countUpTo(stream, id)
    group.lastId = id
    if (!acknowledges) group.pending.set(id, { consumer, deliveredAt: now, count: 1 })
  }
  noteChange(call)
}

/** Returns the unacknowledged entries of a consumer. A deleted entry is null. */
function history(
  call: Call,
  stream: Stream,
  group: Group,
  { consumer, after, count }: { readonly consumer: string; readonly after: StreamId; readonly count: number },
): Reply {
  consumerOf(call, group, consumer)
  noteChange(call)
  const own = inOrder(group.pending)
    .filter(([id, delivery]) => id > after && delivery.consumer === consumer)
    .slice(0, count)
  return own.map(([id, delivery]): Reply => {
    const entry = entryAt(stream, id)
    if (entry === undefined) return [idText(id), NO_ARRAY]
    delivery.deliveredAt = call.store.now
    delivery.count++
    return entryReply(entry)
  })
}

export const streamReadCommands: readonly Command[] = [
  command('XREAD', -4, read),
  command('XREADGROUP', -7, readAsGroup),
]
