import type { Socket } from 'node:net'
import type { Conversation } from '../interceptor/interceptor.ts'

/**
 * The peer's address, asked for without Node caching it: a connection later asks again to detect a reset.
 */
export function peerOf(socket: Socket): Conversation['client'] {
  const asking: Socket = Object.create(socket)
  return { host: asking.remoteAddress ?? '', port: asking.remotePort ?? 0 }
}
