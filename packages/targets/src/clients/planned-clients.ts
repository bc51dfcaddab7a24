import type { Duplex } from 'node:stream'
import type { NodeId } from '@chaosproxy/faults'
import type { Header, Input, SessionSource, UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { AskedOperations, Client, DeclaredBeginning, Rehearsal } from '@chaosproxy/runner'
import type { Keeper } from '../keeper/keeper.ts'

/** The clients of an external system: a declaration, validated as far as possible without starting anything. */
export interface PlannedClients {
  /** The functions (`f`) that the clients support. */
  readonly functions: readonly string[]
  /**
   * The way in which the proxy's record identifies clients. Undefined if the proxy does not record. In that case, the
   * clients' own reports are the history.
   */
  readonly sessions: SessionSource | undefined
  /** `routes`: a user's route table maps requests to operations. */
  readonly mapping?: Header['mapping']
  /** The initial state of objects according to the route table; absent if the table does not declare it. */
  readonly begins?: DeclaredBeginning | undefined
  /**
   * Returns the protocol on the clients' links, so that the proxy can record requests and inject faults into single
   * requests; undefined if the proxy cannot parse the protocol.
   */
  carries(asked: AskedOperations): Carriage | undefined
  /**
   * The declaration, without paths, from which `openElsewhere` creates the same clients in another process. Undefined
   * if another process cannot create these clients.
   */
  readonly elsewhere?: { readonly kind: string } | undefined
  /**
   * Opens the clients of a run. Must be called once for each run. @throws UserError (input) for an unsupported function
   * or a client that does not work.
   */
  open(options: OpenClientsOptions): Promise<OpenedClients>
}

export interface OpenClientsOptions {
  readonly asked: AskedOperations
  /** The directory for the output of programs. */
  readonly logDir: string
  /** Ends programs if this process dies. Clients without programs need no keeper. */
  readonly keeper?: Keeper | undefined
  /** Called when the user's client turns out to be broken, which makes the rest of the run useless. */
  readonly broke: (error: UserError) => void
  /** The client addresses of all nodes once they are ready, for clients that look for the leader. */
  readonly nodes: () => readonly NodeAddress[]
  /**
   * A text that differs in every run. Declarations can use it in key names. By default, the text is derived from the
   * time.
   */
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
   * Writes one value and reads it back before a run, and adapts the clients to the service's answers. Absent for
   * clients that cannot rehearse.
   *
   * @param reached as for `prepare`. @throws UserError: input if the declaration does not fit the service, environment
   * if the service fails.
   */
  rehearse?(reached: readonly NodeAddress[], signal: AbortSignal | undefined): Promise<Rehearsal>
  /**
   * Formats the request of an operation: `GET /items/x`. Returns undefined for an operation that cannot be formatted as
   * a request.
   */
  requestOf?(input: Input): string | undefined
  /** Returns a client for one node. The client dials on its first operation. */
  connect(address: NodeAddress): Client
  /** Resolves once all clients are closed. */
  close(): Promise<void>
}

/** Where clients reach a node: usually the proxy's address. */
export interface NodeAddress {
  readonly node: NodeId
  readonly host: string
  readonly port: number
  /** Connects without a socket, if the node can be reached within this process. */
  readonly dial?: (() => Duplex) | undefined
  /**
   * Returns the address of another node of the cluster, for clients that move between nodes. Absent if clients may use
   * only this node.
   */
  readonly other?: ((node: NodeId) => NodeAddress) | undefined
  /**
   * Returns the announced address of one of this node's ports, which leads through the proxy. Only for announced ports.
   */
  readonly announced?: ((port: string) => Address) | undefined
  /**
   * Returns whether the node is alive, and a number that grows at each start and at each end of the node. Absent if
   * this is unknown.
   */
  readonly life?: (() => { readonly number: number; readonly alive: boolean }) | undefined
}
