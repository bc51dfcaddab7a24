import type { Json } from '@chaosproxy/history'
import { BALANCES, movementOf, overdrawn } from '../objects/bank.ts'
import { amountOf, sumOf } from '../objects/counter.ts'
import { ok, UNKEYED, unsupported } from '../objects/object.ts'
import { type AnyMergeable, answered, type Copy, type Mergeable, type Write } from './mergeable.ts'

// Sums stored as plain values: a node reads a number, computes with it and writes the result. Of two results computed
// at the same time one is lost.

const settledWrite = (key: string, value: Json): Write => ({ key, value, timeless: false })

const counter: Mergeable<null> = {
  initial: () => null,
  took: () => {},
  perform(_, input, { versions }) {
    const { f, key = UNKEYED, value } = input
    const current = Number(versions.get(key)?.value ?? 0)
    if (f === 'read') return answered(ok(current))
    const amount = amountOf(input)
    if (amount === undefined) return answered(unsupported)
    return { result: ok(value), writes: [settledWrite(key, sumOf(current, amount))] }
  },
}

/** One item per account: its balance; and one for the id of each transfer that was made. */
const bank: Mergeable<null> = {
  initial: () => null,
  took: () => {},
  perform(_, input, copy) {
    if (input.f === 'read')
      return answered(ok(Object.fromEntries(accountsOf(copy).map((account) => [account, balanceOf(copy, account)]))))
    const movement = movementOf(input)
    if (movement === undefined) return answered(unsupported)
    const { id, moves } = movement
    const done = id === undefined ? undefined : JSON.stringify(['done', id])
    if (done !== undefined && copy.versions.has(done)) return answered(ok(input.value))
    const after = new Map<string, number>()
    for (const [account, amount] of moves)
      after.set(account, sumOf(after.get(account) ?? balanceOf(copy, account), amount))
    for (const balance of after.values()) if (balance < 0) return answered(overdrawn)
    const writes = [...after].map(([account, balance]) => settledWrite(itemOf(account), balance))
    return { result: ok(input.value), writes: done === undefined ? writes : [...writes, settledWrite(done, true)] }
  },
}

const itemOf = (account: string): string => JSON.stringify(['account', account])

const balanceOf = ({ versions }: Copy, account: string): number =>
  Number(versions.get(itemOf(account))?.value ?? BALANCES[account] ?? 0)

function accountsOf({ versions }: Copy): string[] {
  const accounts = new Set(Object.keys(BALANCES))
  for (const key of versions.keys()) {
    const [kind, account] = JSON.parse(key) as readonly [string, string]
    if (kind === 'account') accounts.add(account)
  }
  return [...accounts]
}

/** By object name. */
export const settled: { readonly [object: string]: AnyMergeable } = { counter, bank }
