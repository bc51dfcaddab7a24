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

type Reader = (value: SqlValue | undefined) => unknown

type Read<Readers extends readonly Reader[]> = { [At in keyof Readers]: ReturnType<Readers[At]> }

/**
 * Makes implementations from `functions`. An implementation converts its nth SQL value with the nth of the `readers`,
 * and passes the results to the function as its first arguments.
 */
export function taking<const Readers extends readonly Reader[]>(
  readers: Readers,
  functions: Readonly<Record<string, (...given: readonly [...Read<Readers>, env: Env, call: CallTypes]) => SqlValue>>,
): Builtins {
  const entries = Object.entries(functions).map(([name, compute]): readonly [string, Builtin] => [
    name,
    (values, env, call) => compute(...(readers.map((read, at) => read(values[at])) as Read<Readers>), env, call),
  ])
  return Object.fromEntries(entries)
}

/** Returns the first argument. */
export const unchanged: Builtin = ([value]) => value ?? null
