import type { Socket } from 'node:net'

/** The sockets under those that only TLS made: the system resets no others. */
const carriers: WeakMap<Socket, Socket> = new WeakMap()

/** Says what a socket runs over, so that it can be reset. */
export function carriedOver(socket: Socket, carrier: Socket): void {
  carriers.set(socket, carrier)
}

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
    const carrier = carriers.get(socket)
    if (carrier === undefined) socket.resetAndDestroy()
    else resetCarrier(socket, carrier)
  }
}

/** In a turn of its own: within a callback of the TLS socket, which may be what brought us here, Node would crash. */
function resetCarrier(socket: Socket, carrier: Socket): void {
  setImmediate(() => {
    if (!carrier.destroyed) carrier.resetAndDestroy()
    socket.destroy()
  })
}
