import { int32Array, uint8Array } from '@chaosproxy/history'
import { type Encoded, NEVER, READ } from '../../../encoding/encoded.ts'
import { type Budget, lookAt } from '../../../limits/budget.ts'
import { type Conflict, MOST_CONFLICTS } from './conflict.ts'
import { sequenceOfZones } from './zones.ts'

/** Stands for no operation or no value. */
export const NONE = -1

/**
 * Operations on one or more keys. If a value must follow another one directly, the two are linked. Operation i wrote
 * value i. Value `length + k` is the initial value of key k.
 */
export interface Chains extends Pick<Encoded, 'length' | 'kind' | 'calls' | 'returns' | 'key' | 'keys'> {
  /** By operation: the value it wrote or read; NONE if it is omitted. */
  readonly value: Int32Array
  /** By value: the value that must follow it directly, or NONE. The links contain no cycle. */
  readonly next: Int32Array
  /** By value: 1 if it must directly follow another value. */
  readonly follows: Uint8Array
}

export interface Orders {
  /** The operations of key k, from `starts[k]` up to `starts[k + 1]`, in an order that explains them. */
  readonly order: Int32Array
  readonly starts: Int32Array
  /** By key: 1 if there is no order. */
  readonly isViolated: Uint8Array
  /** The conflicts of some of the violated keys. */
  readonly conflicts: readonly Conflict[]
}

/**
 * Orders the operations of each key, in linear time. The operations of a value (its write, then its reads) follow each
 * other directly, as in `zones`. The values of a chain also follow each other directly, in their given order.
 *
 * An order exists if and only if each chain respects real time and the zones of whole chains do not conflict. A chain
 * respects real time if none of its operations returned before the call of an earlier operation in the chain.
 *
 * Only pairs of chains must be compared. Chain A must precede chain B if and only if A's earliest return comes before
 * B's latest call. If such constraints form a longer cycle of chains, two of the chains also form a cycle.
 *
 * `events` is the number of event positions.
 *
 * @throws OutOfTime
 */
export function orderChains(chains: Chains, events: number, budget: Budget): Orders {
  const { length, kind, key, keys, value, next } = chains
  const clusters = clustersOf(chains, budget)
  budget.look(length)
  const { isHead, isBroken, conflicts: broken } = joinChains(chains, clusters)
  budget.look(length)
  const { first, last, reads } = clusters
  const keyOf = (head: number): number => (head < length ? key[head] : head - length)
  const initials: number[] = []
  for (let k = 0; k < keys; k++) initials.push(length + k)
  const zones = { first, last, used: isHead, initials, keyOf }
  const { sequence, isViolated, conflicts } = sequenceOfZones(zones, events, budget)
  for (let k = 0; k < keys; k++) isViolated[k] |= isBroken[k]
  budget.look(length)

  const starts = int32Array(keys + 1)
  for (let i = 0; i < length; i++) if (value[i] !== NONE) starts[key[i] + 1]++
  for (let k = 0; k < keys; k++) starts[k + 1] += starts[k]
  const order = int32Array(starts[keys])
  const placed = starts.slice(0, keys)
  // Places each write, and reserves positions after it for the reads of its value. `reads[v]`, until now the number of
  // reads of value v, becomes the position of the first of them.
  for (let at = 0; at < sequence.length; at++) {
    const k = keyOf(sequence[at])
    for (let v = sequence[at]; v !== NONE; v = next[v]) {
      if (v < length) order[placed[k]++] = v
      const readers = reads[v]
      reads[v] = placed[k]
      placed[k] += readers
    }
  }
  budget.look(length)
  for (let i = 0; i < length; i++) {
    if (kind[i] === READ && value[i] !== NONE && isViolated[key[i]] === 0) order[reads[value[i]]++] = i
  }
  return { order, starts, isViolated, conflicts: [...broken, ...conflicts] }
}

interface Clusters {
  readonly reads: Int32Array
  /** By value: the earliest return and the latest call among its operations. */
  readonly first: Int32Array
  readonly last: Int32Array
}

/** A position before all calls. */
const NO_CALL = -2

function clustersOf({ length, kind, calls, returns, value, next }: Chains, budget: Budget): Clusters {
  const reads = int32Array(next.length)
  const first = int32Array(next.length).fill(NEVER)
  const last = int32Array(next.length).fill(NO_CALL)
  for (let i = 0; i < length; i++) {
    lookAt(i, budget)
    const v = value[i]
    if (v === NONE) continue
    if (kind[i] === READ) reads[v]++
    if (returns[i] < first[v]) first[v] = returns[i]
    // Operations are in order of call.
    last[v] = calls[i]
  }
  return { reads, first, last }
}

interface Joined {
  readonly isHead: Uint8Array
  /** By key: 1 if some operation of a chain returned before the call of an operation that precedes it in the chain. */
  readonly isBroken: Uint8Array
  readonly conflicts: readonly Conflict[]
}

/** Extends the zone of each chain's first value to the whole chain. */
function joinChains({ length, calls, key, keys, next, follows }: Chains, { first, last }: Clusters): Joined {
  const isHead = uint8Array(next.length)
  const isBroken = uint8Array(keys)
  const conflicts: Conflict[] = []
  for (let head = 0; head < next.length; head++) {
    if (follows[head] === 1 || (last[head] === NO_CALL && next[head] === NONE)) continue
    isHead[head] = 1
    // The latest call so far in the chain. The chain is impossible if one of its later operations returned before this
    // call.
    let latest = NO_CALL
    let earliest = NEVER
    for (let v = head; v !== NONE; v = next[v]) {
      const called = v < length ? calls[v] : NO_CALL
      if (first[v] < called || first[v] < latest) {
        isBroken[head < length ? key[head] : head - length] = 1
        if (conflicts.length < MOST_CONFLICTS) conflicts.push([first[v], Math.max(called, latest)])
      }
      if (last[v] > latest) latest = last[v]
      if (first[v] < earliest) earliest = first[v]
    }
    first[head] = earliest
    last[head] = latest
  }
  return { isHead, isBroken, conflicts }
}
