import { type History, isObject, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { ByStart } from '../judge/entry.ts'
import { type ObjectOperation, type Specification, WrongValue } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import { type AnyStart, type Guesses, sorted } from '../object/model/any-start.ts'
import { decimal } from '../object/model/decimal.ts'
import { lateReadsInWords, readTooLate } from '../object/model/late-reads.ts'
import { operationAt, type Part } from '../object/model/part.ts'
import { movedIn } from './bank.ts'
import { amountsIn, movesOf } from './moves.ts'
import { impossibleBalances } from './sums.ts'

/** Banks whose balances were first read after most of the money had been moved. */
function bankByStart(history: History): ByStart {
  const late = readTooLate(
    history,
    (f) => f === 'read',
    () => true,
  )
  return {
    found: lateReadsInWords(history, 'bank', 'change', late),
    remedy: `Say what was there, such as --initial '{"a":10,"b":0}', or read it before the first change`,
  }
}

/** The amounts moved so far and, once the balances were read, the balances. */
interface Bank {
  readonly isKnown: boolean
  /** By account: the balance or, until it is known, the sum of its changes, and the least that sum ever was. */
  readonly accounts: ReadonlyMap<string, readonly [now: number, least: number]>
  readonly done: readonly string[]
}

const specification: Specification<Bank> = {
  initial: { isKnown: false, accounts: new Map(), done: [] },
  step: (bank, operation) => {
    // A read that has not returned yet, in the part of a history that is looked at, may show anything.
    if (operation.f === 'read') return operation.output === undefined ? [bank] : afterRead(bank, operation.output)
    const { id } = movesOf(operation)
    if (id !== undefined && bank.done.includes(id)) return [bank]
    const done = id === undefined ? bank.done : sorted([...bank.done, id])
    const moved = afterMoves(bank, operation)
    const after = moved === undefined ? [] : [{ ...bank, accounts: moved, done }]
    // The transfer may have happened before the history began.
    return id === undefined ? after : [...after, { ...bank, done }]
  },
  key: ({ isKnown, accounts, done }) =>
    JSON.stringify([isKnown, [...accounts].filter(([, [now, least]]) => now !== 0 || least !== 0).sort(), done]),
}

function afterMoves({ isKnown, accounts }: Bank, operation: ObjectOperation): Bank['accounts'] | undefined {
  const after = new Map(accounts)
  const { moves } = movesOf(operation)
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
  if (!isObject(read)) throw new WrongValue(`a read returns balances, such as {"a":10}, not ${JSON.stringify(read)}`)
  const said = new Map<string, number>()
  for (const [account, balance] of Object.entries(read)) {
    if (typeof balance !== 'number') return []
    said.set(account, decimal(balance))
  }
  for (const account of new Set([...said.keys(), ...accounts.keys()])) {
    const balance = said.get(account) ?? 0
    const [now, least] = accounts.get(account) ?? [0, 0]
    // The initial balance is `balance - now`; this is the least balance it ever had.
    if (isKnown ? balance !== now : decimal(balance - now + Math.min(0, least)) < 0) return []
  }
  return [{ isKnown: true, accounts: new Map(Array.from(said, ([account, balance]) => [account, [balance, 0]])), done }]
}

/** The result of the read that returned first, less the transfers acknowledged before its call. */
function guesses(part: Part, budget: Budget): Guesses {
  let first: number | undefined
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    const isRead = part.returns[i] !== NEVER && operationAt(part, i).f === 'read'
    if (isRead && (first === undefined || part.returns[i] < part.returns[first])) first = i
  }
  if (first === undefined) return { starts: [], isComplete: false }
  const balances = amountsIn(operationAt(part, first).output) ?? new Map<string, number>()
  for (let i = 0; i < part.length && part.calls[i] < part.calls[first]; i++) {
    if (part.returns[i] > part.calls[first] || operationAt(part, i).f === 'read') continue
    for (const [account, amount] of movesOf(operationAt(part, i)).moves) {
      balances.set(account, decimal((balances.get(account) ?? 0) - amount))
    }
  }
  const isPossible = [...balances.values()].every((balance) => balance >= 0)
  return { starts: isPossible ? [Object.fromEntries(balances)] : [], isComplete: false }
}

export const bankFromAny: AnyStart = {
  specification,
  guesses,
  refute: (part, budget) => impossibleBalances(part, movedIn(part), undefined, budget),
  byStart: bankByStart,
}
