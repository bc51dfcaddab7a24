import type { Socket } from 'node:net'

/** Ends a connection by RST, at once, whatever state it is in. Bytes it had not sent yet are gone. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return
  if (socket.connecting) {
    // Nobody has accepted it, so nobody needs an RST; resetAndDestroy would wait for the connection.
    socket.destroy()
  } else if (socket.writableEnded && !socket.writableFinished && socket.writableLength === 0) {
    // The FIN is being sent in this very turn. The system refuses a reset during it, and Node then leaks the handle.
    socket.once('finish', () => resetSocket(socket))
  } else {
    socket.resetAndDestroy()
  }
}
