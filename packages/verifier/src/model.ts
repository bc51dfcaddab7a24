import type { Operation } from './history.ts'
import type { Json, ProofHead } from './proof.ts'

/** An operation's effect and answer, restricted to its object. */
export type Action =
  | CellAction
  /**
   * Actions on elements. `contains` asks for one element, and `all` reads all. `empty` is a take that found nothing,
   * and `take any` is a take of an unknown element.
   */
  | { readonly kind: 'add' | 'remove' | 'take'; readonly element: string }
  | { readonly kind: 'contains'; readonly element: string; readonly found: boolean }
  | { readonly kind: 'all'; readonly elements: readonly string[] }
  | { readonly kind: 'empty' | 'take any' }
  /** Actions on a log: an entry at an offset, or a read of a range. */
  | { readonly kind: 'place'; readonly element: string; readonly offset: number | undefined }
  | { readonly kind: 'range'; readonly from: number; readonly limit: number; readonly entries: readonly Entry[] }
  /**
   * Actions on amounts, by account: a change (`move`), or a read of all amounts (`sums`). Of moves with equal ids, only
   * the first takes effect.
   */
  | { readonly kind: 'move'; readonly amounts: Amounts; readonly id: string | undefined }
  | { readonly kind: 'sums'; readonly amounts: Amounts }
  | Transaction

/** An action on a register or a lock: the content before and after it, and the fencing token. */
export interface CellAction {
  readonly kind: 'cell'
  readonly expects?: string | undefined
  readonly differs?: string | undefined
  readonly token?: number | undefined
  readonly writes?: string | undefined
  readonly appends?: string | undefined
}

export type Amounts = ReadonlyMap<string, number>

/** The offset is undefined if the read did not return it. */
export interface Entry {
  readonly element: string
  readonly offset: number | undefined
}

/** A transaction. It takes effect at one moment (`once`), or has separate moments for start and commit. */
export interface Transaction {
  readonly kind: 'transaction'
  readonly line: number
  readonly at: 'once' | 'start' | 'commit'
  readonly steps: readonly Step[]
}

/** A read or a write in a transaction. `texts` is one text, or the elements of a list. */
export interface Step {
  readonly isRead: boolean
  readonly key: string
  readonly texts: readonly string[]
}

export interface Objects {
  /** Performs an action on an object. Returns false if the object's answer differs from the action's answer. */
  apply(action: Action, key: string): boolean
  copy(): Objects
  text(): string
}

export type Counts = (element: string) => boolean

/** Counts every element, for histories from which no operation is left out. */
export const everything: Counts = () => true

export interface Model {
  readonly family: 'cells' | 'elements' | 'sums' | 'transactions'
  /**
   * Returns the actions of an operation; none if it failed or has no meaning for the object.
   *
   * @throws Undecided for an unknown function.
   */
  view(operation: Operation, head: ProofHead): readonly Action[]
  /**
   * Returns the initial objects. If `counts` is not `everything`, some operations are left out. These may explain an
   * answer that looks impossible, such as a payment from an empty account, so the objects then accept such answers.
   */
  start(initial: () => Json, counts: Counts): Objects
}

/**
 * Creates objects that store plain data for each key. `first` returns the initial data of a key, and `apply` performs
 * an action on the data.
 */
export function objectsOf<Data>(first: () => Data, apply: (data: Data, action: Action) => boolean): Objects {
  const from = (held: { [key: string]: Data }): Objects => ({
    apply(action, key) {
      held[key] ??= first()
      return apply(held[key], action)
    },
    copy: () => from(JSON.parse(JSON.stringify(held))),
    text: () => JSON.stringify(held),
  })
  return from({})
}

export type Views = ReadonlyMap<Operation, readonly Action[]>

export interface Part {
  readonly operation: Operation
  readonly action: Action
}

export const partsOf = (some: Iterable<Operation>, views: Views): readonly Part[] =>
  Array.from(some, (operation) => (views.get(operation) ?? []).map((action) => ({ operation, action }))).flat()

/**
 * Returns whether an operation's actions certainly happened. A failed operation can also have an action: it saw another
 * value than it expected.
 */
export const isSure = ({ outcome }: Operation): boolean => outcome !== 'info'
