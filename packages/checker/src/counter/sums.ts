import type { Budget } from '../limits/budget.ts'
import { decimal } from '../object/model/decimal.ts'
import { badOperation, jsonOf, type Part } from '../object/model/part.ts'
import { exactFactor, impossibleRead, type Summed } from '../object/model/sums.ts'
import { ADD, READ } from './operations.ts'

export function amounts(part: Part, budget: Budget): Float64Array {
  const cached = new Map<number, number>()
  return Float64Array.from({ length: part.length }, (_, i) => {
    budget.tick()
    if (part.f[i] === READ) return Number.NaN
    const known = cached.get(part.input[i] * 4 + part.f[i])
    if (known !== undefined) return known
    const value = jsonOf(part, part.input[i]) ?? 1
    if (typeof value !== 'number')
      throw badOperation(part, i, `an amount must be a number, not ${JSON.stringify(value)}.`)
    const amount = decimal(part.f[i] === ADD ? value : -value)
    cached.set(part.input[i] * 4 + part.f[i], amount)
    return amount
  })
}

/** Returns the operations on a single amount. In `added`, NaN marks a read. */
export const summedOf = ({ length, calls, returns }: Columns, added: Float64Array): Summed => ({
  ...{ length, calls, returns, width: 1 },
  isRead: (i) => Number.isNaN(added[i]),
  from: Int32Array.from({ length: length + 1 }, (_, i) => i),
  amount: new Int32Array(length),
  sum: added,
})

type Columns = Pick<Part, 'length' | 'calls' | 'returns'>

/**
 * Finds a read that no subset of the requested additions explains. If the start is unknown, returns two reads that
 * contradict each other. Undefined if there are none, or if sums would not be exact.
 *
 * @throws OutOfTime
 */
export function impossibleCount(part: Part, start: number | undefined, budget: Budget): readonly number[] | undefined {
  const added = amounts(part, budget)
  let largest = Math.abs(start ?? 0)
  let areWhole = Number.isInteger(start ?? 0)
  const amountsOrReads = added.map((amount, i) => {
    budget.tick()
    const value = Number.isNaN(amount) ? (jsonOf(part, part.output[i]) ?? start ?? 0) : amount
    if (typeof value !== 'number') return Number.NaN
    largest = Math.max(largest, Math.abs(value))
    areWhole &&= Number.isInteger(value)
    return value
  })
  const factor = exactFactor(largest, areWhole, part.length)
  if (factor === undefined) return undefined
  const exact = (amount: number): number => Math.round(amount * factor)
  const one = new Float64Array(1)
  const shows = (read: number): Float64Array | undefined => {
    if (Number.isNaN(amountsOrReads[read])) return undefined
    one[0] = exact(amountsOrReads[read])
    return one
  }
  const starts = {
    least: Float64Array.of(start === undefined ? Number.NEGATIVE_INFINITY : exact(start)),
    most: Float64Array.of(start === undefined ? Number.POSITIVE_INFINITY : exact(start)),
  }
  return impossibleRead(summedOf(part, added.map(exact)), shows, starts, budget)
}
