import type { Endpoint } from '@chaosproxy/faults'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Tells who dialled, where several nodes dial one address. */
export interface PeerFinder {
  /** How it finds out, for people. */
  readonly by: string
  /** Undefined where it cannot be told, such as of a process that has hung up meanwhile. Never rejects. */
  find(client: Address, listener: Address): Promise<Endpoint | undefined>
}

/** How a route knows who dials it, and how often it found out. */
export interface Identification {
  readonly by: string
  readonly known: number
  /** Taken for the route's `from`. */
  readonly unknown: number
}

/** The route is dialled by one endpoint alone, so that there is nothing to find out. */
export const ownAddress: Identification = { by: 'own address', known: 0, unknown: 0 }
