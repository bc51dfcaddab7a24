import { isObject, type Json, outputOf, UserError } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { type Specification, WrongValue } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import { type Additive, additiveMachine } from '../object/model/additive.ts'
import { decimal } from '../object/model/decimal.ts'
import { named } from '../object/model/machine.ts'
import type { ObjectEntry } from '../object/model/object-model.ts'
import { badOperation, jsonOf, operationAt, type Part } from '../object/model/part.ts'
import { balanceOf, overdraftIn } from './balance.ts'
import { balancesIn, type Moved, movesOf, relatedByAccount } from './related.ts'
import { impossibleBalances } from './sums.ts'

const TRANSFER = 0
const DEPOSIT = 1
const WITHDRAW = 2
const READ = 3
const COUNT = 4

const numbers: { readonly [f: string]: number } = {
  transfer: TRANSFER,
  deposit: DEPOSIT,
  withdraw: WITHDRAW,
  read: READ,
}

/**
 * Accounts whose balances may not go below zero. A transfer is `{"from":…,"to":…,"amount":…}`, a deposit or withdrawal
 * `{"account":…,"amount":…}`; a read returns all balances, `{"a":10,"b":0}`. An operation with an `id` takes effect
 * once, however often it is sent. A transfer without enough money is `fail`; a transfer from an account to itself moves
 * nothing and needs no money. The initial value is the opening balances.
 */
export const bank: ObjectEntry = {
  name: 'bank',
  aliases: [],
  summary: 'accounts and transfers: each transfer happens once, and no account is overdrawn',
  functions: ['transfer', 'deposit', 'withdraw', 'read'],
  levels: ['linearizable', 'convergent'],
  object: {
    rule: 'each request moves its amount once, and no account is overdrawn',
    numbers,
    reads: [READ],
    repeats: [TRANSFER],
    contentOf: withoutEmptyAccounts,
    specification: (initial) => bankFrom(balancesOf(initial)),
    beside: (history, row) => {
      const overdrawn = overdraftIn(outputOf(history, row))
      return overdrawn && `where ${overdrawn[0]} is overdrawn by ${-overdrawn[1]}`
    },
    aftermath: (core, initial, culprit) => balanceOf(core, culprit, balancesOf(initial)),
    refute,
    needed,
    related: (part, budget, initial) => relatedByAccount(part, movedIn(part), balancesOf(initial), budget),
    machine: (part, initial, budget) => {
      const effectOf = effectsUnless(repeatedIds(part, budget))
      return additiveMachine(part, { initial: balancesOf(initial), effectOf }, budget)
    },
  },
}

/**
 * Returns the operations without redundant copies; undefined if no copy is redundant. A copy of unknown outcome is
 * redundant if another copy was called earlier, because the earlier copy can take effect instead.
 */
function needed(part: Part, budget: Budget): readonly number[] | undefined {
  const called = new Set<number>()
  const kept: number[] = []
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.f[i] === READ) requireBalances(part, i)
    const value = jsonOf(part, part.input[i])
    const isNamed = part.f[i] !== READ && isObject(value) && value['id'] !== undefined
    // Operations of different functions are different, even with the same input.
    const name = part.input[i] * COUNT + part.f[i]
    if (isNamed && part.returns[i] === NEVER && called.has(name)) continue
    if (isNamed) called.add(name)
    kept.push(i)
  }
  return kept.length === part.length ? undefined : kept
}

/** @throws UserError */
function requireBalances(part: Part, i: number): void {
  const read = jsonOf(part, part.output[i])
  if (isObject(read) && Object.values(read).every((each) => each === null || typeof each === 'number')) return
  throw badOperation(part, i, `a read must return all balances, such as {"a":10,"b":0}, not ${JSON.stringify(read)}.`)
}

/** Returns a read of a negative balance, or a read that no subset of the requested operations explains. */
function refute(part: Part, initial: Json, budget: Budget): readonly number[] | undefined {
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.f[i] === READ && overdraftIn(jsonOf(part, part.output[i])) !== undefined) return [i]
  }
  return impossibleBalances(part, movedIn(part), balancesOf(initial), budget)
}

/** Returns what an operation moves; undefined for a read. */
export const movedIn = (part: Part): ((i: number) => Moved | undefined) => {
  const known = new Map<number, Moved>()
  return (i) => {
    if (part.f[i] === READ) return undefined
    const name = part.input[i] * COUNT + part.f[i]
    const before = known.get(name)
    if (before !== undefined) return before
    const operation = operationAt(part, i)
    const moved = named(part, part.row[i], operation, () => movesOf(operation))
    known.set(name, moved)
    return moved
  }
}

/** Balances by account; an absent account has balance zero. */
type Balances = ReadonlyMap<string, number>

