import { JSON_NULL, type LuaFunction, type LuaValue } from './table.ts'

export { JSON_NULL, type LuaFunction, type LuaValue }

/** The argument of `error`, on its way to `pcall`. */
export class LuaError extends Error {
  override readonly name: string = 'LuaError'
  readonly value: LuaValue
  /** The line of the script that raised it. */
  readonly line: number | undefined

  constructor(value: LuaValue, line?: number) {
    super(typeof value === 'string' ? value : 'an error object')
    this.value = value
    this.line = line
  }
}

export const NO_RESULTS: readonly LuaValue[] = []

/** Everything but nil and false is true. */
export const isTrue = (value: LuaValue): boolean => value !== undefined && value !== false

export function typeName(value: LuaValue): string {
  if (value === undefined) return 'nil'
  if (value === JSON_NULL) return 'userdata'
  return typeof value === 'object' ? 'table' : typeof value
}
