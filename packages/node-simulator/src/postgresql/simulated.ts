import { inputError, type UserError } from '@chaosproxy/history'
import { loadOptional } from '@chaosproxy/history/files'
import type { Outcome, Session, SessionListener, Statement } from '@chaosproxy/simulated-postgresql'

export type Simulated = typeof import('@chaosproxy/simulated-postgresql')

/** @throws UserError (environment) if the package is not installed. */
export const loadSimulated = (): Promise<Simulated> =>
  loadOptional((): Promise<Simulated> => import('@chaosproxy/simulated-postgresql'), {
    why: 'The simulated PostgreSQL needs a package that is not installed',
    packages: ['@chaosproxy/simulated-postgresql'],
  })

/** A listener that ignores everything that a session reports. */
export const silent: SessionListener = { notice() {}, notification() {}, parameter() {}, terminated() {} }

/**
 * Executes a statement while no other session does.
 *
 * @throws SqlError, NotSupported
 */
export function executeAlone(session: Session, statement: Statement): Outcome {
  const step = session.execute(statement, []).next()
  if (step.done !== true) throw new Error('a statement waits, although no other session is active')
  session.sync()
  return step.value
}

/**
 * Returns why an SQL statement ends a simulation. `what` is the text of the statement; `because` is a verb phrase about
 * the statement.
 */
export const unsupported = (sql: string, construct: string): { readonly what: string; readonly because: string } => ({
  what: sql.length > 200 ? `${sql.slice(0, 200)}…` : sql,
  because: `has ${construct}, which the simulated PostgreSQL does not execute`,
})

export function userErrorOf(
  { SqlError, NotSupported }: Simulated,
  error: unknown,
  { where, sql }: { readonly where: (position: number | undefined) => string; readonly sql: string },
): UserError {
  if (error instanceof SqlError) return inputError(`${where(error.fields.position)}: ${error.message}`)
  if (!(error instanceof NotSupported)) throw error
  const { what, because } = unsupported(sql, error.construct)
  return inputError(`${where(undefined)} cannot be simulated: ${what}: it ${because}.`)
}
