import type { SqlValue } from '../types/value.ts'
import type { CallTypes } from './builtin.ts'
import type { Env } from './session-facts.ts'

/** A function that returns rows; a row is a list of column values. A strict function is not called with null. */
export type SetFunction = (values: readonly SqlValue[], env: Env, call: CallTypes) => Iterable<readonly SqlValue[]>
