import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
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

/**
 * Writes a file that belongs to the user, and makes its directory if there is none.
 *
 * @throws UserError (environment)
 */
export function writeDataFile(path: string, text: string, user?: string): void {
  const owner = user === undefined ? undefined : userToBecome(user)
  // One that is there may be anybody's.
  if (!existsSync(dirname(path))) makeDataDirectory(dirname(path), user)
  try {
    writeFileSync(path, text)
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid)
  } catch (error) {
    throw new UserError('environment', `${path} cannot be written (${(error as Error).message})`)
  }
}

/** Whether there is anything in it. */
export function holdsData(path: string): boolean {
  try {
    return readdirSync(path).length > 0
  } catch {
    return false
  }
}
