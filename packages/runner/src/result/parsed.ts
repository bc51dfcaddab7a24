import { isObject } from '@chaosproxy/history'

/** The version of the format of results. */
export const RESULT_FORM = 1

/** A parsed JSON object that is not validated yet. */
export interface Parsed {
  readonly [member: string]: unknown
}

/** Returns the member at a path. The path may end in `length` for a list. */
export function memberAt(of: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return of
  if (Array.isArray(of)) return first === 'length' ? of.length : undefined
  return isObject(of) && Object.hasOwn(of, first) ? memberAt(of[first], rest) : undefined
}

export function numberAt(of: unknown, ...path: readonly string[]): number | undefined {
  const found = memberAt(of, path)
  return typeof found === 'number' ? found : undefined
}

export function textAt(of: unknown, ...path: readonly string[]): string | undefined {
  const found = memberAt(of, path)
  return typeof found === 'string' ? found : undefined
}

/** Returns the result in the output of `--json` or in a `run.json`. */
export function resultIn(json: unknown): Parsed | undefined {
  if (!isObject(json)) return undefined
  const { result = json } = json
  return isObject(result) && isObject(result['levels']) ? result : undefined
}
