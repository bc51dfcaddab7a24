import { isObject } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { Budget } from '../limits/budget.ts'
import { jsonOf, type Part } from '../object/model/part.ts'
import { exactFactor, impossibleRead } from '../object/model/sums.ts'
import type { Moved } from './related.ts'

/** The number of the sum of all balances, which transfers keep. */
const TOTAL = 0

/**
 * A read of a balance, or of a sum of all balances, that nothing which was asked for comes to; with the read that it
 * contradicts if nobody knows the opening balances. Undefined if there is none, or sums would not be exact.
 *
 * @throws OutOfTime
 */
export function impossibleBalances(
  part: Part,
  movedBy: (i: number) => Moved | undefined,
  opening: ReadonlyMap<string, number> | undefined,
  budget: Budget,
): readonly number[] | undefined {
  const numbers = new Map<string, number>()
  const numberOf = (account: string): number => {
    const number = numbers.get(account) ?? numbers.size + 1
    numbers.set(account, number)
    return number
  }
  let largest = 0
  let areWhole = true
  const seen = (amount: number): number => {
    largest = Math.max(largest, Math.abs(amount))
    areWhole &&= Number.isInteger(amount)
    return amount
  }
  for (const [account, balance] of opening ?? []) numberOf(account) && seen(balance)
  const moved = Array.from({ length: part.length }, (_, i) => movedBy(i))
  let moves = 0
  for (const each of moved) {
    budget.tick()
    for (const [account, amount] of each?.moves ?? []) numberOf(account) && seen(amount)
    moves += each?.moves.length ?? 0
  }
  const shown = new Map<number, readonly (readonly [string, number])[] | undefined>()
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (moved[i] !== undefined || shown.has(part.output[i])) continue
    const read = jsonOf(part, part.output[i])
    const entries = isObject(read) ? Object.entries(read) : []
    const balances = entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    shown.set(part.output[i], isObject(read) && balances.length === entries.length ? balances : undefined)
    for (const [account, balance] of balances) numberOf(account) && seen(balance)
  }
  const width = numbers.size + 1
  const factor = exactFactor(largest, areWhole, part.length * width)
  if (factor === undefined) return undefined
  const amountsOf = (balances: Iterable<readonly [string, number]>): Float64Array => {
    const amounts = new Float64Array(width)
    for (const [account, balance] of balances) {
      const amount = Math.round(balance * factor)
      amounts[numberOf(account)] += amount
      amounts[TOTAL] += amount
    }
    return amounts
  }
  const start = opening && amountsOf(opening)
  // The total comes after the accounts of each operation.
  const from = new Int32Array(part.length + 1)
  const amount = new Int32Array(moves + part.length)
  const sum = new Float64Array(moves + part.length)
  let end = 0
  for (const [i, each] of moved.entries()) {
    budget.tick()
    let total = 0
    for (const [account, moving] of each?.moves ?? []) {
      amount[end] = numberOf(account)
      sum[end] = Math.round(moving * factor)
      total += sum[end++]
    }
    if (total !== 0) sum[end++] = total
    from[i + 1] = end
  }
  const summed = { width, from, amount, sum, isRead: (i: number) => moved[i] === undefined }
  const known = new Map<number, Float64Array | undefined>()
  const shows = (read: number): Float64Array | undefined => {
    const output = part.output[read]
    const balances = shown.get(output)
    if (!known.has(output)) known.set(output, balances && amountsOf(balances))
    return known.get(output)
  }
  const starts = {
    least: start ?? new Float64Array(width),
    most: start ?? new Float64Array(width).fill(Number.POSITIVE_INFINITY),
  }
  return impossibleRead({ ...summed, ...oncePerId(part, moved, opening !== undefined) }, shows, starts, budget)
}

/** Of several operations that are made once together, any may be the one, and from an unknown start none. */
function oncePerId(
  part: Part,
  moved: readonly (Moved | undefined)[],
  isKnown: boolean,
): Pick<Part, 'length' | 'calls' | 'returns'> {
  const copies = new Map<string, number>()
  for (const each of moved) if (each?.id !== undefined) copies.set(each.id, (copies.get(each.id) ?? 0) + 1)
  const returns = part.returns.map((event, i) => {
    const id = moved[i]?.id
    return id !== undefined && (!isKnown || (copies.get(id) ?? 0) > 1) ? NEVER : event
  })
  return { length: part.length, calls: part.calls, returns }
}
