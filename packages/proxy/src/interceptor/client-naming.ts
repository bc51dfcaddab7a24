import type { Identifier, Naming } from '@chaosproxy/recorder'
import type { Conversation } from './interceptor.ts'

/** What names the client of a connection; `said`: the client itself does. */
export function namingOf(client: Identifier | undefined, { id, client: { host }, peerProcess }: Conversation): Naming {
  switch (client) {
    case undefined:
      return { kind: 'said' }
    case 'peer.process':
      return { kind: 'fixed', session: peerProcess }
    case 'peer.address':
      return { kind: 'fixed', session: host }
    case 'connection':
      return { kind: 'fixed', session: `connection ${id}` }
  }
}
