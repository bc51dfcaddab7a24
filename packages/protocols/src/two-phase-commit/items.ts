import type { Completion, Input, Json } from '@chaosproxy/history'
import { BALANCES, movementOf, overdrawn } from '../objects/bank.ts'
import { amountOf, sumOf } from '../objects/counter.ts'
import { sameValue, UNKEYED, unsupported } from '../objects/object.ts'
import { mismatch, pairOf } from '../objects/register.ts'
import { carriedOut, longer, type Step, stepsOf } from '../objects/transactions.ts'

// An operation on an item. A request is split into operations, so that each node can execute its part.

export type Operation = { readonly item: string } & (
  | { readonly does: 'read' }
  | { readonly does: 'set'; readonly value: Json }
  | { readonly does: 'cas'; readonly old: Json; readonly new: Json }
  | { readonly does: 'append'; readonly text: string }
  | { readonly does: 'push'; readonly element: Json }
  /** This addition is refused if the sum would be less than `least`. */
  | { readonly does: 'add'; readonly amount: number; readonly initially: number; readonly least?: number | undefined }
  /** Refused if it was executed before, so that a repeated transfer has no second effect. */
  | { readonly does: 'once' }
)

interface Plan {
  readonly operations: readonly Operation[]
  answer(read: ReadonlyMap<string, Json>): Json
}

/** Splits a request; returns undefined for a request that cannot be split into items. */
export type Planner = (input: Input) => Plan | undefined

const register: Planner = ({ f, key: item = UNKEYED, value }) => {
  switch (f) {
    case 'read':
      return { operations: [{ item, does: 'read' }], answer: (read) => read.get(item) ?? null }
    case 'write':
      return { operations: [{ item, does: 'set', value }], answer: () => value }
    case 'cas': {
      const pair = pairOf(value)
      return pair && { operations: [{ item, does: 'cas', ...pair }], answer: () => value }
    }
    case 'append':
      return typeof value === 'string'
        ? { operations: [{ item, does: 'append', text: value }], answer: () => value }
        : undefined
    default:
      return undefined
  }
}

const counter: Planner = (input) => {
  const { f, key: item = UNKEYED, value } = input
  if (f === 'read') return { operations: [{ item, does: 'read' }], answer: (read) => read.get(item) ?? 0 }
  const amount = amountOf(input)
  return amount === undefined
    ? undefined
    : { operations: [{ item, does: 'add', amount, initially: 0 }], answer: () => value }
}

/** Each account is an item. The id of a transfer is an item too, so that the transfer is executed only once. */
const bank: Planner = (input) => {
  if (input.f === 'read') {
    const accounts = Object.keys(BALANCES)
    return {
      operations: accounts.map((item) => ({ item, does: 'read' })),
      answer: (read) => Object.fromEntries(accounts.map((item) => [item, read.get(item) ?? BALANCES[item] ?? 0])),
    }
  }
  const movement = movementOf(input)
  if (movement?.moves.every(([account]) => Object.hasOwn(BALANCES, account)) !== true) return undefined
  const moves = movement.moves.map(
    ([item, amount]): Operation => ({
      item,
      does: 'add',
      amount,
      initially: BALANCES[item] ?? 0,
      least: 0,
    }),
  )
  const { id } = movement
  return {
    operations: id === undefined ? moves : [{ item: `id ${id}`, does: 'once' }, ...moves],
    answer: () => input.value,
  }
}

const lists: Planner = ({ f, key = UNKEYED, value }) => {
  switch (f) {
    case 'read':
      return { operations: [{ item: key, does: 'read' }], answer: (read) => read.get(key) ?? [] }
    case 'append':
      return { operations: [{ item: key, does: 'push', element: value }], answer: () => value }
    default:
      return undefined
  }
}

/**
 * Plans a transaction. The plan reads every item, and then makes the changes. The answer is computed from the values
 * read. Each step sees the changes of the steps before it.
 */
const transactions: Planner = ({ f, value }) => {
  const steps = f === 'txn' ? stepsOf(value) : undefined
  if (steps === undefined) return undefined
  const items = [...new Set(steps.map(([, key]) => String(key)))]
  return {
    operations: [...items.map((item): Operation => ({ item, does: 'read' })), ...steps.flatMap(changeOf)],
    answer: (read) => carriedOut(steps, new Map(read)),
  }
}

function changeOf([kind, key, given]: Step): readonly Operation[] {
  const item = String(key)
  switch (kind) {
    case 'r':
      return []
    case 'w':
      return [{ item, does: 'set', value: given }]
    case 'append':
      return [{ item, does: 'push', element: given }]
    default:
      return kind satisfies never
  }
}

/** By object name. */
export const planners: { readonly [object: string]: Planner } = { register, counter, bank, lists, transactions }

/** The refusal of a transaction that was executed before. */
export const DONE_BEFORE = 'done before'

/** Why a node votes no. After `locked`, a retry may succeed. */
export type Refusal = Completion | typeof DONE_BEFORE | 'locked'

export type Values = readonly (readonly [item: string, value: Json])[]

type Outcome =
  | { readonly writes: ReadonlyMap<string, Json>; readonly read: ReadonlyMap<string, Json> }
  | { readonly refusal: Completion | typeof DONE_BEFORE }

export function perform(operations: readonly Operation[], values: ReadonlyMap<string, Json>): Outcome {
  const writes = new Map<string, Json>()
  const read = new Map<string, Json>()
  for (const operation of operations) {
    const { item } = operation
    const value = writes.get(item) ?? values.get(item) ?? null
    switch (operation.does) {
      case 'read':
        if (value !== null) read.set(item, value)
        break
      case 'set':
        writes.set(item, operation.value)
        break
      case 'cas':
        if (!sameValue(value, operation.old)) return { refusal: mismatch }
        writes.set(item, operation.new)
        break
      case 'append':
        if (value !== null && typeof value !== 'string') return { refusal: unsupported }
        writes.set(item, (value ?? '') + operation.text)
        break
      case 'push':
        writes.set(item, longer(value, operation.element))
        break
      case 'add': {
        const sum = sumOf(Number(value ?? operation.initially), operation.amount)
        if (operation.least !== undefined && sum < operation.least) return { refusal: overdrawn }
        writes.set(item, sum)
        break
      }
      case 'once':
        if (value !== null) return { refusal: DONE_BEFORE }
        writes.set(item, true)
        break
      default:
        operation satisfies never
    }
  }
  return { writes, read }
}

/** What a node needs to commit or abort a transaction for which it has voted yes. */
export interface Staged {
  readonly items: readonly string[]
  readonly writes: Values
  readonly read: Values
}

export interface Held {
  readonly values: Map<string, Json>
  readonly locks: Map<string, string>
}

export function vote(
  operations: readonly Operation[],
  { values, locks }: Held,
): Staged | { readonly refusal: Refusal } {
  const items = [...new Set(operations.map(({ item }) => item))]
  if (items.some((item) => locks.has(item))) return { refusal: 'locked' }
  const outcome = perform(operations, values)
  return 'refusal' in outcome ? outcome : { items, writes: [...outcome.writes], read: [...outcome.read] }
}

export function lock({ locks }: Held, transaction: string, { items }: Staged): void {
  for (const item of items) locks.set(item, transaction)
}

/** Unlocks a transaction's items. If it commits, first writes its values. */
export function unlock({ values, locks }: Held, transaction: string, { items, writes }: Staged, commit: boolean): void {
  if (commit) for (const [item, value] of writes) values.set(item, value)
  for (const item of items) if (locks.get(item) === transaction) locks.delete(item)
}
