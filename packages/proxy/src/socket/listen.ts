import { environmentError, type UserError, usageError } from '@chaosproxy/history'
import { hostAndPort } from './host-and-port.ts'

/** @throws UserError (usage) */
export function validatePort(routeName: string, what: string, port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return
  throw usageError(`proxy route ${routeName}: the ${what} port is ${port}. Give one between 0 and 65535.`)
}

/** Returns an error that says why listening failed and what to do. */
export function listenError(error: NodeJS.ErrnoException, routeName: string, host: string, port: number): UserError {
  const where = `proxy route ${routeName}: cannot listen on ${hostAndPort({ host, port })}`
  const advice: { readonly [code: string]: string } = {
    EADDRINUSE: 'the port is taken. End the program that listens there, or leave the port out to get a free one.',
    EADDRNOTAVAIL: 'this machine has no such address. Leave the host out to listen on 127.0.0.1.',
    ENOTFOUND: 'the name is not known. Give an address of this machine, or leave the host out.',
    EACCES: 'not permitted. Ports below 1024 need privileges: leave the port out to get a free one.',
    EMFILE: 'too many open files. Raise the limit (ulimit -n).',
  }
  return environmentError(`${where}: ${advice[error.code ?? ''] ?? error.message}`, { cause: error })
}
