import type { SqlValue } from '../types/value.ts'
import type { CallTypes } from './builtin.ts'
import type { Env } from './session-facts.ts'

export interface Accumulator {
  add(values: readonly SqlValue[], env: Env): void
  result(env: Env): SqlValue
}

/** Creates the state of an aggregate for its argument types; undefined if these types are not simulated. */
export type Aggregate = (call: CallTypes, env: Env) => Accumulator | undefined
