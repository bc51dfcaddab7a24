import { lstatSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

/** Whether a host is the path of a Unix socket. */
export const isPath = (host: string): boolean => host.startsWith('/')

interface Place {
  readonly host: string
  readonly port: number
}

export const placeOf = ({ host, port }: Place): Place | { readonly path: string } =>
  isPath(host) ? { path: host } : { host, port }

const unixSockets: WeakSet<Socket> = new WeakSet()

/** Registers a connection over a Unix socket, which cannot be reset. */
export const markUnix = (socket: Socket): Socket => {
  unixSockets.add(socket)
  return socket
}

export const isUnix = (socket: Socket): boolean => unixSockets.has(socket)

/** Removes the socket file of a process that no longer listens. Returns whether the file was removed. */
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
