import type { Endpoint } from '@chaosproxy/faults'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Identifies who dialled, when several nodes dial one address. */
export interface PeerFinder {
  /** The method of identification, for display. */
  readonly by: string
  /** Undefined if the endpoint cannot be identified, for example because it has disconnected. Never rejects. */
  find(client: Address, listener: Address): Promise<Endpoint | undefined>
}

/** How a route identifies who dials it, and how often that succeeded. */
export interface Identification {
  readonly by: string
  readonly known: number
  /** Connections that were attributed to the route's `from` instead. */
  readonly unknown: number
}

/** Only one endpoint dials the route, so nothing has to be found out. */
export const ownAddress: Identification = { by: 'own address', known: 0, unknown: 0 }
