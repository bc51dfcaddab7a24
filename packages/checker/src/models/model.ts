import type { Json } from '@chaos/history'

/** What was asked of the object. */
export interface Input {
  readonly f: string
  /** The value of the invocation. */
  readonly value: Json
  /** Who asked. For a model that is not `perProcess`, anybody who asked the same. */
  readonly process: string
}

/**
 * A sequential specification (Herlihy & Wing 1990) of an object of one's own. Pure: `apply` never changes a state.
 *
 * ```ts
 * const stack: Model<readonly Json[]> = {
 *   name: 'stack',
 *   initial: [],
 *   apply: (items, { f, value }) => (f === 'push' ? [[...items, value]] : [items.slice(0, -1), items.at(-1) ?? null]),
 *   key: (items) => JSON.stringify(items),
 * }
 * ```
 */
export interface Model<State> {
  readonly name: string
  readonly initial: State
  /**
   * The state afterwards, and what the operation returns then. Without an output, whatever was returned fits; undefined
   * says that the operation cannot succeed in this state.
   */
  apply(state: State, input: Input): readonly [next: State, output?: Json] | undefined
  /** Equal states, equal keys: memoises the search. */
  key(state: State): string
  /** Parts of the object that do not affect each other are checked apart (locality, Herlihy & Wing 1990, Theorem 1). */
  shard?(input: Input): string
  /** The `f` that never change a state, whatever it is: they are taken as soon as they fit, without a choice. */
  readonly reads?: readonly string[]
  /** Whether it matters who asks, as for a lock. */
  readonly perProcess?: boolean
  /** The same specification on integers, where speed matters; it takes the place of `apply` and `key`. */
  readonly integers?: IntegerModel
}

/** States and operations as integers: the search then allocates nothing and asks for no key. */
export interface IntegerModel {
  /** Not negative, below 2^31, as all states. */
  readonly initial: number
  /** A number for the operation: equal numbers, equal effect. `output` is undefined where the outcome is unknown. */
  encode(input: Input, output: Json | undefined): number
  /** The state after the operation with this number; -1 where its result is impossible in this state. */
  step(state: number, operation: number): number
}

/** One operation as a specification sees it. */
export interface ObjectOperation extends Input {
  /** What it returned; undefined where its outcome is unknown. */
  readonly output: Json | undefined
}

/** What the search needs to know of an object: a model, except that an operation may have several possible effects. */
export interface Specification<State> {
  readonly initial: State
  /** The states in which the object may be afterwards; none where the operation cannot have had this result. */
  step(state: State, operation: ObjectOperation): readonly State[]
  key(state: State): string
  shard?(input: Input): string
  readonly perProcess?: boolean
}
