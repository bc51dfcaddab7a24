import { int32Array, uint8Array } from '@chaosproxy/history'
import { type Encoded, NEVER } from '../../../encoding/encoded.ts'
import { type Budget, lookAt, unlimited } from '../../../limits/budget.ts'
import { type Conflict, MOST_CONFLICTS } from './conflict.ts'

/** An order that explains the operations, or operations that no order explains. */
export type ZonesAnswer =
  /** The order is computed on demand, because it is not needed if another key is violated. */
  | { readonly result: 'met'; readonly order: () => Int32Array }
  | { readonly result: 'violated'; readonly conflicts: readonly Conflict[] }
  | { readonly result: 'not applicable' }

/**
 * Decides linearizability of one register whose written values are distinct, in linear time (Gibbons & Korach 1997).
 *
 * A value's cluster is its write and the reads that returned it. Let first be the earliest return in the cluster, and
 * last the latest call. If first < last, the zone [first, last] is "forward": the register must hold the value
 * throughout. Otherwise the zone is "backward": all operations of the cluster overlap, and the register may hold the
 * value at any instant in [last, first]. An order exists exactly when no read returns before its write is called, no
 * two forward zones overlap, and no backward zone lies inside a forward one.
 *
 * Not applicable if values repeat, the initial value is written, or an operation is neither read nor write. Expects
 * event positions and values with few gaps (see `compact`).
 */
export function zones(part: Encoded, budget: Budget = unlimited): ZonesAnswer {
  if (part.hasConditional || part.hasAppend) return { result: 'not applicable' }
  const clusters = clustersOf(part, budget)
  if (clusters === undefined) return { result: 'not applicable' }
  if (clusters.impossibleRead) return { result: 'violated', conflicts: impossibleReads(part, clusters) }
  const { first, last, used, events } = clusters
  const groups = { first, last, used, initials: [part.initial], keyOf: onlyKey }
  const { sequence, isViolated, conflicts } = sequenceOfZones(groups, events, budget)
  if (isViolated[0] === 1) return { result: 'violated', conflicts }
  return { result: 'met', order: () => orderOf(sequence, clusters, part, budget) }
}

const onlyKey = (): number => 0

/** Returns the reads of values that were not written yet, each with the write of its value, if there is one. */
function impossibleReads({ length, calls, returns, expects, initial }: Encoded, { writer }: Clusters): Conflict[] {
  const conflicts: Conflict[] = []
  for (let i = 0; i < length && conflicts.length < MOST_CONFLICTS; i++) {
    const value = expects[i]
    if (value < 0 || value === initial || returns[i] === NEVER) continue
    const w = writer[value]
    if (w === -1) conflicts.push([calls[i]])
    else if (returns[i] < calls[w]) conflicts.push([calls[i], calls[w]])
  }
  return conflicts
}

interface Clusters {
  /** By value: the operation that wrote it, or -1. */
  readonly writer: Int32Array
  /** By value: the earliest return (`first`; NEVER if none) and the latest call (`last`; -2 if none). */
  readonly first: Int32Array
  readonly last: Int32Array
  readonly used: Uint8Array
  readonly reads: Int32Array
  readonly events: number
  /** Whether a read returned before any write of its value was called. */
  readonly impossibleRead: boolean
}

/**
 * The loop does not branch on reads and writes: they alternate unpredictably, and mispredicted branches would dominate
 * the cost. A read has `writes` NOTHING, and a write has `expects` NOTHING. All bits of NOTHING are 1, so
 * `expects & writes` is the value that was read or written.
 */
