import type { RecordColumn, SqlType, SqlValue } from '../types/value.ts'
import type { Env } from './session-facts.ts'

export interface CallTypes {
  readonly arguments: readonly SqlType[]
  readonly result: SqlType
  readonly columns?: readonly RecordColumn[]
}

/** The implementation of a function. A strict function is not called with null. */
export type Builtin = (values: readonly SqlValue[], env: Env, call: CallTypes) => SqlValue

/** Implementations by their names in pg_proc.prosrc. */
export type Builtins = Readonly<Record<string, Builtin>>

/** Returns the first argument. */
export const unchanged: Builtin = ([value]) => value ?? null
