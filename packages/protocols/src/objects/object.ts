import { type Completion, canonical, type Input, type Json } from '@chaosproxy/history'

/**
 * A sequential object that a protocol replicates. Copies that apply the same inputs in the same order stay equal. It
 * shares no code with the checker's model.
 */
export interface ReplicatedObject<State> {
  readonly name: string
  readonly functions: readonly string[]
  /** The functions without effects, which need no entry in a log. */
  readonly reads: readonly string[]
  initial(): State
  /**
   * Applies an input, and may change `state` in place. The answer must not share objects with `state` that a later
   * input may change.
   */
  apply(state: State, input: Input): Completion
  /** Returns the content for a snapshot. Later changes of the state must not affect it. */
  save(state: State): Json
  /** @param saved what `save` returned, or a JSON copy of it. */
  load(saved: Json): State
}

/** A replicated object whose state has an unknown type. Protocols only pass this state on. */
// biome-ignore lint/suspicious/noExplicitAny: states go from one function of the object to another.
export type AnyObject = ReplicatedObject<any>

/**
 * Returns the result of a read on a copy; undefined if the input is not a read, or the object refuses it. Changes
 * nothing.
 */
export function valueIn(object: AnyObject, held: unknown, read: Input): Json | undefined {
  if (!object.reads.includes(read.f)) return undefined
  const answer = object.apply(held, read)
  return answer.type === 'ok' ? answer.value : undefined
}

/** Whether a request only reads, so that it needs no entry in a log. */
export const isRead = ({ object }: { readonly object: AnyObject }, { input }: { readonly input: Input }): boolean =>
  object.reads.includes(input.f)

export const ok = (value: Json): Completion => ({ type: 'ok', value })
/** The system could not serve the request. It had no effect. */
export const refused = (error: string): Completion => ({ type: 'fail', error })
/** The object refused the request, because its content did not allow the change. */
export const declined = (error: string): Completion => ({ type: 'fail', error, answered: true })

/** This node cannot serve the request now. The request had no effect. */
export const UNAVAILABLE = 'unavailable'
export const unavailable: Completion = refused(UNAVAILABLE)
/** The object does not have the function, or the value is invalid for it. */
export const UNSUPPORTED = 'unsupported'
export const unsupported: Completion = refused(UNSUPPORTED)

/** Objects with keys use this key if an input names none. */
export const UNKEYED = ''

export function entryOf<Value>(entries: Map<string, Value>, key: string, create: () => Value): Value {
  const known = entries.get(key)
  if (known !== undefined) return known
  const created = create()
  entries.set(key, created)
  return created
}

export const loadPairs = <Value>(saved: Json, load: (value: Json) => Value): Map<string, Value> =>
  new Map((saved as readonly (readonly [string, Json])[]).map(([key, value]) => [key, load(value)]))

export function sameValue(one: Json, other: Json): boolean {
  if (one === other) return true
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return false
  return canonical(one) === canonical(other)
}

/** How an object keeps a value for each key. */
export const keyedValues = <Value extends Json>(): Pick<
  ReplicatedObject<Map<string, Value>>,
  'initial' | 'save' | 'load'
> => ({
  initial: () => new Map(),
  save: (values) => [...values],
  load: (saved) => new Map(saved as readonly [string, Value][]),
})

export type KeyedLists = Map<string, Json[]>

/** How an object keeps a list for each key. */
export const keyedLists: Pick<ReplicatedObject<KeyedLists>, 'initial' | 'save' | 'load'> = {
  initial: () => new Map(),
  save: (lists) => [...lists].map(([key, elements]) => [key, [...elements]]),
  load: (saved) => loadPairs(saved, (elements) => [...(elements as Json[])]),
}
