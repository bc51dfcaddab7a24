import type { NodeId } from '@chaosproxy/faults'
import { type Completion, canonical, type Input, type Json } from '@chaosproxy/history'
import { BALANCES, type Movement, movementOf, overdrawn } from '../objects/bank.ts'
import { amountOf, sumOf } from '../objects/counter.ts'
import { entryOf, ok, sameValue, UNKEYED, unsupported } from '../objects/object.ts'
import { mismatch, pairOf } from '../objects/register.ts'
import type { Version } from './version.ts'

/** An object that nodes can merge without agreeing on an order. It consists of separate items. */
export interface Mergeable<Held> {
  initial(): Held
  /** Called when a version has replaced `before`, or is the first version of the item. */
  took(held: Held, version: Version, before: Version | undefined): void
  /** Answers from this copy alone, and changes nothing. */
  perform(held: Held, input: Input, copy: Copy): Outcome
}

// biome-ignore lint/suspicious/noExplicitAny: what is held goes from one function of the object to another.
export type AnyMergeable = Mergeable<any>

export interface Copy {
  readonly id: NodeId
  readonly count: number
  readonly versions: ReadonlyMap<string, Version>
  /** With version vectors: the versions that are concurrent with the version in `versions`. */
  readonly siblings: ReadonlyMap<string, readonly Version[]>
  /** Whether a read of several siblings answers with all of them. */
  readonly showAll: boolean
}

interface Outcome {
  readonly result: Completion
  readonly writes?: readonly Write[] | undefined
}

export interface Write {
  readonly key: string
  readonly value: Json
  /**
   * Whether the order of the item's writes is known without a clock. This is true if only one node writes the item, or
   * if the item is written only once.
   */
  readonly timeless: boolean
}

export const answered = (result: Completion): Outcome => ({ result })

/** A register; conflicting writes are resolved. */
const register: Mergeable<null> = {
  initial: () => null,
  took: () => {},
  perform(_, { f, key = UNKEYED, value }, { versions, siblings, showAll }) {
    const current = versions.get(key)?.value ?? null
    const written = (next: Json): Outcome => ({ result: ok(value), writes: [{ key, value: next, timeless: false }] })
    switch (f) {
      case 'read': {
        const others = showAll ? siblings.get(key) : undefined
        return answered(ok(others === undefined ? current : [current, ...others.map((other) => other.value)]))
      }
      case 'write':
        return written(value)
      case 'cas': {
        const pair = pairOf(value)
        if (pair === undefined) return answered(unsupported)
        // The decision depends only on this node's copy, so conflicting `cas` operations on two nodes may both succeed.
        return sameValue(current, pair.old) ? written(pair.new) : answered(mismatch)
      }
      case 'append': {
        const before = current ?? ''
        if (typeof before !== 'string' || typeof value !== 'string') return answered(unsupported)
        return written(before + value)
      }
      default:
        return answered(unsupported)
    }
  },
}

/** A counter with one item per node: the sum of that node's additions. */
const counter: Mergeable<Map<string, number>> = {
  initial: () => new Map(),
  took(sums, { key, value }, before) {
    const [name] = JSON.parse(key) as readonly [string, NodeId]
    sums.set(name, sumOf(sums.get(name) ?? 0, sumOf(Number(value), -Number(before?.value ?? 0))))
  },
  perform(sums, input, { id, versions }) {
    const { f, key = UNKEYED, value } = input
    if (f === 'read') return answered(ok(sums.get(key) ?? 0))
    const amount = amountOf(input)
    if (amount === undefined) return answered(unsupported)
    const item = JSON.stringify([key, id])
    const own = Number(versions.get(item)?.value ?? 0)
    return { result: ok(value), writes: [{ key: item, value: sumOf(own, amount), timeless: true }] }
  },
}

/** A set. For each element, an item tells whether the element is in the set. */
const set: Mergeable<Map<string, Map<string, Json>>> = {
  initial: () => new Map(),
  took(sets, { key, value }) {
    const [name, element] = JSON.parse(key) as readonly [string, Json]
    const elements = entryOf(sets, name, () => new Map<string, Json>())
    if (value === true) elements.set(canonical(element), element)
    else elements.delete(canonical(element))
  },
  perform(sets, { f, key = UNKEYED, value }) {
    switch (f) {
      case 'add':
      case 'remove':
        return { result: ok(value), writes: [{ key: canonical([key, value]), value: f === 'add', timeless: false }] }
      case 'contains':
        return answered(ok(sets.get(key)?.has(canonical(value)) === true))
      case 'read':
        return answered(ok([...(sets.get(key)?.values() ?? [])]))
      default:
        return answered(unsupported)
    }
  },
}

/** A bank with one item per transfer. Concurrent spending on two nodes overdraws an account. */
const bank: Mergeable<Map<string, number>> = {
  initial: () => new Map(Object.entries(BALANCES)),
  took(balances, { value }, before) {
    if (before !== undefined) move(balances, before.value, -1)
    move(balances, value, 1)
  },
  perform(balances, input, { id: node, count, versions }) {
    if (input.f === 'read') return answered(ok(Object.fromEntries(balances)))
    const movement = movementOf(input)
    if (movement === undefined) return answered(unsupported)
    const { id, moves } = movement
    const key = id === undefined ? JSON.stringify([node, count]) : JSON.stringify([id])
    if (versions.has(key)) return answered(ok(input.value))
    if (moves.some(([account, amount]) => amount < 0 && sumOf(balances.get(account) ?? 0, netOf(moves, account)) < 0))
      return answered(overdrawn)
    return { result: ok(input.value), writes: [{ key, value: moves, timeless: true }] }
  },
}

const netOf = (moves: Movement['moves'], account: string): number =>
  moves.reduce((net, [other, amount]) => (other === account ? sumOf(net, amount) : net), 0)

function move(balances: Map<string, number>, moves: Json, sign: 1 | -1): void {
  for (const [account, amount] of moves as Movement['moves'])
    balances.set(account, sumOf(balances.get(account) ?? 0, sign * amount))
}

/** By object name. */
export const mergeables: { readonly [object: string]: AnyMergeable } = { register, counter, set, bank }
