import type { Input } from '@chaosproxy/history'
import { keyedValues, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

type Counters = Map<string, number>

/** Numbers by key: add to them, read them. */
export const counter: ReplicatedObject<Counters> = {
  name: 'counter',
  functions: ['add', 'increment', 'subtract', 'decrement', 'read'],
  reads: ['read'],
  ...keyedValues<number>(),
  apply(counters, input) {
    const { f, key = UNKEYED, value } = input
    if (f === 'read') return ok(counters.get(key) ?? 0)
    const amount = amountOf(input)
    if (amount === undefined) return unsupported
    counters.set(key, sumOf(counters.get(key) ?? 0, amount))
    return ok(value)
  },
}

export function amountOf({ f, value }: Input): number | undefined {
  const amount = value ?? 1
  if (typeof amount !== 'number') return undefined
  switch (f) {
    case 'add':
    case 'increment':
      return amount
    case 'subtract':
    case 'decrement':
      return -amount
    default:
      return undefined
  }
}

/** Returns a sum rounded to nine decimal places, so that the order of additions does not matter. */
export const sumOf = (one: number, other: number): number =>
  Number.isInteger(one) && Number.isInteger(other) ? one + other : Math.round((one + other) * 1e9) / 1e9
