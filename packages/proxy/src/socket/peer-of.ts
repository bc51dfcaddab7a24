import type { Socket } from 'node:net'
import type { Conversation } from '../interceptor/interceptor.ts'

/**
 * Returns the peer's address, and prevents Node from caching it. A connection recognises a reset by the fact that its
 * socket no longer has this address.
 */
export function peerOf(socket: Socket): Conversation['client'] {
  const asking: Socket = Object.create(socket)
  return { host: asking.remoteAddress ?? '', port: asking.remotePort ?? 0 }
}
