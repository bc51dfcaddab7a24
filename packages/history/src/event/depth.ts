import { inputError, type UserError } from './error.ts'
import type { Json } from './event.ts'

/** The maximum nesting depth of values, so that recursion stays within its stack. */
export const MAXIMUM_DEPTH = 500

/**
 * Whether a value is nested too deeply. Recorders check the values of traffic with this function before they use them.
 */
export function isTooDeep(value: Json, depth = 0): boolean {
  if (value === null || typeof value !== 'object') return false
  if (depth >= MAXIMUM_DEPTH) return true
  if (Array.isArray(value)) return value.some((item: Json) => isTooDeep(item, depth + 1))
  for (const name in value)
    if (isTooDeep((value as { readonly [name: string]: Json })[name] ?? null, depth + 1)) return true
  return false
}

/** The part of a value at a path of names. Undefined if a name on the path is missing. */
export function memberOf(value: Json, path: readonly string[]): Json | undefined {
  let found: Json | undefined = value
  for (const name of path) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, name)) return undefined
    found = (found as { readonly [member: string]: Json })[name]
  }
  return found
}

/** The end of a message about a value for which `isTooDeep` is true. It follows the value's name. */
export const TOO_DEEP: string = `nested deeper than ${MAXIMUM_DEPTH} levels`

export const tooDeep = (): UserError => inputError(`a value is ${TOO_DEEP}; flatten it`)
