import type { Json } from '@chaos/history'

/** What was asked of one object: of `Input` what a specification sees, and who asked. */
export interface ModelInput {
  readonly f: string
  /** The value of the invocation. */
  readonly value: Json
  /** Who asked. For a model that is not `perProcess`, anybody who asked the same. */
  readonly process: string
}

/**
 * A sequential specification (Herlihy & Wing 1990) of an object of your own. `check` takes it as `model`, and
 * `chaos check --model ./stack.ts` the file whose default export it is. It is judged like the models that come with the
 * checker: by `linearizable` and `sequential` and, where the history has final reads, by `eventual`.
 *
 * Pure: `apply` never changes a state, but returns another.
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
  /** What the object is, in a few words. */
  readonly summary?: string
  /** What others call the model. */
  readonly aliases?: readonly string[]
  /** The operations it knows, by their `f`: any other in a history is an error. By default whatever the history has. */
  readonly functions?: readonly string[]
  readonly initial: State
  /** The state that stands for an initial value other than null, such as one given by `--initial`. By default `initial`. */
  from?(initial: Json): State
  /**
   * The state afterwards, and what the operation returns then. Without an output, whatever was returned fits; undefined
   * says that the operation cannot succeed in this state.
   */
  apply(state: State, input: ModelInput): readonly [next: State, output?: Json] | undefined
  /** Equal states, equal keys: memoises the search. */
  key(state: State): string
  /** Parts of the object that do not affect each other are checked apart (locality, Herlihy & Wing 1990, Theorem 1). */
  shard?(input: ModelInput): string
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
  encode(input: ModelInput, output: Json | undefined): number
  /** The state after the operation with this number; -1 where its result is impossible in this state. */
  step(state: number, operation: number): number
}

/** One operation as a specification sees it. */
export interface ObjectOperation extends ModelInput {
  /** What it returned; undefined where its outcome is unknown. */
  readonly output: Json | undefined
}

/** What the search needs to know of an object: a model, except that an operation may have several possible effects. */
export interface Specification<State> {
  readonly initial: State
  /** The states in which the object may be afterwards; none where the operation cannot have had this result. */
  step(state: State, operation: ObjectOperation): readonly State[]
  key(state: State): string
  shard?(input: ModelInput): string
  readonly perProcess?: boolean
}
