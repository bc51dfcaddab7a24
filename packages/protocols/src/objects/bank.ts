import { type Completion, type Input, type Json, membersOf } from '@chaosproxy/history'
import { sumOf } from './counter.ts'
import { declined, ok, type ReplicatedObject, unsupported } from './object.ts'

interface Bank {
  readonly balances: Map<string, number>
  /** The ids of transfers already applied, as JSON text. */
  readonly done: Set<string>
}

/** The opening balances of every bank. */
export const BALANCES: { readonly [account: string]: number } = {
  a: 100_000,
  b: 100_000,
  c: 100_000,
  d: 100_000,
  e: 100_000,
}

/**
 * Five accounts, which open with 100,000 each. A transfer is made if the account has enough money, and only once for each
 * id.
 */
export const bank: ReplicatedObject<Bank> = {
  name: 'bank',
  functions: ['transfer', 'deposit', 'withdraw', 'read'],
  reads: ['read'],
  initial: () => ({ balances: new Map(Object.entries(BALANCES)), done: new Set() }),
  apply({ balances, done }, input) {
    if (input.f === 'read') return ok(Object.fromEntries(balances))
    const movement = movementOf(input)
    if (movement === undefined) return unsupported
    const { id, moves } = movement
    if (id !== undefined && done.has(id)) return ok(input.value)
    const after = balancesAfter(moves, (account) => balances.get(account) ?? 0)
    if (after === undefined) return overdrawn
    for (const [account, balance] of after) balances.set(account, balance)
    if (id !== undefined) done.add(id)
    return ok(input.value)
  },
  save: ({ balances, done }) => ({ balances: [...balances], done: [...done] }),
  load(saved) {
    const { balances, done } = saved as unknown as {
      readonly balances: readonly (readonly [string, number])[]
      readonly done: readonly string[]
    }
    return { balances: new Map(balances), done: new Set(done) }
  },
}

/** The balance was too low; no money was moved. */
/** Returns the balances that these moves change, or undefined if one of them would be below zero. */
export function balancesAfter(
  moves: Movement['moves'],
  balanceOf: (account: string) => number,
): ReadonlyMap<string, number> | undefined {
  const after = new Map<string, number>()
  for (const [account, amount] of moves) after.set(account, sumOf(after.get(account) ?? balanceOf(account), amount))
  return [...after.values()].some((balance) => balance < 0) ? undefined : after
}

export const overdrawn: Completion = declined('insufficient funds')

export interface Movement {
  readonly moves: readonly (readonly [account: string, amount: number])[]
  /** The id of the transfer as JSON, by which a repetition is recognised. */
  readonly id: string | undefined
}

export function movementOf({ f, value }: Input): Movement | undefined {
  const { amount, id, from, to, account } = membersOf(value)
  if (typeof amount !== 'number' || amount < 0) return undefined
  const known = id === undefined ? undefined : JSON.stringify(id)
  switch (f) {
    case 'transfer':
      return isAccount(from) && isAccount(to)
        ? { id: known, moves: [[String(from), -amount] as const, [String(to), amount] as const] }
        : undefined
    case 'deposit':
    case 'withdraw':
      return isAccount(account)
        ? { id: known, moves: [[String(account), f === 'deposit' ? amount : -amount] as const] }
        : undefined
    default:
      return undefined
  }
}

const isAccount = (account: Json | undefined): account is string | number =>
  typeof account === 'string' || typeof account === 'number'