interface Bank {
  /** Whether the balances are known. They are known after the first read. */
  readonly isKnown: boolean
  /**
   * By account. If balances are known, `now` is the balance. Otherwise it is the sum of the changes so far, and `least`
   * is the minimum of this sum, at most 0.
   */
  readonly accounts: ReadonlyMap<string, readonly [now: number, least: number]>
  /** The ids of the operations that have taken effect. */
  readonly done: readonly string[]
}

export const bankFrom = (opening: Balances | undefined): Specification<Bank> => ({
  initial: {
    isKnown: opening !== undefined,
    accounts: new Map(Array.from(opening ?? [], ([account, balance]) => [account, [balance, 0]])),
    done: [],
  },
  step: (bank, operation) => {
    // A read that is still open may return anything.
    if (operation.f === 'read') return operation.output === undefined ? [bank] : afterRead(bank, operation.output)
    const { moves, id } = movesOf(operation)
    if (id !== undefined && bank.done.includes(id)) return [bank]
    const done = id === undefined ? bank.done : [...bank.done, id].sort()
    const accounts = afterMoves(bank, moves)
    const after = accounts === undefined ? [] : [{ ...bank, accounts, done }]
    // If the opening balances are unknown, they may already include the effect of the operation.
    return id === undefined || opening !== undefined ? after : [...after, { ...bank, done }]
  },
  key: ({ isKnown, accounts, done }) =>
    JSON.stringify([isKnown, [...accounts].filter(([, [now, least]]) => now !== 0 || least !== 0).sort(), done]),
})

function afterMoves({ isKnown, accounts }: Bank, moves: Moved['moves']): Bank['accounts'] | undefined {
  const after = new Map(accounts)
  for (const [account, amount] of moves) {
    const [now, least] = after.get(account) ?? [0, 0]
    after.set(account, [decimal(now + amount), least])
  }
  for (const [account] of moves) {
    const [now, least] = after.get(account) ?? [0, 0]
    if (isKnown && now < 0) return undefined
    after.set(account, [now, isKnown ? 0 : Math.min(now, least)])
  }
  return after
}

function afterRead({ isKnown, accounts, done }: Bank, read: Json): readonly Bank[] {
  if (!isObject(read))
    throw new WrongValue(`a read must return balances, such as {"a":10}, not ${JSON.stringify(read)}`)
  const balances = new Map<string, readonly [now: number, least: number]>()
  for (const [account, balance] of Object.entries(read)) {
    if (typeof (balance ?? 0) !== 'number') return []
    balances.set(account, [decimal(Number(balance ?? 0)), 0])
  }
  for (const account of new Set([...balances.keys(), ...accounts.keys()])) {
    const [balance] = balances.get(account) ?? [0]
    const [now, least] = accounts.get(account) ?? [0, 0]
    // The opening balance was `balance - now`. The lowest balance so far must not be negative.
    if (isKnown ? balance !== now : decimal(balance - now + Math.min(0, least)) < 0) return []
  }
  return [{ isKnown: true, accounts: balances, done }]
}

function balancesOf(initial: Json): Balances {
  const balances = initial === null ? new Map<string, number>() : balancesIn(initial)
  if (balances !== undefined && [...balances.values()].every((balance) => balance >= 0))
    return new Map(Array.from(balances, ([account, balance]) => [account, decimal(balance)]))
  throw new UserError(
    'usage',
    `the initial value of the bank is ${JSON.stringify(initial)}, which is not a set of balances. Give each account a balance of 0 or more, e.g. {"a":10,"b":10}.`,
  )
}

/** Removes accounts with balance zero, because absent accounts have balance zero. */
function withoutEmptyAccounts(read: Json): Json {
  if (!isObject(read)) return read
  const balances = Object.entries(read).map(([account, balance]): [string, Json] => [
    account,
    typeof balance === 'number' ? decimal(balance) : balance,
  ])
  return Object.fromEntries(balances.filter(([, balance]) => balance !== 0))
}

function repeatedIds(part: Part, budget: Budget): ReadonlySet<string> {
  const once = new Set<string>()
  const repeated = new Set<string>()
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.f[i] === READ) continue
    const value = jsonOf(part, part.input[i])
    const id = isObject(value) ? value['id'] : undefined
    if (id === undefined) continue
    const text = JSON.stringify(id)
    if (once.has(text)) repeated.add(text)
    once.add(text)
  }
  return repeated
}

/**
 * Returns the effect of an operation. Operations with a repeated id have none here, because only one of them takes
 * effect.
 */
const effectsUnless =
  (repeated: ReadonlySet<string>): Additive['effectOf'] =>
  (operation) => {
    if (operation.f !== 'read') {
      const { moves, id } = movesOf(operation)
      return id === undefined || !repeated.has(id) ? { adds: moves } : undefined
    }
    const shows = balancesIn(operation.output)
    return shows && { shows }
  }
