import { UserError, type UserErrorCode } from '@chaosproxy/history'
import * as v from 'valibot'

// An error that goes from one thread to another keeps its message, but neither its class nor its code.

const BEGIN = 'user error '

/** Throws a user error so that the calling thread can distinguish it from an internal one. */
export function toCaller(error: unknown): never {
  if (error instanceof UserError) throw new Error(`${BEGIN}${JSON.stringify([error.code, error.message])}`)
  throw error
}

const codes = ['usage', 'input', 'environment'] as const satisfies readonly UserErrorCode[]
const carried = v.pipe(v.string(), v.parseJson(), v.strictTuple([v.picklist(codes), v.string()]))

/** The user error that another thread, or a worker elsewhere, threw; undefined for any other error. */
export function userMistake(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || !error.message.startsWith(BEGIN)) return undefined
  // Users' code may throw an error that begins alike.
  const { success, output } = v.safeParse(carried, error.message.slice(BEGIN.length))
  return success ? new UserError(...output) : undefined
}
