import { UserError, type UserErrorCode } from '@chaosproxy/history'
import * as v from 'valibot'

// The prefix that marks the message of a user error. It is needed because an error loses its class and code between
// threads.

const BEGIN = 'user error '

/** Throws a user error that the calling thread can distinguish from an internal error. */
export function toCaller(error: unknown): never {
  if (error instanceof UserError) throw new Error(`${BEGIN}${JSON.stringify([error.code, error.message])}`)
  throw error
}

const codes = ['usage', 'input', 'environment'] as const satisfies readonly UserErrorCode[]
const carried = v.pipe(v.string(), v.parseJson(), v.strictTuple([v.picklist(codes), v.string()]))

/** Returns the user error that another thread or worker threw; undefined for any other error. */
export function userMistake(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || !error.message.startsWith(BEGIN)) return undefined
  // An error from users' code may also begin with `BEGIN`. The rest of its message does not parse.
  const { success, output } = v.safeParse(carried, error.message.slice(BEGIN.length))
  return success ? new UserError(...output) : undefined
}
