import { lstatSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

/** Addresses of Unix sockets are kept as a host that is an absolute path, and port 0. */
export const isPath = (host: string): boolean => host.startsWith('/')

interface Place {
  readonly host: string
  readonly port: number
}

/** Where to connect, as Node's `connect` takes it. */
export const placeOf = ({ host, port }: Place): Place | { readonly path: string } =>
  isPath(host) ? { path: host } : { host, port }

const unixSockets: WeakSet<Socket> = new WeakSet()

/** Registers a connection by a Unix socket: it has no addresses, and cannot be reset. */
export const markUnix = (socket: Socket): Socket => {
  unixSockets.add(socket)
  return socket
}

export const isUnix = (socket: Socket): boolean => unixSockets.has(socket)

/** Removes a socket file that nobody listens on any more, as a killed process leaves it. Returns whether it did. */
export function removeStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) {
      resolve(false)
      return
    }
    const probe = connect({ path })
    probe.on('connect', () => {
      probe.destroy()
      resolve(false)
    })
    probe.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') rmSync(path, { force: true })
      resolve(code === 'ECONNREFUSED')
    })
  })
}
