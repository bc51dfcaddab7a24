import { inputError } from '@chaosproxy/history'

/** The required type of a member, as messages name it. */
export type Kind = 'a function' | 'a string' | 'a list' | 'a list of strings' | 'true or false' | 'an object'

export type Shape = { readonly [member: string]: Kind }

/** Describes the first member of the wrong type. */
export function misshapen(value: object, needed: Shape, optional: Shape = {}): string | undefined {
  const members = value as { readonly [member: string]: unknown }
  for (const [member, kind] of Object.entries(needed))
    if (!isA(kind, members[member])) return `"${member}" is not ${kind}`
  for (const [member, kind] of Object.entries(optional))
    if (members[member] !== undefined && !isA(kind, members[member])) return `"${member}" is not ${kind}`
  return undefined
}

/** @throws UserError (input) if the value does not have the shape. The message begins with `called`. */
export function requireShape(called: string, value: unknown, needed: Shape, optional?: Shape): void {
  const members = Object.entries(needed).map(([member, kind]) => `${member}: ${kind}`)
  const wrong = isA('an object', value)
    ? misshapen(value as object, needed, optional)
    : 'it is called without an object'
  if (wrong !== undefined) throw inputError(`${called}: ${wrong}. Give it { ${members.join(', ')} }.`)
}

/** @throws UserError (input) unless the name begins with a letter and contains only letters, digits, `-` and `_`. */
export function requireName(called: string, name: string): void {
  if (!/^[A-Za-z][\w-]*$/.test(name))
    throw inputError(`${called}: "${name}" is not a valid name. Begin with a letter, and use letters, digits and -.`)
}

function isA(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'a function':
      return typeof value === 'function'
    case 'a string':
      return typeof value === 'string' && value !== ''
    case 'a list':
      return Array.isArray(value)
    case 'a list of strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'true or false':
      return typeof value === 'boolean'
    case 'an object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    default:
      return kind satisfies never
  }
}
