import type { NodeId } from '@chaosproxy/faults'
import type { SessionSource, UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { AskedOperations, Client } from '@chaosproxy/runner'
import type { Keeper } from '../command/keeper.ts'

/** How operations reach a system that is not ours: what a declaration says, checked as far as that goes without starting anything. */
export interface PlannedClients {
  /** The `f`s that it can ask for. */
  readonly functions: readonly string[]
  /** How the record that the proxy keeps tells these clients apart; undefined if it keeps none: then what they report is the record. */
  readonly sessions: SessionSource | undefined
  /** What passes over the links of these clients, so that the proxy can hurt single requests and record them; undefined for bytes that it does not read. */
  carries(asked: AskedOperations): Carriage | undefined
  /** Once for a run. @throws UserError (input) for what cannot be asked for, and for a client that does not work. */
  open(options: OpenClientsOptions): Promise<OpenedClients>
}

export interface OpenClientsOptions {
  readonly asked: AskedOperations
  /** Gets what programs print. */
  readonly logDir: string
  /** Ends programs if this process cannot. */
  readonly keeper: Keeper
  /** Nothing more can be learned from these clients: what the user wrote is broken. */
  readonly broke: (error: UserError) => void
  /** All nodes, as clients reach them, once they are ready: for clients that have to look for the one that leads. */
  readonly nodes: () => readonly NodeAddress[]
  /** In keys, where the declaration asks for it: no two runs have the same. By default made of the time. */
  readonly run?: string | undefined
}

/** All clients of one run. */
export interface OpenedClients {
  /**
   * Makes what operations need, such as tables, once the nodes are ready.
   *
   * @param reached All nodes, past the proxy.
   * @throws UserError (environment)
   */
  prepare?(reached: readonly NodeAddress[], timeoutMs: number): Promise<void>
  /** A client of one node, which dials when it is first asked. */
  connect(address: NodeAddress): Client
  /** Resolves once nothing of them is left. */
  close(): Promise<void>
}

/** Where clients reach a node: the proxy's address, as a rule. */
export interface NodeAddress {
  readonly node: NodeId
  readonly host: string
  readonly port: number
  /** A number of the node's present life, or of the present time between two lives, and which of them it is; absent where nobody knows. */
  /** Another node of the same cluster, for clients that are not at home with one. Absent if only this one may be asked. */
  readonly other?: ((node: NodeId) => NodeAddress) | undefined
  /** Where everybody reaches a port of this node, through the proxy; of announced ports only. */
  readonly announced?: ((port: string) => Address) | undefined
  readonly life?: (() => { readonly number: number; readonly alive: boolean }) | undefined
}