function clustersOf(part: Encoded, budget: Budget): Clusters | undefined {
  const { length, kind, expects, writes, calls, returns, values, initial } = part
  const writer = int32Array(values).fill(-1)
  const first = int32Array(values).fill(NEVER)
  const last = int32Array(values).fill(-2)
  const reads = int32Array(values)
  let lastEvent = length === 0 ? -1 : calls[length - 1]
  const unknown: number[] = []
  let impossibleRead = false
  for (let i = 0; i < length; i++) {
    lookAt(i, budget)
    const returned = returns[i]
    if (returned === NEVER) {
      unknown.push(i)
      continue
    }
    const value = expects[i] & writes[i]
    const isWrite = kind[i]
    if ((isWrite & ~(writer[value] >> 31)) !== 0) return undefined
    writer[value] = (i & -isWrite) | (writer[value] & (isWrite - 1))
    reads[value] += isWrite ^ 1
    // At a write, detects a read that returned the written value before the write was called. Calls are visited in
    // order, so such a read was visited earlier.
    if ((isWrite & ((first[value] - calls[i]) >>> 31)) !== 0) impossibleRead = true
    first[value] = lesser(first[value], returned)
    last[value] = calls[i]
    lastEvent = lastEvent - lesser(lastEvent - returned, 0)
  }
  for (let at = 0; at < unknown.length; at++) {
    const w = unknown[at]
    const value = writes[w]
    // An unread write of unknown outcome can be assumed not to have happened.
    if (reads[value] === 0) continue
    if (writer[value] !== -1) return undefined
    writer[value] = w
    if (first[value] < calls[w]) impossibleRead = true
    if (calls[w] > last[value]) last[value] = calls[w]
  }
  if (writer[initial] !== -1) return undefined
  const used = uint8Array(values)
  for (let value = 0; value < values; value++) {
    if (writer[value] !== -1) used[value] = 1
    else if (reads[value] > 0) {
      used[value] = 1
      if (value !== initial) impossibleRead = true
    }
  }
  return { writer, first, last, used, reads, events: lastEvent + 1, impossibleRead }
}

const lesser = (a: number, b: number): number => b + ((a - b) & ((a - b) >> 31))

/** The last event position + 1. */
export function eventCount({ length, calls, returns }: Pick<Encoded, 'length' | 'calls' | 'returns'>): number {
  // Starts with the last call, because few operations return after it.
  let last = length === 0 ? -1 : calls[length - 1]
  for (let i = 0; i < length; i++) if (returns[i] > last && returns[i] !== NEVER) last = returns[i]
  return last + 1
}

/**
 * Groups of operations that must follow each other directly, each with a zone from its first return to its last call.
 */
export interface Zones {
  /** By group: the earliest return and the latest call. */
  readonly first: Int32Array
  readonly last: Int32Array
  readonly used: Uint8Array
  /**
   * By key: the initial group, which comes before all other groups of the key. Any group whose entry in `used` is 0 is
   * ignored. `sequenceOfZones` places the initial groups first, and then sets their entries in `used` to 0.
   */
  readonly initials: ArrayLike<number>
  /** Returns the key of a group. Groups on different keys never conflict. */
  readonly keyOf: (group: number) => number
}

/**
 * Places the groups in the order in which their zones begin, as one sequence for all keys. If groups of a key conflict,
 * `isViolated` is 1, and the key's part is meaningless.
 */
export function sequenceOfZones(
  zones: Zones,
  events: number,
  budget: Budget,
): { readonly sequence: Int32Array; readonly isViolated: Uint8Array; readonly conflicts: readonly Conflict[] } {
  const { first, last, used, initials, keyOf } = zones
  const keys = initials.length
  const sequence = int32Array(first.length)
  let placed = 0
  // For each key, the end of the last forward zone that was placed. `waiting` holds the groups to place right after
  // this zone.
  const ends = int32Array(keys).fill(-1)
  // By key: the group of its last forward zone.
  const holder = int32Array(keys)
  const waiting: number[][] = []
  for (let k = 0; k < keys; k++) waiting.push([])
  let held = 0
  for (let k = 0; k < keys; k++) {
    if (used[initials[k]] === 0) continue
    sequence[placed++] = initials[k]
    ends[k] = last[initials[k]]
    holder[k] = initials[k]
    used[initials[k]] = 0
  }
  const groups = beginnings(zones, events)
  budget.look(events)
  const isViolated = uint8Array(keys)
  const conflicts: Conflict[] = []
  for (let at = 0; at < groups.length; at++) {
    const group = groups[at]
    const k = keyOf(group)
    const end = last[group]
    const isForward = first[group] < end
    const begin = isForward ? first[group] : end
    if (begin > ends[k]) {
      // The last forward zone has ended. The groups that waited for its end come before the new group.
      if (held > 0) {
        for (const later of waiting[k]) sequence[placed++] = later
        held -= waiting[k].length
        waiting[k] = []
      }
      sequence[placed++] = group
      if (isForward) {
        ends[k] = end
        holder[k] = group
      }
    } else if (isForward || first[group] < ends[k]) {
      isViolated[k] = 1
      if (conflicts.length < MOST_CONFLICTS) {
        conflicts.push([first[group], end, first[holder[k]], ends[k]])
      }
      if (isForward && end > ends[k]) {
        ends[k] = end
        holder[k] = group
      }
    } else {
      // The group begins within a forward zone and ends after it, so it is placed right after the zone.
      waiting[k].push(group)
      held++
    }
  }
  for (const groups of waiting) for (const later of groups) sequence[placed++] = later
  return { sequence: sequence.subarray(0, placed), isViolated, conflicts }
}

