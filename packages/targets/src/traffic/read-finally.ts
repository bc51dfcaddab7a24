import type { Client } from '@chaosproxy/runner'
import type { NodeAddress } from '../clients/planned-clients.ts'

/** Reads keys once the clients are gone, to see whether the servers agree. */
export interface ReadFinally {
  /** Whether a request can read this key and no other. */
  canRead(key: string): boolean
  connect(address: NodeAddress): Client
}
