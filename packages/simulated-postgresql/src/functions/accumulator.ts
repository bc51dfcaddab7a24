import type { SqlValue } from '../types/value.ts'
import type { CallTypes } from './builtin.ts'
import type { Env } from './session-facts.ts'

export interface Accumulator {
  add(values: readonly SqlValue[], env: Env): void
  result(env: Env): SqlValue
}

export type Aggregate = (call: CallTypes, env: Env) => Accumulator | undefined