/** Returns the groups except the initial ones, by the beginning of their zones. */
function beginnings(zones: Zones, events: number): Int32Array {
  return events > 2 * EVENTS_OF_BLOCK ? beginningsByBlock(zones, events) : beginningsIn(zones, events)
}

function beginningsIn({ first, last, used }: Zones, events: number): Int32Array {
  const groups = first.length
  // By event: group + 1 if the group's zone begins at the event.
  const begins = int32Array(events)
  for (let group = 0; group < groups; group++) {
    if (used[group] === 1) begins[lesser(first[group], last[group])] = group + 1
  }
  // The loop stores an entry at every event, but advances only if a zone begins there. Otherwise, the next entry
  // overwrites the stored one. After the last zone has begun, the entries go to the extra element.
  const sorted = int32Array(groups + 1)
  let count = 0
  for (let event = 0; event < events; event++) {
    sorted[count] = begins[event] - 1
    count += -begins[event] >>> 31
  }
  return sorted.subarray(0, count)
}

const BLOCK_BITS = 16
const EVENTS_OF_BLOCK = 1 << BLOCK_BITS

/**
 * Sorts groups in two steps, for histories with many events: by block of events, and then within each block. One table
 * of all events would take more memory than the groups.
 */
function beginningsByBlock({ first, last, used }: Zones, events: number): Int32Array {
  const groups = first.length
  const blocks = ((events - 1) >>> BLOCK_BITS) + 1
  const starts = int32Array(blocks + 1)
  for (let group = 0; group < groups; group++)
    if (used[group] === 1) starts[(lesser(first[group], last[group]) >> BLOCK_BITS) + 1]++
  for (let block = 0; block < blocks; block++) starts[block + 1] += starts[block]
  const sorted = int32Array(starts[blocks])
  const next = starts.slice(0, blocks)
  for (let group = 0; group < groups; group++)
    if (used[group] === 1) sorted[next[lesser(first[group], last[group]) >> BLOCK_BITS]++] = group
  const begins = int32Array(EVENTS_OF_BLOCK)
  for (let block = 0; block < blocks; block++) {
    const [from, to] = [starts[block], starts[block + 1]]
    for (let at = from; at < to; at++) {
      const group = sorted[at]
      begins[lesser(first[group], last[group]) & (EVENTS_OF_BLOCK - 1)] = group + 1
    }
    for (let event = 0, at = from; at < to; event++) {
      if (begins[event] === 0) continue
      sorted[at++] = begins[event] - 1
      begins[event] = 0
    }
  }
  return sorted
}

/** Lists the operations of each cluster: its write, then its reads in order of call. */
function orderOf(
  sequence: Int32Array,
  { writer, reads }: Clusters,
  { length, kind, expects, writes, values }: Encoded,
  budget: Budget,
): Int32Array {
  budget.look(length)
  let total = 0
  for (let at = 0; at < sequence.length; at++) {
    const value = sequence[at]
    total += reads[value] + (writer[value] === -1 ? 0 : 1)
  }
  // The loop that places the reads has no branches, so it also stores each write. These stores go to the extra element
  // at the end.
  const order = int32Array(total + 1)
  const next = int32Array(values + 1)
  next[values] = total
  let place = 0
  for (let at = 0; at < sequence.length; at++) {
    const value = sequence[at]
    if (writer[value] !== -1) order[place++] = writer[value]
    next[value] = place
    place += reads[value]
  }
  budget.look(length)
  for (let i = 0; i < length; i++) {
    const isWrite = kind[i]
    const value = expects[i] & writes[i]
    const list = value + isWrite * (values - value)
    order[next[list]] = i
    next[list] += isWrite ^ 1
  }
  return order.subarray(0, total)
}
