import { isJsonArray, isJsonObject } from '../types/json.ts'
import type { JsonValue } from '../types/value.ts'

/** Returns the element at an index, counted from the end if negative. */
export function jsonElement(value: JsonValue, index: number): JsonValue | undefined {
  // PostgreSQL stores a scalar document as an array of one element.
  const elements = isJsonArray(value) ? value : isJsonObject(value) ? [] : [value]
  return elements[index < 0 ? elements.length + index : index]
}

export function jsonMember(value: JsonValue, key: string): JsonValue | undefined {
  return isJsonObject(value) ? value.get(key) : undefined
}

/** Returns the array index that a step of a JSON path denotes; undefined if the step is no integer. */
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
