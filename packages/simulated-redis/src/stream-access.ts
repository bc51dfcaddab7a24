import type { Call } from './command.ts'
import { CommandError } from './failures.ts'
import type { Reply } from './reply.ts'
import { createStream, type Group, type Stream, type StreamEntry } from './stream.ts'
import { idText } from './stream-ids.ts'

export const streamAt = ({ database }: Call, key = ''): Stream | undefined => database.value(key, 'stream')

export function streamFor(call: Call, key: string): Stream {
  const found = streamAt(call, key)
  if (found !== undefined) return found
  const stream = createStream()
  call.database.put(key, stream)
  return stream
}

/** @throws CommandError if there is no such stream or group. */
export function groupAt(
  call: Call,
  key = '',
  name = '',
  suffix = '',
): { readonly stream: Stream; readonly group: Group } {
  const stream = streamAt(call, key)
  const group = stream?.groups.get(name)
  if (stream === undefined || group === undefined)
    throw new CommandError(`NOGROUP No such key '${key}' or consumer group '${name}'${suffix}`)
  return { stream, group }
}

export const entryReply = ({ id, fields }: StreamEntry): Reply => [idText(id), fields]

/** Returns the entries of a map in the order of their keys. */
export const inOrder = <Key extends bigint | string, Value>(map: ReadonlyMap<Key, Value>): (readonly [Key, Value])[] =>
  [...map].sort(([one], [other]) => (one < other ? -1 : 1))

/** Records a change that a consumer makes, which unblocks no session. */
export function noteChange({ store }: Call): void {
  store.changes++
}

/** Updates the state of a consumer, which is created if necessary. */
export function consumerOf({ store }: Call, group: Group, name: string): void {
  const consumer = group.consumers.get(name)
  if (consumer !== undefined) consumer.seenAt = store.now
  else group.consumers.set(name, { name, seenAt: store.now, activeAt: undefined })
}
