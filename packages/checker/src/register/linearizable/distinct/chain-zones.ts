import { int32Array, uint8Array } from '@chaosproxy/history'
import { CAS, DIFFERS, type Encoded, NEVER, NOTHING, READ } from '../../../encoding/encoded.ts'
import { type Budget, unlimited } from '../../../limits/budget.ts'
import { type Chains, NONE, orderChains } from './chains.ts'
import type { Conflict } from './conflict.ts'
import { eventCount, type ZonesAnswer } from './zones.ts'

/**
 * Decides linearizability of one register with compare-and-sets whose written values are distinct, in linear time.
 *
 * A cas comes directly after the operations of the value it replaced, so values replaced by cas form chains. An order
 * exists exactly when no value was replaced twice, no values replaced each other in a cycle, and the chains can be
 * ordered (see `orderChains`).
 *
 * A write or cas of unknown outcome happened if its value was observed, or was replaced by a value that happened.
 *
 * Not applicable if values repeat, the initial value is written, strings are appended, or a failed cas counts as an
 * observation. Expects a compact history (see `compact`).
 */
export function chainZones(part: Encoded, budget: Budget = unlimited): ZonesAnswer {
  const { length, kind, expects, writes } = part
  const writer = writersOf(part)
  if (writer === undefined) return { result: 'not applicable' }
  budget.look(length)
  const happened = valuesThatWere(part, writer, budget)
  const links = linksOf(part, writer, happened)
  if ('conflict' in links) return { result: 'violated', conflicts: [links.conflict] }
  const value = int32Array(length)
  for (let i = 0; i < length; i++) {
    const isRead = kind[i] === READ
    const isLeftOut = happened[isRead ? expects[i] : writes[i]] === 0
    value[i] = isLeftOut ? NONE : isRead ? writer[expects[i]] : i
  }
  const { calls, returns } = part
  const { next, follows } = links
  const chains = { length, kind, calls, returns, key: int32Array(length), keys: 1, value, next, follows }
  const { order, isViolated, conflicts } = orderChains(chains, eventCount(part), budget)
  return isViolated[0] === 1 ? { result: 'violated', conflicts } : { result: 'met', order: () => order }
}

/**
 * Maps each value to the operation that writes it, and the initial value to `length`. Returns undefined if some value
 * was written twice, or if a failed cas is an observation.
 */
function writersOf({ length, kind, writes, values, initial, hasAppend }: Encoded): Int32Array | undefined {
  if (hasAppend) return undefined
  const writer = int32Array(values).fill(NONE)
  writer[initial] = length
  for (let i = 0; i < length; i++) {
    if (kind[i] === DIFFERS) return undefined
    const value = writes[i]
    if (value === NOTHING) continue
    if (writer[value] !== NONE) return undefined
    writer[value] = i
  }
  return writer
}

/** By value: 1 if the register certainly held the value. */
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

/**
 * Links each cas to the value that it replaced. Returns a conflict if values were replaced twice or in a cycle, or have
 * no writer.
 */
function linksOf(
  { length, kind, expects, calls, returns }: Encoded,
  writer: Int32Array,
  happened: Uint8Array,
): Pick<Chains, 'next' | 'follows'> | { readonly conflict: Conflict } {
  const next = int32Array(length + 1).fill(NONE)
  const follows = uint8Array(length + 1)
  let unreached = 0
  for (let value = 0; value < writer.length; value++) {
    if (happened[value] === 0) continue
    unreached++
    const w = writer[value]
    if (w === NONE) {
      const observer = expects.findIndex((each, i) => each === value && (kind[i] === CAS || returns[i] !== NEVER))
      return { conflict: [calls[observer]] }
    }
    if (kind[w] !== CAS) continue
    const replaced = writer[expects[w]]
    if (replaced === NONE) return { conflict: [calls[w]] }
    if (next[replaced] !== NONE) return { conflict: [calls[w], calls[next[replaced]]] }
    next[replaced] = w
    follows[w] = 1
  }
  for (let value = 0; value < writer.length; value++) {
    if (happened[value] === 0 || follows[writer[value]] === 1) continue
    for (let w = writer[value]; w !== NONE; w = next[w]) unreached--
  }
  return unreached === 0 ? { next, follows } : { conflict: [] }
}
