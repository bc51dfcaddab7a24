import type { Operation } from './history.ts'
import type { Json, ProofHead } from './proof.ts'

/** What an operation did and showed, as far as its object is concerned. */
export type Action =
  | CellAction
  /** An element is put in, taken out, handed out; found or not; all are read; nothing is found; or who knows. */
  | { readonly kind: 'add' | 'remove' | 'take'; readonly element: string }
  | { readonly kind: 'contains'; readonly element: string; readonly found: boolean }
  | { readonly kind: 'all'; readonly elements: readonly string[] }
  | { readonly kind: 'empty' | 'take any' }
  /** Entries of a log. */
  | { readonly kind: 'place'; readonly element: string; readonly offset: number | undefined }
  | { readonly kind: 'range'; readonly from: number; readonly limit: number; readonly entries: readonly Entry[] }
  /** Amounts by account. Of those with one id, the first counts. */
  | { readonly kind: 'move'; readonly amounts: Amounts; readonly id: string | undefined }
  | { readonly kind: 'sums'; readonly amounts: Amounts }
  | Transaction

/** Of a register or lock: what it holds, or does not hold, its fencing token, and what it holds then. */
export interface CellAction {
  readonly kind: 'cell'
  readonly expects?: string | undefined
  readonly differs?: string | undefined
  readonly token?: number | undefined
  readonly writes?: string | undefined
  readonly appends?: string | undefined
}

export type Amounts = ReadonlyMap<string, number>

/** The offset is undefined if the read did not say it. */
export interface Entry {
  readonly element: string
  readonly offset: number | undefined
}

/** A transaction at its one moment, or its start or commit. */
export interface Transaction {
  readonly kind: 'transaction'
  readonly line: number
  readonly at: 'once' | 'start' | 'commit'
  readonly steps: readonly Step[]
}

/** A read or a write: of one text, or of the elements of a list that is read. */
export interface Step {
  readonly isRead: boolean
  readonly key: string
  readonly texts: readonly string[]
}

/** The objects of a history, at one moment of an order. */
export interface Objects {
  /** Carries an action out; false if the object of this key would not have answered so. */
  apply(action: Action, key: string): boolean
  copy(): Objects
  /** Equal texts mean equal objects. */
  text(): string
}

/** Whether an element counts: what answers say of others is not compared. */
export type Counts = (element: string) => boolean

/** Whether something counts, where nothing is left out. */
export const everything: Counts = () => true

export interface Model {
  readonly family: 'cells' | 'elements' | 'sums' | 'transactions'
  /**
   * What an operation did, at one moment or at several; nothing if it failed, or tells nothing.
   *
   * @throws Undecided for an unknown function.
   */
  view(operation: Operation, head: ProofHead): readonly Action[]
  /**
   * Objects as they are at first. Only if `counts` is `everything`, and so nothing is left out, do they refuse what another
   * operation might have made right: an offset of a dense log, an overdraft of a bank.
   */
  start(initial: () => Json, counts: Counts): Objects
}

/** Objects by key, each of plain data. */
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

/** Operations with what they did. */
export type Views = ReadonlyMap<Operation, readonly Action[]>

/** One moment of an operation. */
export interface Part {
  readonly operation: Operation
  readonly action: Action
}

export const partsOf = (some: Iterable<Operation>, views: Views): readonly Part[] =>
  Array.from(some, (operation) => (views.get(operation) ?? []).map((action) => ({ operation, action }))).flat()

/** Whether an operation that did something did so for certain: a failed one that did saw another value. */
export const isSure = ({ outcome }: Operation): boolean => outcome !== 'info'
