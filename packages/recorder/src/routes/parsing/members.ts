import { quote, readObject } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import { type Members, refuseUnknown } from '../../record/settings.ts'

export type MembersOf<Spec> = {
  readonly [Name in keyof Spec]-?: Member<Exclude<Spec[Name], undefined>>
}

export interface Member<Value> {
  /** The description of the member. The manual shows it, and editors show it as part of the JSON schema. */
  readonly summary: string
  readonly schema: JsonSchema
  /** @throws UserError (input) that begins with `where`. */
  readonly parse: (value: unknown, where: string, scope: Scope) => Value
}

export type JsonSchema = { readonly [name: string]: unknown }

/** The names to which a value may refer. */
export interface Scope {
  readonly names: readonly string[]
  /** Whether the operation has a list (`each`). Only then can `item` and `name` be used as places of values. */
  readonly hasItem: boolean
}

export const TABLE_SCOPE: Scope = { names: [], hasItem: false }

/**
 * Declares a member whose value is used unchanged, if `isIt` accepts it. The error for any other value ends with the
 * remedy.
 */
export const plain = <Value>(
  summary: string,
  schema: JsonSchema,
  isIt: (value: unknown) => value is Value,
  remedy: string,
): Member<Value> => ({
  summary,
  schema,
  parse(value, where) {
    if (isIt(value)) return value
    throw inputError(`${where} is ${quote(value)}. ${remedy}`)
  },
})

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Reads an object with only known members. @throws UserError (input) */
export function readMembers(value: unknown, known: object, where: string): Members {
  const written = readObject(value, where)
  refuseUnknown(written, Object.keys(known), where)
  return written
}

/** Parses the declared members that are present. @throws UserError (input) */
export function parseMembers<Spec extends object>(
  written: Members,
  declared: MembersOf<Spec>,
  at: string,
  scope: Scope,
): Partial<Spec> {
  const parsed: Partial<Spec> = {}
  for (const name of Object.keys(declared) as (keyof Spec & string)[]) {
    const value = written[name]
    if (value !== undefined) parsed[name] = declared[name].parse(value, `${at}: "${name}"`, scope)
  }
  return parsed
}

export const schemaOf = (
  declared: { readonly [name: string]: Pick<Member<unknown>, 'summary' | 'schema'> },
  more: JsonSchema,
): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(declared).map(([name, { summary, schema }]) => [name, { description: summary, ...schema }]),
  ),
  additionalProperties: false,
  ...more,
})
