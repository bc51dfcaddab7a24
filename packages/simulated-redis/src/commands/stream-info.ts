import { type Call, type Command, command } from '../command.ts'
import { CommandError, UnknownCommand } from '../failures.ts'
import { mapReply, type Reply } from '../reply.ts'
import { countUpTo, type Group, hasGapAfter, type Stream } from '../stream.ts'
import { entryReply, inOrder, streamAt } from '../stream-access.ts'
import { idText, LEAST_ID } from '../stream-ids.ts'

const NODE_ENTRIES = 100

function streamInfo(stream: Stream): Reply {
  const { entries, groups, lastId, greatestDeleted, addedCount } = stream
  const [first, last] = [entries[0], entries.at(-1)]
  const nodes = Math.ceil(entries.length / NODE_ENTRIES)
  return mapReply({
    length: entries.length,
    'radix-tree-keys': nodes,
    'radix-tree-nodes': nodes + 1,
    'last-generated-id': idText(lastId),
    'max-deleted-entry-id': idText(greatestDeleted),
    'entries-added': addedCount,
    'recorded-first-entry-id': idText(first?.id ?? LEAST_ID),
    groups: groups.size,
    'first-entry': first === undefined ? null : entryReply(first),
    'last-entry': last === undefined ? null : entryReply(last),
  })
}

/** Returns the number of entries that a group has not read, if it is known. */
function lagOf(stream: Stream, { readCount, lastId }: Group): number | null {
  const { addedCount } = stream
  if (addedCount === 0) return 0
  if (readCount !== undefined && !hasGapAfter(stream, lastId)) return addedCount - readCount
  const count = countUpTo(stream, lastId)
  return count === undefined ? null : addedCount - count
}

const groupsInfo = (stream: Stream): Reply =>
  inOrder(stream.groups).map(([name, group]) =>
    mapReply({
      name,
      consumers: group.consumers.size,
      pending: group.pending.size,
      'last-delivered-id': idText(group.lastId),
      'entries-read': group.readCount ?? null,
      lag: lagOf(stream, group),
    }),
  )

const consumersInfo = ({ consumers, pending }: Group, now: number): Reply =>
  [...consumers.values()]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, seenAt, activeAt }): Reply => {
      const own = [...pending.values()].filter(({ consumer }) => consumer === name).length
      return mapReply({
        name,
        pending: own,
        idle: now - seenAt,
        inactive: activeAt === undefined ? -1 : now - activeAt,
      })
    })

function info(call: Call): Reply {
  const [what = '', key = '', name = '', ...rest] = call.args
  const kind = what.toUpperCase()
  const isKnown = (kind === 'CONSUMERS' ? rest : [name, ...rest].filter((word) => word !== '')).length === 0
  if (!['STREAM', 'GROUPS', 'CONSUMERS'].includes(kind) || !isKnown)
    throw new UnknownCommand(`XINFO ${[kind, ...(isKnown ? [] : [name])].join(' ')}`)
  const stream = streamAt(call, key)
  if (stream === undefined) throw new CommandError('ERR no such key')
  if (kind === 'STREAM') return streamInfo(stream)
  if (kind === 'GROUPS') return groupsInfo(stream)
  const group = stream.groups.get(name)
  if (group === undefined) throw new CommandError(`NOGROUP No such consumer group '${name}' for key name '${key}'`)
  return consumersInfo(group, call.store.now)
}

export const streamInfoCommands: readonly Command[] = [
  command('XINFO', -2, info, { STREAM: -3, GROUPS: 3, CONSUMERS: 4 }),
]
