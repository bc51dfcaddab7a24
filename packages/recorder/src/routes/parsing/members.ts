import { quote } from '@chaosproxy/faults'
import { inputError, type UserError } from '@chaosproxy/history'

export type MembersOf<Spec> = {
  readonly [Name in keyof Spec]-?: Member<Exclude<Spec[Name], undefined>>
}

export interface Member<Value> {
  /** What the member is for, in the manual and in editors. */
  readonly summary: string
  readonly schema: JsonSchema
  /** @throws UserError (input) that begins with `where`. */
  readonly parse: (value: unknown, where: string, scope: Scope) => Value
}

export type JsonSchema = { readonly [name: string]: unknown }

/** The names to which a value may refer. */
export interface Scope {
  readonly names: readonly string[]
  /** Whether the operation has a list, so that `item` and `name` are places. */
  readonly hasItem: boolean
}

export const TABLE_SCOPE: Scope = { names: [], hasItem: false }

export type Written = { readonly [name: string]: unknown }

export const wrong = (message: string): UserError => inputError(message)

/** @throws UserError (input) for an unknown member. */
export function refuseUnknown(written: Written, known: object, where: string): void {
  const names = Object.keys(known)
  const unknown = Object.keys(written).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw wrong(
      `${where}: unknown member ${quote(unknown)}. Known: ${names.filter((name) => name !== '$schema').join(', ')}.`,
    )
}

/** Parses the declared members that are present. @throws UserError (input) */
export function parseMembers<Spec extends object>(
  written: Written,
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
