import type { Client } from '@chaosproxy/runner'
import type { NodeAddress } from '../clients/planned-clients.ts'

/** Reads keys after the clients have ended, to check whether the servers agree. */
export interface ReadFinally {
  canRead(key: string): boolean
  connect(address: NodeAddress): Client
}
