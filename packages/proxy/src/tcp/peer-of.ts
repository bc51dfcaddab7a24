import type { Socket } from 'node:net'
import type { Conversation } from '../interceptor.ts'

/**
 * Asks for the peer's address in a way that lets the socket forget the answer, which is how a connection tells a
 * reset.
 */
export function peerOf(socket: Socket): Conversation['client'] {
  const asking: Socket = Object.create(socket)
  return { host: asking.remoteAddress ?? '', port: asking.remotePort ?? 0 }
}
