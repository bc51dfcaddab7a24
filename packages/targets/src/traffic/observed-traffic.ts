import type { Duplex } from 'node:stream'
import type { TrafficFault } from '@chaosproxy/faults'
import type { Carriage, ControlPlane, ManagedProxy } from '@chaosproxy/proxy/control'
import type { ObservedClients } from '@chaosproxy/runner'
import type { Keeper } from '../keeper/keeper.ts'
import type { ProgramCommand } from '../processes/command.ts'
import type { OpenProxies, TrafficUpstream } from './traffic-cluster.ts'

/** A server that is already running, or the command that starts one. */
export type RecordedServer = Omit<TrafficUpstream, 'upstream'> &
  ({ readonly upstream: string } | { readonly command: ProgramCommand })

export interface ObservedTraffic {
  readonly servers: readonly RecordedServer[]
  readonly carries: Carriage
  /**
   * If each proxy declares its own protocol: the protocols of the proxies other than the first. Keys are then not read
   * at the end, because it is unknown which server holds a key.
   */
  readonly others?: readonly Carriage[] | undefined
  readonly as: string
  readonly model: string | undefined
  readonly clients: TrafficClients
  /** Opens the proxies; by default, one for each server. */
  readonly open?: OpenProxies | undefined
}

export const waysOf = ({ carries, others = [] }: Pick<ObservedTraffic, 'carries' | 'others'>): readonly Carriage[] => [
  carries,
  ...others,
]

/** The clients that send requests to the servers: a program that the run starts, or the user's own clients. */
export interface TrafficClients {
  /** How a client finds its proxy. Shown to users whose clients did not connect to the proxies. */
  readonly howToUseIt: string
  /** Whether the clients are a program that the run starts. */
  readonly areStarted: boolean
  /** Whether clients are cut off at the end. Their later writes would contradict the final reads. */
  readonly areCutOff?: boolean | undefined
  /**
   * Starts the clients.
   *
   * @throws UserError (environment) if they cannot be started.
   */
  begin(open: OpenTraffic): Promise<TrafficUse>
}

export interface TrafficUse {
  readonly gone: Promise<unknown>
  /**
   * Returns how the clients failed, even if the run permits their failure. Returns undefined before `end`, and if the
   * clients did not fail.
   */
  failure?(): string | undefined
  /** Ends the remaining clients, and resolves with the problems. */
  end(why: Parameters<ObservedClients['end']>[0]): Promise<readonly string[]>
}

export interface OpenTraffic {
  /** Opens and closes proxies, and injects faults into them. */
  readonly plane: ControlPlane
  readonly proxies: readonly ManagedProxy[]
  /** Functions that connect to a server without a socket, by server name. */
  readonly dials: ReadonlyMap<string, () => Duplex>
  /**
   * Records a fault that was injected by other means than `plane`, such as a cut between servers. The returned function
   * records the heal of this fault and its number of hits.
   */
  readonly noteFault: (fault: TrafficFault) => (hits: number) => void
  /** The values of placeholders for proxies and servers in commands. */
  readonly placeholders: Addresses
  /** The directory for the clients' output. */
  readonly logDir: string
  /** Ends the remaining processes if this process dies. */
  readonly keeper: Keeper | undefined
}

export interface Addresses {
  readonly [name: string]: string
}
