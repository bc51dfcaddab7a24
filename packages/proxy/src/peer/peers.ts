import type { Endpoint } from '@chaosproxy/faults'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Identifies the dialling node when several nodes dial one address. */
export interface PeerFinder {
  /** The method of identification, for display. */
  readonly by: string
  /**
   * Returns the endpoint that dialled; undefined if it cannot be identified, for example because it has disconnected.
   * Never rejects.
   */
  find(client: Address, listener: Address): Promise<Endpoint | undefined>
}

/** How a route identifies the dialling endpoint, and how often identification succeeded. */
export interface Identification {
  readonly by: string
  readonly known: number
  /** Number of connections from unidentified endpoints. They count as connections of the route's `from`. */
  readonly unknown: number
}

/** The `Identification` of a route that only one endpoint dials. The route's address identifies this endpoint. */
export const ownAddress: Identification = { by: 'own address', known: 0, unknown: 0 }
