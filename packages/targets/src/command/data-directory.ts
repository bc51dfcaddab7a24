import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { environmentError, UserError } from '@chaosproxy/history'
import { userToBecome } from './user.ts'

/**
 * Creates the directory if it is missing. A user's directory is closed to others, as PostgreSQL requires.
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
    throw environmentError(`${path} cannot be made (${reason}). Choose a directory that can be written`)
  }
}

/** Deletes the directory's contents, like the loss of a disk. */
export function wipeDataDirectory(path: string, user?: string): void {
  rmSync(path, { recursive: true, force: true })
  makeDataDirectory(path, user)
}

/**
 * Writes a file owned by the user, in a directory that may be missing.
 *
 * @throws UserError (environment)
 */
export function writeDataFile(path: string, text: string, user?: string): void {
  const owner = user === undefined ? undefined : userToBecome(user)
  if (!existsSync(dirname(path))) makeDataDirectory(dirname(path), user)
  try {
    writeFileSync(path, text)
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid)
  } catch (error) {
    throw environmentError(`${path} cannot be written (${(error as Error).message})`)
  }
}

export function holdsData(path: string): boolean {
  try {
    return readdirSync(path).length > 0
  } catch {
    return false
  }
}
