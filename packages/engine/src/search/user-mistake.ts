import { UserError, type UserErrorCode } from '@chaosproxy/history'

// An error that goes from one thread to another keeps its message, and neither its class nor its code.

const BEGIN = 'user error '

/** Throws a user's mistake so that the thread that asked can tell it from ours. */
export function toCaller(error: unknown): never {
  if (error instanceof UserError) throw new Error(`${BEGIN}${JSON.stringify([error.code, error.message])}`)
  throw error
}

/** The mistake that another thread threw; undefined for any other error. */
export function userMistake(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || !error.message.startsWith(BEGIN)) return undefined
  const [code, message] = JSON.parse(error.message.slice(BEGIN.length)) as [UserErrorCode, string]
  return new UserError(code, message)
}
