import { int32Array, uint8Array } from '@chaos/history'
import { type Budget, unlimited } from '../budget.ts'
import { CAS, DIFFERS, type Encoded, NEVER, NOTHING, READ } from '../encoded.ts'
import { eventCount, sequenceOfZones, type ZonesAnswer } from './zones.ts'

/** In place of a value: there is none. */
const NONE = -1

/**
 * Decides linearizability of one register with compare-and-sets whose written values are distinct, in linear time.
 *
 * The operations of a value (what wrote it, then its reads) follow each other directly, as in `zones`; and a cas comes
 * directly after the operations of the value it replaced. So values that were replaced by cas form chains whose operations
 * follow each other directly, in an order that is given. There is an order of everything exactly when no value was replaced
 * twice, within each chain nothing returned before what it must follow was called, and the zones of whole chains do not
 * conflict: "some operation of A returned before one of B was called" gives no longer cycle without giving one of two, since
 * it compares one number of A with one of B.
 *
 * Writes and cas of unknown outcome happened where their value was observed, or replaced by one that was.
 *
 * Not applicable where values repeat, the initial value is written, strings are appended, or a failed cas counts as an
 * observation. Expects a compact history (see `compact`).
 */
export function chainZones(part: Encoded, budget: Budget = unlimited): ZonesAnswer {
  const { calls, values, initial } = part
  const writer = writersOf(part)
  if (writer === undefined) return { result: 'not applicable' }
  budget.look()
  const happened = valuesThatWere(part, writer, budget)
  const next = successorsOf(part, writer, happened)
  if (next === undefined) return { result: 'violated' }
  budget.look()
  const { first, last } = clustersOf(part, writer, happened)
  budget.look()

  // A chain goes by the value it begins with.
  const used = uint8Array(values)
  const chainFirst = int32Array(values).fill(NEVER)
  const chainLast = int32Array(values).fill(-2)
  let reached = 0
  for (let head = 0; head < values; head++) {
    if (happened[head] === 0 || (head !== initial && part.kind[writer[head]] === CAS)) continue
    used[head] = 1
    // The latest call so far in the chain: nothing that comes later in it may have returned before.
    let latest = -2
    for (let value = head; value !== NONE; value = next[value]) {
      budget.tick()
      reached++
      const w = writer[value]
      if (w !== NONE && first[value] < calls[w]) return { result: 'violated' }
      if (first[value] < latest) return { result: 'violated' }
      if (last[value] > latest) latest = last[value]
      if (first[value] < chainFirst[head]) chainFirst[head] = first[value]
    }
    chainLast[head] = latest
  }
  // What was not reached replaced each other in a circle.
  if (reached < happened.reduce((total, each) => total + each, 0)) return { result: 'violated' }
  // The initial value was written before everything.
  chainFirst[initial] = -1
  const sequence = sequenceOfZones({ first: chainFirst, last: chainLast, used, initial }, eventCount(part), budget)
  if (sequence === undefined) return { result: 'violated' }
  budget.look()
  return { result: 'met', order: orderOf(part, { sequence, writer, next }) }
}

/** By value the operation that writes it, completed or not; undefined where values repeat, or an observation is negative. */
function writersOf({ length, kind, writes, values, initial, hasAppend }: Encoded): Int32Array | undefined {
  if (hasAppend) return undefined
  const writer = int32Array(values).fill(NONE)
  for (let i = 0; i < length; i++) {
    if (kind[i] === DIFFERS) return undefined
    const value = writes[i]
    if (value === NOTHING) continue
    if (value === initial || writer[value] !== NONE) return undefined
    writer[value] = i
  }
  return writer
}

/** By value whether the register certainly held it: 1 if so. */
function valuesThatWere(
  { length, kind, expects, writes, returns }: Encoded,
  writer: Int32Array,
  budget: Budget,
): Uint8Array {
  const happened = uint8Array(writer.length)
  const open: number[] = []
  const hold = (value: number): void => {
    if (value === NOTHING || happened[value] === 1) return
    happened[value] = 1
    open.push(value)
  }
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (returns[i] === NEVER) continue
    hold(expects[i])
    hold(writes[i])
  }
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const w = writer[value]
    if (w !== NONE && kind[w] === CAS) hold(expects[w])
  }
  return happened
}

/** By value what a cas replaced it by; undefined where two did, or where a value that was held had no writer. */
function successorsOf(
  { kind, expects, initial }: Encoded,
  writer: Int32Array,
  happened: Uint8Array,
): Int32Array | undefined {
  const next = int32Array(writer.length).fill(NONE)
  for (let value = 0; value < writer.length; value++) {
    if (happened[value] === 0 || value === initial) continue
    const w = writer[value]
    if (w === NONE) return undefined
    if (kind[w] !== CAS) continue
    if (next[expects[w]] !== NONE) return undefined
    next[expects[w]] = value
  }
  return next
}

/** By value: the earliest return and the latest call of what wrote it and of its reads. */
function clustersOf(
  { length, kind, expects, writes, calls, returns }: Encoded,
  writer: Int32Array,
  happened: Uint8Array,
): { readonly first: Int32Array; readonly last: Int32Array } {
  const first = int32Array(writer.length).fill(NEVER)
  const last = int32Array(writer.length).fill(-2)
  for (let i = 0; i < length; i++) {
    const value = kind[i] === READ ? expects[i] : writes[i]
    if (happened[value] === 0) continue
    if (returns[i] < first[value]) first[value] = returns[i]
    if (calls[i] > last[value]) last[value] = calls[i]
  }
  return { first, last }
}

interface Placed {
  readonly sequence: Int32Array
  readonly writer: Int32Array
  readonly next: Int32Array
}

/** Chain by chain, value by value: what wrote it, then its reads in order of call. */
function orderOf({ length, kind, expects }: Encoded, { sequence, writer, next }: Placed): Int32Array {
  const reads = int32Array(writer.length)
  for (let i = 0; i < length; i++) if (kind[i] === READ) reads[expects[i]]++
  const order = int32Array(length)
  const place = int32Array(writer.length)
  let total = 0
  for (const head of sequence) {
    for (let value = head; value !== NONE; value = next[value]) {
      if (writer[value] !== NONE) order[total++] = writer[value]
      place[value] = total
      total += reads[value]
    }
  }
  for (let i = 0; i < length; i++) if (kind[i] === READ) order[place[expects[i]]++] = i
  return order.subarray(0, total)
}
