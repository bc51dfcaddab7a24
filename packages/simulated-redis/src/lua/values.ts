import { JSON_NULL, type LuaFunction, type LuaValue } from './table.ts'

export { JSON_NULL, type LuaFunction, type LuaValue }

/** An error that carries the argument of `error` to `pcall`. */
export class LuaError extends Error {
  override readonly name: string = 'LuaError'
  readonly value: LuaValue
  /** The line of the script that raised the error. */
  readonly line: number | undefined

  constructor(value: LuaValue, line?: number) {
    super(typeof value === 'string' ? value : 'an error object')
    this.value = value
    this.line = line
  }
}

export const NO_RESULTS: readonly LuaValue[] = []

/** Whether a value is true: all values except nil and false are. */
export const isTrue = (value: LuaValue): boolean => value !== undefined && value !== false

export function typeName(value: LuaValue): string {
  if (value === undefined) return 'nil'
  if (value === JSON_NULL) return 'userdata'
  return typeof value === 'object' ? 'table' : typeof value
}
