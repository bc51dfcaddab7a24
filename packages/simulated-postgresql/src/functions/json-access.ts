import { isJsonArray, isJsonObject } from '../types/json.ts'
import type { JsonValue } from '../types/value.ts'

/** The element at a place, counted from the end if negative; undefined if there is none. */
export function jsonElement(value: JsonValue, index: number): JsonValue | undefined {
  // A document that is a scalar is stored as an array of one element.
  const elements = value !== null && isJsonArray(value) ? value : isJsonObject(value) ? [] : [value]
  return elements[index < 0 ? elements.length + index : index]
}

export function jsonMember(value: JsonValue, key: string): JsonValue | undefined {
  return value !== null && isJsonObject(value) ? value.get(key) : undefined
}

/** The place that a step of a path names in an array; undefined if it is no whole number. */
export function pathIndex(step: string): number | undefined {
  return /^\s*[+-]?\d+$/.test(step) ? Number(step) : undefined
}

export function jsonbPath(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = value
  for (const step of path) {
    if (current === undefined || current === null) return undefined
    if (isJsonObject(current)) current = current.get(step)
    else {
      const index = pathIndex(step)
      current = index === undefined || !isJsonArray(current) ? undefined : jsonElement(current, index)
    }
  }
  return current
}
