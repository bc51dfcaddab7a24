import type { Socket } from 'node:net'
import { hasSentAll } from './direct-io.ts'
import { isUnix } from './unix-socket.ts'

/** By TLS socket: the raw socket that carries its bytes (TCP or Unix). Only a raw TCP socket can be reset. */
const carriers: WeakMap<Socket, Socket> = new WeakMap()

export function carriedOver(socket: Socket, carrier: Socket): void {
  carriers.set(socket, carrier)
}

/** Ends a connection by RST, whatever its state. Unsent bytes are lost. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return
  if (socket.connecting) {
    // Before the connection is established there is no peer to reset, and resetAndDestroy would wait for the
    // connection.
    socket.destroy()
  } else if (socket.writableEnded && !socket.writableFinished && hasSentAll(socket)) {
    // Until the socket's FIN is sent, the system refuses a reset, and Node would leak the handle.
    socket.once('finish', () => resetSocket(socket))
  } else {
    const carrier = carriers.get(socket)
    // A Unix socket has no RST: the peer sees an end of stream, or an error if it had sent more bytes.
    if (isUnix(socket) || (carrier !== undefined && isUnix(carrier))) socket.destroy()
    else if (carrier === undefined) socket.resetAndDestroy()
    else resetCarrier(socket, carrier)
  }
}

/** Resets the carrier in a later turn: within a callback of the TLS socket, a reset would crash Node. */
function resetCarrier(socket: Socket, carrier: Socket): void {
  setImmediate(() => {
    if (!carrier.destroyed) carrier.resetAndDestroy()
    socket.destroy()
  })
}
