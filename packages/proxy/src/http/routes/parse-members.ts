import { quote } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Member } from './route-members.ts'

export type Members = { readonly [name: string]: unknown }

export const wrong = (message: string): UserError => new UserError('input', message)

/** @throws UserError (input) for a member that there is not. */
export function refuseUnknown(members: Members, known: readonly Pick<Member, 'name'>[], where: string): void {
  const names = known.map(({ name }) => name)
  const unknown = Object.keys(members).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw wrong(
      `${where} has no member ${quote(unknown)}. It has: ${names.filter((name) => name !== '$schema').join(', ')}.`,
    )
}

/** What was given, as a member that is left out where nothing was. */
export const optional = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [name in Name]?: Value } => (value === undefined ? {} : { [name]: value }) as { [name in Name]?: Value }

/** What is parsed where something is given. */
export const given = <Value>(value: unknown, parse: (value: unknown) => Value): Value | undefined =>
  value === undefined ? undefined : parse(value)
