import type { Socket } from 'node:net'
import type { Conversation } from '../interceptor/interceptor.ts'

/** Returns the peer's address without making Node cache it, because a connection reads it again to detect a reset. */
export function peerOf(socket: Socket): Conversation['client'] {
  const asking: Socket = Object.create(socket)
  return { host: asking.remoteAddress ?? '', port: asking.remotePort ?? 0 }
}
