import type { Duplex } from 'node:stream'
import type { NodeId } from '@chaosproxy/faults'
import type { Header, Input, SessionSource, UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { Client, DeclaredBeginning, Rehearsal, RequestedOperations } from '@chaosproxy/runner'
import type { Keeper } from '../keeper/keeper.ts'

/** The clients of an external system, validated as far as possible without starting anything. */
export interface PlannedClients {
  readonly functions: readonly string[]
  /** How the proxy's record identifies clients. If undefined, the clients' own reports are the history. */
  readonly sessions: SessionSource | undefined
  /** The value `routes` means that a route table maps requests to operations. */
  readonly mapping?: Header['mapping']
  /** The initial state that the route table declares for objects. */
  readonly begins?: DeclaredBeginning | undefined
  /**
   * Returns the protocol on the clients' links. The proxy uses this protocol to record requests, and to inject faults
   * into requests. Undefined if the proxy cannot parse the protocol.
   */
  carries(operations: RequestedOperations): Carriage | undefined
  /** The declaration from which `openElsewhere` creates the same clients in another process. */
  readonly elsewhere?: { readonly kind: string } | undefined
  /**
   * Opens the clients of a run; call once for each run. @throws UserError (input) for an unsupported function or a
   * client that does not work.
   */
  open(options: OpenClientsOptions): Promise<OpenedClients>
}

export interface OpenClientsOptions {
  readonly operations: RequestedOperations
  readonly logDir: string
  /** Ends the clients' programs if this process dies. Clients without programs need no keeper. */
  readonly keeper?: Keeper | undefined
  /** Called when the client turns out to be broken, which makes the rest of the run useless. */
  readonly broke: (error: UserError) => void
  /** The client addresses of all nodes once they are ready, for clients that look for the leader. */
  readonly nodes: () => readonly NodeAddress[]
  /** A text that differs in every run, for key names. By default, the time determines it. */
  readonly run?: string | undefined
}

export interface OpenedClients {
  /**
   * Creates what operations need, such as tables, once the nodes are ready.
   *
   * @param reached Every node's own address, bypassing the proxy. @throws UserError (environment)
   */
  prepare?(reached: readonly NodeAddress[], timeoutMs: number): Promise<void>
  /**
   * Writes one value and reads it back before a run, and adapts the clients to the answers. Absent for clients that
   * cannot rehearse.
   *
   * @param reached as for `prepare`. @throws UserError: input if the declaration does not fit the service, environment
   * if the service fails.
   */
  rehearse?(reached: readonly NodeAddress[], signal: AbortSignal | undefined): Promise<Rehearsal>
  /** Formats the request of an operation: `GET /items/x`. Undefined if it has no such form. */
  requestOf?(input: Input): string | undefined
  /** Returns a client for one node, which dials on its first operation. */
  connect(address: NodeAddress): Client
  close(): Promise<void>
}

/** Where clients reach a node: usually the proxy's address. */
export interface NodeAddress {
  readonly node: NodeId
  readonly host: string
  readonly port: number
  /** Connects without a socket, if the node can be reached within this process. */
  readonly dial?: (() => Duplex) | undefined
  /** Returns another node's address, for clients that move between nodes. */
  readonly other?: ((node: NodeId) => NodeAddress) | undefined
  /** Returns the proxied address of an announced port. */
  readonly announced?: ((port: string) => Address) | undefined
  /**
   * Returns whether the node is alive, and a number that increases at each start and end of the node. Absent if
   * unknown.
   */
  readonly life?: (() => { readonly number: number; readonly alive: boolean }) | undefined
}
