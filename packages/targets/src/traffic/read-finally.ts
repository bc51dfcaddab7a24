import type { Client } from '@chaosproxy/runner'
import type { NodeAddress } from '../clients/planned-clients.ts'

/** Reads keys once the clients have ended, to check whether the servers agree. */
export interface ReadFinally {
  /** Returns whether a request can read this key and no other. */
  canRead(key: string): boolean
  connect(address: NodeAddress): Client
}
