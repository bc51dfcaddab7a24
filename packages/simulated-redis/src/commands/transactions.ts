import { type Call, type Command, command } from '../command.ts'
import { CommandError } from '../failures.ts'
import { OK } from '../reply.ts'
import type { Session } from '../session.ts'

export function forget(session: Session): void {
  session.queued = undefined
  session.aborted = false
  session.watched.clear()
}

/** Whether a watched key was modified or has expired. */
export const isOutdated = ({ store, session }: Pick<Call, 'store' | 'session'>): boolean =>
  [...session.watched.values()].some(({ database, key, version }) => store.database(database).version(key) !== version)

/** The commands of transactions. The dispatcher executes `EXEC` itself. */
export const transactionCommands: readonly Command[] = [
  command('MULTI', 1, ({ session }) => {
    if (session.queued !== undefined) throw new CommandError('ERR MULTI calls can not be nested')
    session.queued = []
    return OK
  }),
  command('EXEC', 1, () => {
    throw new CommandError('ERR EXEC without MULTI')
  }),
  command('DISCARD', 1, ({ session }) => {
    if (session.queued === undefined) throw new CommandError('ERR DISCARD without MULTI')
    forget(session)
    return OK
  }),
  command('WATCH', -2, ({ session, database, args }) => {
    if (session.queued !== undefined) throw new CommandError('ERR WATCH inside MULTI is not allowed')
    for (const key of args) {
      const name = `${database.number} ${key}`
      if (!session.watched.has(name))
        session.watched.set(name, { database: database.number, key, version: database.version(key) })
    }
    return OK
  }),
  command('UNWATCH', 1, ({ session }) => {
    session.watched.clear()
    return OK
  }),
]
