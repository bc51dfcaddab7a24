import { type Completion, canonical, type Input, type Json } from '@chaos/history'

/**
 * What a protocol replicates: a sequential object, deterministic, so that copies which carry out the same inputs in the
 * same order stay the same. Functions and values are those of the checker's model of it, which judges it and shares
 * nothing else with it.
 */
export interface ReplicatedObject<State> {
  readonly name: string
  readonly summary: string
  readonly functions: readonly string[]
  /** Those that change nothing, and so need no place in a log. */
  readonly reads: readonly string[]
  initial(): State
  /**
   * Carries an input out on one copy, at once; may change the state in place. What it answers shares nothing with the
   * state that may yet change.
   */
  apply(state: State, input: Input): Completion
  /** What a snapshot holds of it: nothing of it changes when the state does. */
  save(state: State): Json
  /** @param saved as `save` returned it, or as JSON copied that. */
  load(saved: Json): State
}

/** An object whose copies a protocol holds without looking into them. */
// biome-ignore lint/suspicious/noExplicitAny: states go from one function of the object to another.
export type AnyObject = ReplicatedObject<any>

export const ok = (value: Json): Completion => ({ type: 'ok', value })
export const refused = (error: string): Completion => ({ type: 'fail', error })

/** This node cannot serve the request now, and nothing was done. */
export const UNAVAILABLE = 'unavailable'
export const unavailable: Completion = refused(UNAVAILABLE)
/** The object has no such function, or it takes other values. */
export const unsupported: Completion = refused('unsupported')

/** Of keyed objects, what asks for no key asks for one more. */
export const UNKEYED = ''

/** What a key holds, made when it is first asked for. */
export function entryOf<Value>(entries: Map<string, Value>, key: string, create: () => Value): Value {
  const known = entries.get(key)
  if (known !== undefined) return known
  const created = create()
  entries.set(key, created)
  return created
}

/** Entries as `save` gives them and `load` takes them: pairs of a key and what it holds. */
export const loadPairs = <Value>(saved: Json, load: (value: Json) => Value): Map<string, Value> =>
  new Map((saved as readonly (readonly [string, Json])[]).map(([key, value]) => [key, load(value)]))

export function sameValue(one: Json, other: Json): boolean {
  if (one === other) return true
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return false
  return canonical(one) === canonical(other)
}

/** The members of a value that is an object, none of any other value. */
export const membersOf = (value: Json): { readonly [member: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { [member: string]: Json }) : NONE

const NONE = {}
