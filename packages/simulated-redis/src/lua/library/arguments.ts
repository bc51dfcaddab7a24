import { badArgument } from '../errors.ts'
import { toInteger, toNumber, toText } from '../numbers.ts'
import { LuaTable } from '../table.ts'
import { type LuaFunction, type LuaValue, typeName } from '../values.ts'

export type Library = { readonly [name: string]: LuaFunction }

/** The arguments of a library function. Positions count from 0, in error messages from 1. */
export class Arguments {
  readonly values: readonly LuaValue[]
  readonly #of: string

  constructor(values: readonly LuaValue[], of: string) {
    this.values = values
    this.#of = of
  }

  #wrong(at: number, wanted: string): never {
    const got = at < this.values.length ? typeName(this.values[at]) : 'no value'
    return this.bad(at, `${wanted} expected, got ${got}`)
  }

  bad(at: number, what: string): never {
    return badArgument(at + 1, this.#of, what)
  }

  any(at: number): LuaValue {
    if (at >= this.values.length) this.bad(at, 'value expected')
    return this.values[at]
  }

  number(at: number): number {
    return toNumber(this.values[at]) ?? this.#wrong(at, 'number')
  }

  integer(at: number): number {
    return toInteger(this.number(at))
  }

  integerOr(at: number, otherwise: number): number {
    return this.values[at] === undefined ? otherwise : this.integer(at)
  }

  text(at: number): string {
    return toText(this.values[at]) ?? this.#wrong(at, 'string')
  }

  textOr(at: number, otherwise: string): string {
    return this.values[at] === undefined ? otherwise : this.text(at)
  }

  table(at: number): LuaTable {
    const value = this.values[at]
    return value instanceof LuaTable ? value : this.#wrong(at, 'table')
  }

  function(at: number): LuaFunction {
    const value = this.values[at]
    return typeof value === 'function' ? value : this.#wrong(at, 'function')
  }
}

/** Makes a function with a single result, which checks its arguments. */
const single =
  (name: string, run: (args: Arguments) => LuaValue): LuaFunction =>
  (...values) => [run(new Arguments(values, name))]

/** Makes a function with several results, which checks its arguments. */
const several =
  (name: string, run: (args: Arguments) => readonly LuaValue[]): LuaFunction =>
  (...values) =>
    run(new Arguments(values, name))

export function libraryTable(functions: Library, constants: { readonly [name: string]: LuaValue } = {}): LuaTable {
  const table = new LuaTable()
  for (const [name, value] of [...Object.entries(functions), ...Object.entries(constants)]) table.set(name, value)
  table.isReadOnly = true
  return table
}

export const named = (
  singles: { readonly [name: string]: (args: Arguments) => LuaValue },
  others: { readonly [name: string]: (args: Arguments) => readonly LuaValue[] } = {},
): Library =>
  Object.fromEntries([
    ...Object.entries(singles).map(([name, run]) => [name, single(name, run)]),
    ...Object.entries(others).map(([name, run]) => [name, several(name, run)]),
  ])
