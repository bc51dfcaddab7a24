import { inputError, type UserError } from './error.ts'
import type { Json } from './event.ts'

/** How deeply values may be nested in a history, so that nothing that reads one runs out of stack. */
export const MAXIMUM_DEPTH = 500

/** Whether no history can hold the value. Recordings ask before they use a value of the traffic. */
export function isTooDeep(value: Json, depth = 0): boolean {
  if (value === null || typeof value !== 'object') return false
  if (depth >= MAXIMUM_DEPTH) return true
  if (Array.isArray(value)) return value.some((item: Json) => isTooDeep(item, depth + 1))
  for (const name in value)
    if (isTooDeep((value as { readonly [name: string]: Json })[name] ?? null, depth + 1)) return true
  return false
}

/** The meaning of `isTooDeep`, in words that follow the name of a value. */
export const TOO_DEEP: string = `nested deeper than ${MAXIMUM_DEPTH} levels`

export const tooDeep = (): UserError => inputError(`a value is ${TOO_DEEP}; flatten it`)
