import { quote } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Member } from './route-members.ts'

export type Members = { readonly [name: string]: unknown }

export const wrong = (message: string): UserError => new UserError('input', message)

/** @throws UserError (input) for an unknown member. */
export function refuseUnknown(members: Members, known: readonly Pick<Member, 'name'>[], where: string): void {
  const names = known.map(({ name }) => name)
  const unknown = Object.keys(members).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw wrong(
      `${where} has no member ${quote(unknown)}. It has: ${names.filter((name) => name !== '$schema').join(', ')}.`,
    )
}

/** An object with the member, or without it if the value is undefined. */
export const optional = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [name in Name]?: Value } => (value === undefined ? {} : { [name]: value }) as { [name in Name]?: Value }

/** Parses a value if one is given. */
export const given = <Value>(value: unknown, parse: (value: unknown) => Value): Value | undefined =>
  value === undefined ? undefined : parse(value)
