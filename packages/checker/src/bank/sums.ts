import { foundOrMade } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { Budget } from '../limits/budget.ts'
import { jsonOf, type Part } from '../object/model/part.ts'
import { exactFactor, impossibleRead, type Summed } from '../object/model/sums.ts'
import { balancesIn, type Moved } from './related.ts'

/** The index of the sum of all balances. Transfers do not change this sum. */
const TOTAL = 0

/**
 * Finds a read of a balance, or of the total, that no subset of the requested operations explains. Undefined if there
 * is none, or if sums would not be exact.
 *
 * @throws OutOfTime
 */
export function impossibleBalances(
  part: Part,
  movedBy: (i: number) => Moved | undefined,
  opening: ReadonlyMap<string, number> | undefined,
  budget: Budget,
): readonly number[] | undefined {
  const moved = Array.from({ length: part.length }, (_, i) => movedBy(i))
  const balances = balancesRead(part, moved, budget)
  const accounts = createAccounts()
  accounts.meet(opening ?? [])
  for (const each of moved) accounts.meet(each?.moves ?? [])
  for (const each of balances.values()) accounts.meet(each ?? [])
  const { width } = accounts
  const toAmounts = accounts.exactly(part.length)
  if (toAmounts === undefined) return undefined
  const known = new Map<number, Float64Array | undefined>()
  const shows = (read: number): Float64Array | undefined => {
    const output = part.output[read]
    const entries = balances.get(output)
    if (!known.has(output)) known.set(output, entries && toAmounts(entries))
    return known.get(output)
  }
  const start = opening && toAmounts(opening)
  const starts = {
    least: start ?? new Float64Array(width),
    most: start ?? new Float64Array(width).fill(Number.POSITIVE_INFINITY),
  }
  const columns = { width, isRead: (i: number) => moved[i] === undefined, ...columnsOf(moved, toAmounts, budget) }
  return impossibleRead({ ...columns, ...oncePerId(part, moved, opening !== undefined) }, shows, starts, budget)
}

type Entries = Iterable<readonly [account: string, amount: number]>

/** Assigns numbers to accounts, from 1 on. */
function createAccounts() {
  const numbers = new Map<string, number>()
  let largest = 0
  let areWhole = true
  return {
    meet(entries: Entries): void {
      for (const [account, amount] of entries) {
        if (!numbers.has(account)) numbers.set(account, numbers.size + 1)
        largest = Math.max(largest, Math.abs(amount))
        areWhole &&= Number.isInteger(amount)
      }
    },
    /** The number of amounts: one for each account, and the total. */
    get width(): number {
      return numbers.size + 1
    },
    /**
     * Returns a function that converts amounts to integers, so that sums of `count` integers are exact. Undefined if no
     * conversion is exact.
     */
    exactly(count: number): ((entries: Entries) => Float64Array) | undefined {
      const width = numbers.size + 1
      const factor = exactFactor(largest, areWhole, count * width)
      if (factor === undefined) return undefined
      return (entries) => {
        const amounts = new Float64Array(width)
        for (const [account, each] of entries) {
          const amount = Math.round(each * factor)
          amounts[numbers.get(account) ?? TOTAL] += amount
          amounts[TOTAL] += amount
        }
        return amounts
      }
    },
  }
}

function balancesRead(part: Part, moved: readonly (Moved | undefined)[], budget: Budget) {
  const entriesByOutput = new Map<number, Entries | undefined>()
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (moved[i] !== undefined || entriesByOutput.has(part.output[i])) continue
    entriesByOutput.set(part.output[i], balancesIn(jsonOf(part, part.output[i])))
  }
  return entriesByOutput
}

/** Returns what each operation adds to each account and to the total. */
function columnsOf(
  moved: readonly (Moved | undefined)[],
  toAmounts: (entries: Entries) => Float64Array,
  budget: Budget,
): Pick<Summed, 'from' | 'amount' | 'sum'> {
  const known = new Map<Moved, readonly (readonly [amount: number, sum: number])[]>()
  const rows = moved.map((each) => {
    budget.tick()
    if (each === undefined) return NOTHING
    return foundOrMade(known, each, () => [...toAmounts(each.moves).entries()].filter(([, sum]) => sum !== 0))
  })
  const from = new Int32Array(rows.length + 1)
  for (const [i, row] of rows.entries()) from[i + 1] = from[i] + row.length
  const amount = new Int32Array(from[rows.length])
  const sum = new Float64Array(amount.length)
  let at = 0
  for (const row of rows) {
    budget.tick()
    for (const [number, each] of row) {
      amount[at] = number
      sum[at++] = each
    }
  }
  return { from, amount, sum }
}

const NOTHING = [] as const

/**
 * Returns the events of the operations. Operations that share an id become optional, because only one of them takes
 * effect.
 */
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
