import { refuse } from '../errors.ts'
import type { LuaTable } from '../table.ts'
import { libraryTable } from './arguments.ts'

/** A library whose functions may be looked at, and not called. */
export const refusedLibrary = (name: string, functions: readonly string[]): LuaTable =>
  libraryTable(Object.fromEntries(functions.map((each) => [each, () => refuse(`${name}.${each}`)])))
