import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs'
import { UserError } from '@chaosproxy/history'
import { userToBecome } from './user.ts'

/**
 * Makes the directory where it is not there yet; it then belongs to the user and is closed to others, which PostgreSQL
 * asks for. What is in it stays.
 *
 * @throws UserError (environment)
 */
export function makeDataDirectory(path: string, user?: string): void {
  try {
    mkdirSync(path, { recursive: true })
    const owner = user === undefined ? undefined : userToBecome(user)
    if (owner === undefined) return
    chownSync(path, owner.uid, owner.gid)
    chmodSync(path, 0o700)
  } catch (error) {
    if (error instanceof UserError) throw error
    const reason = (error as Error).message
    throw new UserError('environment', `${path} cannot be made (${reason}); choose a directory that can be written`)
  }
}

/** As after the loss of a disk: all that is in it is gone. */
export function wipeDataDirectory(path: string, user?: string): void {
  rmSync(path, { recursive: true, force: true })
  makeDataDirectory(path, user)
}
