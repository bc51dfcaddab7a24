import { readFileSync } from 'node:fs'
import { environmentError } from '@chaosproxy/history'

interface SystemUser {
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/**
 * Returns the user with this name. Undefined without root: only root can run programs as another user.
 *
 * @throws UserError (environment) for an unknown name.
 */
export function userToBecome(name: string): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [login, , uid, gid, , home] = line.split(':')
    if (login === name) return { uid: Number(uid), gid: Number(gid), home: home ?? '/' }
  }
  throw environmentError(`there is no user ${name} on this machine (/etc/passwd). Create the user, or name another`)
}
