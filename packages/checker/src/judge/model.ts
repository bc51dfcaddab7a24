import type { Json } from '@chaosproxy/history'

/** A request to one object: the part of `Input` that a specification sees, and the process that made it. */
export interface ModelInput {
  readonly f: string
  /** The value of the invocation. */
  readonly value: Json
  /** The requesting process. If the model is not `perProcess`, this may be any process that made the same request. */
  readonly process: string
}

/**
 * A sequential specification (Herlihy & Wing 1990) of a user-defined object. `check` takes it as `model`, and `chaos
 * check --model ./stack.ts` takes the file that exports it as default. It is judged like the built-in models: by
 * `linearizable` and `sequential` and, where the history has final reads, by `eventual` and `convergent`.
 *
 * Pure: `apply` never changes a state, but returns a new one.
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
  readonly aliases?: readonly string[]
  /**
   * The `f` of the operations that the model knows. A history with any other operation is rejected. By default all
   * operations are accepted.
   */
  readonly functions?: readonly string[]
  readonly initial: State
  /**
   * Returns the state for an initial value other than null, such as one given by `--initial`. Without this function,
   * the state is `initial`.
   */
  from?(initial: Json): State
  /**
   * Returns the next state and the operation's output. Without an output, any result fits; undefined means that the
   * operation cannot succeed in this state.
   */
  apply(state: State, input: ModelInput): readonly [next: State, output?: Json] | undefined
  /** Returns a key for remembering the state in a search: equal for equal states, and different for different ones. */
  key(state: State): string
  /**
   * Returns the shard of a request. Shards do not affect each other and are checked separately (locality, Herlihy &
   * Wing 1990, Theorem 1).
   */
  shard?(input: ModelInput): string
  /**
   * The `f` of the operations that never change a state. The search takes them as soon as they fit, without branching.
   */
  readonly reads?: readonly string[]
  /** Whether the effect depends on the requesting process, as for a lock. */
  readonly perProcess?: boolean
  /** The same specification on integers, for speed; it replaces `apply` and `key`. */
  readonly integers?: IntegerModel
}

/**
 * A specification whose states and operations are integers. The search then allocates no states, and needs no `key` to
 * compare states.
 */
export interface IntegerModel {
  /** Non-negative and below 2^31, like all states. */
  readonly initial: number
  /**
   * Encodes an operation as a number; equal numbers have equal effects. `output` is undefined if the outcome is
   * unknown.
   */
  encode(input: ModelInput, output: Json | undefined): number
  /** The state after the operation with this number; -1 if its result is impossible in this state. */
  step(state: number, operation: number): number
}

export interface ObjectOperation extends ModelInput {
  /** The result of the operation; undefined if its outcome is unknown. */
  readonly output: Json | undefined
}

/** An object as the search sees it: a model, except that an operation may have several possible effects. */
export interface Specification<State> {
  readonly initial: State
  /** The possible next states; empty if the operation cannot have this result. */
  step(state: State, operation: ObjectOperation): readonly State[]
  key(state: State): string
  shard?(input: ModelInput): string
  readonly perProcess?: boolean
  /** Whether a user wrote the specification. `key` may then return the same key for different states. */
  readonly isOwn?: boolean
}

/** Thrown for a value to which a built-in model can give no meaning, such as a transfer without an amount. */
export class WrongValue extends Error {
  override readonly name: string = 'WrongValue'
}
