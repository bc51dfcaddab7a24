import { FAIL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { decimal } from '../object/model/decimal.ts'

/** By how much an operation changes each account. */
export type MovesOf = (f: string, value: Json) => readonly (readonly [account: string, amount: number])[]

const LONGEST = 60

/** Without opening balances the first read explains nothing. Says so, and names the option that gives them. */
export function openedEmpty(history: History, movesOf: MovesOf): string {
  const opening = openingOf(history, movesOf)
  const how =
    opening === undefined || JSON.stringify(opening).length > LONGEST
      ? `give them with --initial, as in --initial '{"a":10,"b":10}', or say --initial unknown`
      : `give them with --initial '${JSON.stringify(opening)}', as the first read has it`
  return `The accounts opened empty, because no opening balances were given: ${how}.`
}

/** The opening balances that explain the first read; undefined if they depend on operations that may precede it. */
function openingOf(history: History, movesOf: MovesOf): Json | undefined {
  const { operations, functions } = history
  const first = firstRead(history)
  const balances = first === undefined ? undefined : balancesIn(outputOf(history, first))
  if (first === undefined || balances === undefined) return undefined
  for (let row = 0; row < operations.length; row++) {
    const f = functions[operations.f[row] ?? 0] ?? ''
    if (f === 'read' || operations.outcome[row] === FAIL) continue
    if ((operations.callEvent[row] ?? 0) > (operations.returnEvent[first] ?? 0)) continue
    const isBefore =
      operations.outcome[row] === OK && (operations.returnEvent[row] ?? 0) < (operations.callEvent[first] ?? 0)
    const value = inputOf(history, row)
    if (!isBefore || isRepeatable(value)) return undefined
    for (const [account, amount] of movesOf(f, value))
      balances.set(account, decimal((balances.get(account) ?? 0) - amount))
  }
  return [...balances.values()].some((balance) => balance < 0) ? undefined : Object.fromEntries(balances)
}

function firstRead({ operations, functions }: History): number | undefined {
  for (let row = 0; row < operations.length; row++)
    if (operations.outcome[row] === OK && functions[operations.f[row] ?? 0] === 'read') return row
  return undefined
}

/** Undefined unless it is balances, all of them numbers. */
function balancesIn(read: Json): Map<string, number> | undefined {
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return undefined
  const numbers = Object.entries(read).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return numbers.length === Object.keys(read).length ? new Map(numbers) : undefined
}

/** An operation with an id may have been sent several times and takes effect once. */
const isRepeatable = (value: Json): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'id' in value
