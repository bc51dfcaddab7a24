/** A parsed JSON object that nobody has checked yet. */
export interface Parsed {
  readonly [member: string]: unknown
}

export const isParsed = (value: unknown): value is Parsed =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The member at a path; undefined if there is none. The path may end in `length` for a list. */
export function memberAt(of: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return of
  if (Array.isArray(of)) return first === 'length' ? of.length : undefined
  return isParsed(of) && Object.hasOwn(of, first) ? memberAt(of[first], rest) : undefined
}
