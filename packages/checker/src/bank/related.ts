import { foundOrMade, functionOf, type History, inputOf, isObject, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { addTo, ascending } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import { type ObjectOperation, WrongValue } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import { decimal } from '../object/model/decimal.ts'
import type { Closure } from '../object/model/object-model.ts'
import type { Part } from '../object/model/part.ts'

/** What an operation adds to each account, and its id. Of operations with the same id, only one takes effect. */
export interface Moved {
  readonly moves: readonly (readonly [account: string, amount: number])[]
  readonly id: string | undefined
}

/** @throws WrongValue */
export function movesOf({ f, value }: Pick<ObjectOperation, 'f' | 'value'>): Moved {
  const members = isObject(value) ? value : {}
  const amount = members['amount']
  const accounts = f === 'transfer' ? [members['from'], members['to']] : [members['account']]
  const isComplete = accounts.every((account) => typeof account === 'string' || typeof account === 'number')
  if (typeof amount !== 'number' || amount < 0 || !isComplete) {
    const wanted = f === 'transfer' ? '{"from":"a","to":"b","amount":5}' : '{"account":"a","amount":5}'
    throw new WrongValue(`a ${f} must have a value such as ${wanted}`)
  }
  const [first, second] = accounts.map(String)
  const id = members['id'] === undefined ? undefined : JSON.stringify(members['id'])
  const moves = f === 'deposit' ? [[first, amount] as const] : [[first, -amount] as const]
  return { moves: f === 'transfer' ? [...moves, [second, amount] as const] : moves, id }
}

/** Returns what an operation of a history moves. @throws WrongValue */
export const movedBy = (history: History, row: OperationRow): Moved =>
  functionOf(history, row) === 'read'
    ? { moves: [], id: undefined }
    : movesOf({ f: functionOf(history, row), value: inputOf(history, row) })

export const changeOf = (moves: Moved['moves'], account: string): number =>
  moves.reduce((sum, [of, amount]) => (of === account ? decimal(sum + amount) : sum), 0)

export function amountsIn(value: Json | undefined): Map<string, number> | undefined {
  if (!isObject(value)) return undefined
  return new Map(Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
}

export function balancesIn(value: Json | undefined): Map<string, number> | undefined {
  const amounts = amountsIn(value)
  return amounts?.size === Object.keys(value ?? {}).length ? amounts : undefined
}

/**
 * Returns the chosen operations and, recursively, the operations that they depend on:
 *
 * - Operations that together take more from an account than its opening balance depend on every operation that may have
 *   brought money to the account before they returned.
 * - Operations with the same id are copies that take effect once, so each depends on the others.
 * - No operation depends on an operation that only takes money. A counterexample about an overdrawn account therefore
 *   needs no withdrawals from other accounts.
 * - A read concerns all accounts, so it depends on every operation called before the read returned.
 *
 * `movedBy` returns undefined for reads.
 */
export function relatedByAccount(
  part: Part,
  movedBy: (i: number) => Moved | undefined,
  opening: ReadonlyMap<string, number>,
  budget: Budget,
): Closure {
  const { length, calls, returns } = part
  const moved = Array.from({ length }, (_, i) => movedBy(i))
  const credits = new Map<string, number[]>()
  const copies = new Map<string, number[]>()
  for (const [i, each] of moved.entries()) {
    budget.tick()
    for (const [account, amount] of each?.moves ?? []) if (amount > 0) addTo(credits, account, i)
    if (each?.id !== undefined) addTo(copies, each.id, i)
  }
  return (chosen) => {
    const kept = new Set<number>()
    /**
     * For each account: `kept` contains all operations that credit the account and were called before the event
     * `until`. These are the first `at` entries of the account's list in `credits`.
     */
    const known = new Map<string, { until: number; at: number }>()
    const needed: (readonly [account: string, until: number])[] = []
    /** By account: the total that kept operations take from the account, and the events at which they end. */
    const taken = new Map<string, { sum: number; ends: number[] }>()
    const take = (account: string, amount: number, end: number): void => {
      const own = foundOrMade(taken, account, () => ({ sum: 0, ends: [] }))
      own.sum = decimal(own.sum + amount)
      own.ends.push(end)
      if (own.sum > (opening.get(account) ?? 0)) for (const each of own.ends.splice(0)) needed.push([account, each])
    }
    /** Keeps an operation. If its outcome is unknown, only an effect before the event `until` matters. */
    const keep = (i: number, until: number): void => {
      const end = returns[i] === NEVER ? until : returns[i]
      for (const [account, amount] of moved[i]?.moves ?? [])
        if (amount < 0) take(account, kept.has(i) ? 0 : -amount, end)
      kept.add(i)
      for (const copy of copies.get(moved[i]?.id ?? '') ?? []) if (!kept.has(copy)) keep(copy, until)
    }
    for (const i of chosen) {
      keep(i, -1)
      if (moved[i] !== undefined || returns[i] === NEVER) continue
      for (let j = 0; j < length && calls[j] < returns[i]; j++) {
        budget.tick()
        if (moved[j] !== undefined) keep(j, returns[i])
      }
    }
    for (let next = needed.pop(); next !== undefined; next = needed.pop()) {
      const [account, until] = next
      const state = foundOrMade(known, account, () => ({ until: -1, at: 0 }))
      if (until <= state.until) continue
      const own = credits.get(account) ?? []
      // `until` is later than `state.until`. Credits of unknown outcome that were kept with the earlier limit may have
      // taken effect up to `until`.
      for (const i of own.slice(0, state.at)) if (returns[i] === NEVER) keep(i, until)
      for (; state.at < own.length && calls[own[state.at]] < until; state.at++) {
        budget.tick()
        keep(own[state.at], until)
      }
      state.until = until
    }
    return ascending(kept)
  }
}
