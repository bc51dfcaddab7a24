import { LEAST_ID, type StreamId } from './stream-ids.ts'

export interface StreamEntry {
  readonly id: StreamId
  readonly fields: readonly string[]
}

/** An entry that was delivered to a consumer and not acknowledged. */
interface Delivery {
  consumer: string
  deliveredAt: number
  count: number
}

interface Consumer {
  readonly name: string
  /** The time of the consumer's last request. `activeAt` is the time of the last delivery to the consumer. */
  seenAt: number
  activeAt: number | undefined
}

export interface Group {
  lastId: StreamId
  /** The number of entries ever read, if it is known. */
  readCount: number | undefined
  readonly pending: Map<StreamId, Delivery>
  readonly consumers: Map<string, Consumer>
}

export interface Stream {
  readonly type: 'stream'
  /** By ID. */
  entries: StreamEntry[]
  lastId: StreamId
  addedCount: number
  greatestDeleted: StreamId
  readonly groups: Map<string, Group>
}

export const createStream = (): Stream => ({
  type: 'stream',
  entries: [],
  lastId: LEAST_ID,
  addedCount: 0,
  greatestDeleted: LEAST_ID,
  groups: new Map(),
})

function placeOf({ entries }: Stream, id: StreamId): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.id ?? 0n) < id) low = middle + 1
    else high = middle
  }
  return low
}

export function entryAt(stream: Stream, id: StreamId): StreamEntry | undefined {
  const entry = stream.entries[placeOf(stream, id)]
  return entry?.id === id ? entry : undefined
}

/** Returns the entries of a range, in the order of their IDs. */
export const entriesBetween = (stream: Stream, from: StreamId, to: StreamId): readonly StreamEntry[] =>
  from > to ? [] : stream.entries.slice(placeOf(stream, from), placeOf(stream, to + 1n))

/** Removes the entries with these IDs. Returns their number. */
export function removeEntries(stream: Stream, ids: readonly StreamId[]): number {
  let count = 0
  for (const id of ids) {
    const at = placeOf(stream, id)
    if (stream.entries[at]?.id !== id) continue
    stream.entries.splice(at, 1)
    if (id > stream.greatestDeleted) stream.greatestDeleted = id
    count++
  }
  return count
}

/** The bound of a trim: a maximum length, or the smallest ID to keep. */
export interface Trimming {
  readonly by: 'length' | 'id'
  readonly to: bigint
  /** Whether the trim removes only whole nodes of a hundred entries. This is cheap. */
  readonly isApproximate: boolean
}

const NODE_ENTRIES = 100
const MOST_REMOVED = 100 * NODE_ENTRIES

/** Removes the oldest entries. Returns their number. */
export function trim(
  stream: Stream,
  { by, to, isApproximate }: Trimming,
  most: number = isApproximate ? MOST_REMOVED : 0,
): number {
  const { length } = stream.entries
  const wanted = by === 'length' ? Math.max(0, length - Number(to)) : placeOf(stream, to)
  const allowed = most > 0 ? Math.min(wanted, most) : wanted
  const count = isApproximate ? Math.floor(allowed / NODE_ENTRIES) * NODE_ENTRIES : allowed
  stream.entries.splice(0, count)
  return count
}

/**
 * Returns how many of all entries ever added have at most this ID. Undefined if this is unknown, as after deletions.
 */
export function countUpTo(stream: Stream, id: StreamId): number | undefined {
  const { addedCount, entries, lastId, greatestDeleted } = stream
  if (addedCount === 0) return 0
  if (entries.length === 0 && id <= lastId) return addedCount
  if (id === lastId) return addedCount
  const first = entries[0]?.id
  if (id > lastId || first === undefined) return undefined
  if (greatestDeleted !== LEAST_ID && greatestDeleted >= first) return undefined
  if (id < first) return addedCount - entries.length
  return id === first ? addedCount - entries.length + 1 : undefined
}

/** Whether an entry may have been deleted at or after this ID. */
export function hasGapAfter({ entries, greatestDeleted }: Stream, id: StreamId): boolean {
  if (entries.length === 0 || greatestDeleted === LEAST_ID) return false
  return greatestDeleted >= id
}
