import type { Socket } from 'node:net'
import { hasSentAll } from './direct-io.ts'
import { isUnix } from './unix-socket.ts'

/** The system socket under each TLS socket. Only system sockets can be reset. */
const carriers: WeakMap<Socket, Socket> = new WeakMap()

/** Registers the socket that another one runs over, so that both can be reset. */
export function carriedOver(socket: Socket, carrier: Socket): void {
  carriers.set(socket, carrier)
}

/** Ends a connection at once by RST, in whatever state it is. Unsent bytes are lost. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return
  if (socket.connecting) {
    // Not connected yet: there is no peer to reset, and resetAndDestroy would wait for the connection.
    socket.destroy()
  } else if (socket.writableEnded && !socket.writableFinished && hasSentAll(socket)) {
    // The FIN is being sent in this turn, during which the system refuses a reset and Node would leak the handle.
    socket.once('finish', () => resetSocket(socket))
  } else {
    const carrier = carriers.get(socket)
    // A Unix socket has no RST: the peer sees the end, or an error if it had sent more.
    if (isUnix(socket) || (carrier !== undefined && isUnix(carrier))) socket.destroy()
    else if (carrier === undefined) socket.resetAndDestroy()
    else resetCarrier(socket, carrier)
  }
}

/** Runs in a later turn: Node would crash if this were called within a callback of the TLS socket. */
function resetCarrier(socket: Socket, carrier: Socket): void {
  setImmediate(() => {
    if (!carrier.destroyed) carrier.resetAndDestroy()
    socket.destroy()
  })
}
