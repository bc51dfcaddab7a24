import { type Encoded, NEVER, READ } from '../encoded.ts'

/** What the zones say: an order that explains the operations, or a few of them that no order explains. */
export type ZonesAnswer =
  | { readonly result: 'met'; readonly order: Int32Array }
  | { readonly result: 'violated' }
  | { readonly result: 'not applicable' }

/**
 * Decides linearizability of one register whose written values are distinct, in linear time (Gibbons & Korach 1997).
 *
 * A value's cluster is its write and the reads that returned it. Let first be the earliest return in the cluster, and
 * last the latest call. Where first < last the zone [first, last] is "forward": the register must hold that value
 * throughout. Otherwise it is "backward": all its operations overlap, and any instant in [last, first] will do. There is
 * an order exactly when no read returns before its write is called, no two forward zones overlap, and no backward zone
 * lies inside a forward one.
 *
 * Not applicable where values repeat, the initial value is written, or an operation is neither read nor write.
 * Expects event positions and values with few gaps (see `compact`).
 */
export function zones(part: Encoded): ZonesAnswer {
  if (part.hasConditional || part.hasAppend) return { result: 'not applicable' }
  const clusters = clustersOf(part)
  if (clusters === undefined) return { result: 'not applicable' }
  if (clusters.impossibleRead) return { result: 'violated' }
  const sequence = sequenceOfZones({ ...clusters, initial: part.initial }, clusters.events)
  if (sequence === undefined) return { result: 'violated' }
  return { result: 'met', order: orderOf(sequence, clusters, part) }
}

interface Clusters {
  /** By value: the operation that wrote it, -1 for the initial value and for values not (or needlessly) written. */
  readonly writer: Int32Array
  /** By value: the earliest return and the latest call; -2 for "before the history". */
  readonly first: Int32Array
  readonly last: Int32Array
  readonly used: Uint8Array
  /** By value: how many reads returned it. */
  readonly reads: Int32Array
  /** How many event positions there are. */
  readonly events: number
  /** A read of a value that nobody had begun to write when it returned. */
  readonly impossibleRead: boolean
}

function clustersOf(part: Encoded): Clusters | undefined {
  const { length, kind, expects, writes, calls, returns, values, initial } = part
  const writer = new Int32Array(values).fill(-1)
  const first = new Int32Array(values).fill(NEVER)
  const last = new Int32Array(values).fill(-2)
  const reads = new Int32Array(values)
  let lastEvent = length === 0 ? -1 : calls[length - 1]
  const unknown: number[] = []
  for (let i = 0; i < length; i++) {
    const returned = returns[i]
    if (returned > lastEvent && returned !== NEVER) lastEvent = returned
    if (kind[i] === READ) {
      const value = expects[i]
      reads[value]++
      if (returned < first[value]) first[value] = returned
      // Operations come in order of call.
      last[value] = calls[i]
    } else if (returned === NEVER) {
      unknown.push(i)
    } else {
      const value = writes[i]
      if (value === initial || writer[value] !== -1) return undefined
      writer[value] = i
    }
  }
  for (let at = 0; at < unknown.length; at++) {
    const value = writes[unknown[at]]
    // A write of unknown outcome that nobody read can be taken never to have happened.
    if (reads[value] === 0) continue
    if (value === initial || writer[value] !== -1) return undefined
    writer[value] = unknown[at]
  }
  let impossibleRead = false
  const used = new Uint8Array(values)
  for (let value = 0; value < values; value++) {
    const w = writer[value]
    if (w === -1) {
      if (reads[value] === 0) continue
      used[value] = 1
      if (value !== initial) impossibleRead = true
      continue
    }
    used[value] = 1
    // first is still the earliest return among the reads.
    if (first[value] < calls[w]) impossibleRead = true
    if (returns[w] < first[value]) first[value] = returns[w]
    if (calls[w] > last[value]) last[value] = calls[w]
  }
  // The initial value was written before everything.
  first[initial] = -1
  return { writer, first, last, used, reads, events: lastEvent + 1, impossibleRead }
}

/** How many event positions there are: one more than the last. */
export function eventCount({ length, calls, returns }: Pick<Encoded, 'length' | 'calls' | 'returns'>): number {
  let last = -1
  for (let i = 0; i < length; i++) {
    if (calls[i] > last) last = calls[i]
    if (returns[i] > last && returns[i] !== NEVER) last = returns[i]
  }
  return last + 1
}

/** Groups of operations that must follow each other directly, each as the zone from its first return to its last call. */
export interface Zones {
  /** By group: the earliest return, and the latest call. */
  readonly first: Int32Array
  readonly last: Int32Array
  readonly used: Uint8Array
  /** The group that comes before all others, if it is used. */
  readonly initial: number
}

/** Walks the events once, placing groups one after another; undefined where two zones conflict. */
export function sequenceOfZones({ first, last, used, initial }: Zones, events: number): Int32Array | undefined {
  const groups = first.length
  // What happens at an event: group + 1 where its forward zone begins or its backward zone begins.
  const begins = new Int32Array(events)
  for (let group = 0; group < groups; group++) {
    if (used[group] === 0 || group === initial) continue
    begins[first[group] < last[group] ? first[group] : last[group]] = group + 1
  }
  const sequence = new Int32Array(groups)
  let placed = 0
  let current = -1
  let currentEnd = -1
  if (used[initial] === 1) {
    sequence[placed++] = initial
    current = initial
    currentEnd = last[initial]
  }
  const waiting: number[] = []
  for (let event = 0; event < events; event++) {
    const group = begins[event] - 1
    if (group >= 0) {
      if (first[group] < last[group]) {
        if (current !== -1) return undefined
        sequence[placed++] = group
        current = group
        currentEnd = last[group]
      } else if (current === -1) {
        sequence[placed++] = group
      } else if (first[group] < currentEnd) {
        return undefined
      } else {
        // It begins inside the forward zone and outlasts it: it comes right after.
        waiting.push(group)
      }
    }
    if (event === currentEnd) {
      for (const later of waiting) sequence[placed++] = later
      waiting.length = 0
      current = -1
    }
  }
  return sequence.subarray(0, placed)
}

/** Each cluster in turn: its write, then its reads in order of call. */
function orderOf(sequence: Int32Array, { writer, reads }: Clusters, { length, kind, expects }: Encoded): Int32Array {
  let total = 0
  for (let at = 0; at < sequence.length; at++) {
    const value = sequence[at]
    total += reads[value] + (writer[value] === -1 ? 0 : 1)
  }
  const order = new Int32Array(total)
  const next = new Int32Array(reads.length)
  let place = 0
  for (let at = 0; at < sequence.length; at++) {
    const value = sequence[at]
    if (writer[value] !== -1) order[place++] = writer[value]
    next[value] = place
    place += reads[value]
  }
  for (let i = 0; i < length; i++) if (kind[i] === READ) order[next[expects[i]]++] = i
  return order
}
