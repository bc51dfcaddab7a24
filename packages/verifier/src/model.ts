import type { Operation } from './history.ts'
import type { Json, ProofHead } from './proof.ts'

/** An operation's effect and answer, restricted to its object. */
export type Action =
  | CellAction
  /**
   * An element is added, removed or taken; found or not found; all elements are read; nothing is found; or the effect
   * is unknown.
   */
  | { readonly kind: 'add' | 'remove' | 'take'; readonly element: string }
  | { readonly kind: 'contains'; readonly element: string; readonly found: boolean }
  | { readonly kind: 'all'; readonly elements: readonly string[] }
  | { readonly kind: 'empty' | 'take any' }
  /** Entries of a log. */
  | { readonly kind: 'place'; readonly element: string; readonly offset: number | undefined }
  | { readonly kind: 'range'; readonly from: number; readonly limit: number; readonly entries: readonly Entry[] }
  /** Amounts by account. Of operations with one id, only the first takes effect. */
  | { readonly kind: 'move'; readonly amounts: Amounts; readonly id: string | undefined }
  | { readonly kind: 'sums'; readonly amounts: Amounts }
  | Transaction

/** For a register or lock: the content that it must or must not have, its fencing token, and its content afterwards. */
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

/** A transaction at a single moment, or its start or commit. */
export interface Transaction {
  readonly kind: 'transaction'
  readonly line: number
  readonly at: 'once' | 'start' | 'commit'
  readonly steps: readonly Step[]
}

/** A read or a write of one text, or of the elements of a list that was read. */
export interface Step {
  readonly isRead: boolean
  readonly key: string
  readonly texts: readonly string[]
}

/** The objects of a history, at one moment of an order. */
export interface Objects {
  /** Performs an action; false if the object of this key would have answered differently. */
  apply(action: Action, key: string): boolean
  copy(): Objects
  /** The state as text: equal texts mean equal objects. */
  text(): string
}

/** Whether an element counts: answers about other elements are not compared. */
export type Counts = (element: string) => boolean

/** Every element counts, because nothing is left out. */
export const everything: Counts = () => true

export interface Model {
  readonly family: 'cells' | 'elements' | 'sums' | 'transactions'
  /**
   * The actions of an operation, at one or several moments; none if it failed or has no meaning for the object.
   *
   * @throws Undecided for an unknown function.
   */
  view(operation: Operation, head: ProofHead): readonly Action[]
  /**
   * The initial objects. They reject an answer that another operation might have made right (an offset of a dense log,
   * an overdraft of a bank) only if `counts` is `everything`, so that nothing is left out.
   */
  start(initial: () => Json, counts: Counts): Objects
}

/** Objects by key, each represented by plain data. */
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

/** Operations with their actions. */
export type Views = ReadonlyMap<Operation, readonly Action[]>

/** One moment of an operation. */
export interface Part {
  readonly operation: Operation
  readonly action: Action
}

export const partsOf = (some: Iterable<Operation>, views: Views): readonly Part[] =>
  Array.from(some, (operation) => (views.get(operation) ?? []).map((action) => ({ operation, action }))).flat()

/** Whether an operation's actions certainly happened: a failed operation with an action saw a different value. */
export const isSure = ({ outcome }: Operation): boolean => outcome !== 'info'
