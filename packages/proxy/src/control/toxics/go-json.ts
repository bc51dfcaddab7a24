import { ControlError } from '../state/errors.ts'

/**
 * Parses bodies as Toxiproxy does, by the rules of Go's encoding/json: only the first JSON value is read, keys match in
 * any case, unknown keys are ignored, null leaves a member unchanged, and integers must be whole.
 */
export function readJson(body: Buffer): unknown {
  const text = body
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (text === '') throw badBody('EOF')
  if (!/^[[{"tfn\d-]/.test(text))
    throw badBody(`invalid character ${quoteCharacter(text)} looking for beginning of value`)
  const end = endOfFirstValue(text)
  if (end === undefined) throw badBody('unexpected EOF')
  try {
    return JSON.parse(text.slice(0, end))
  } catch (error) {
    throw badBody(error instanceof Error ? error.message : String(error))
  }
}

export type Members = ReadonlyMap<string, unknown>

/** @param goType the type's name in error messages. */
export function readMembers(value: unknown, goType: string): Members {
  if (value === null) return new Map()
  if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(value, `value of type ${goType}`)
  return new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]))
}

export function readList(value: unknown, goType: string): readonly unknown[] {
  if (value === null) return []
  if (!Array.isArray(value)) throw mismatch(value, `value of type ${goType}`)
  return value
}

interface Place {
  readonly struct: string
  readonly name: string
}

type MemberReader<Value> = (members: Members, place: Place) => Value | undefined

/** Returns the reader of a member whose value must satisfy `is`. An absent or null member reads as undefined. */
const memberOf =
  <Value>(is: (value: unknown) => value is Value, goType: string): MemberReader<Value> =>
  (members, place) => {
    const value = members.get(place.name) ?? undefined
    if (value === undefined || is(value)) return value
    throw mismatch(value, fieldOf(place, goType))
  }

export const stringMember: MemberReader<string> = memberOf((value) => typeof value === 'string', 'string')
export const booleanMember: MemberReader<boolean> = memberOf((value) => typeof value === 'boolean', 'bool')
export const numberMember: MemberReader<number> = memberOf(
  (value): value is number => Number.isFinite(value),
  'float32',
)

/** Reads an integer. A JSON number beyond 2^53 is not exact, and no valid value is that large. */
export const integerMember: MemberReader<number> = memberOf(
  (value): value is number => Number.isSafeInteger(value),
  'int64',
)

export const badBody = (why: string): ControlError => new ControlError(400, `bad request body: ${why}`)

const fieldOf = ({ struct, name }: Place, type: string): string => `struct field ${struct}.${name} of type ${type}`

function mismatch(value: unknown, into: string): ControlError {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  const what = kind === 'number' ? `number ${String(value)}` : kind
  return badBody(`json: cannot unmarshal ${what} into Go ${into}`)
}

const quoteCharacter = (text: string): string => `'${String.fromCodePoint(text.codePointAt(0) ?? 0)}'`

/**
 * Returns the position at which the first JSON value ends; undefined if the text stops inside the value. `JSON.parse`
 * decides whether the value is valid.
 */
function endOfFirstValue(text: string): number | undefined {
  if (!/^[[{"]/.test(text)) return /^[^\s,\]}]*/.exec(text)?.[0].length
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (inString) {
      if (character === '\\') i++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    if (depth === 0 && !inString) return i + 1
  }
  return undefined
}
