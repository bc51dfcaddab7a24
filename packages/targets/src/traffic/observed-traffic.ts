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
  /** The protocol of the recorded servers. */
  readonly carries: Carriage
  /**
   * Set if each proxy declares its own protocol, and those without one are not recorded: the other recorded protocols.
   * Then no key is read at the end, since its server is unknown.
   */
  readonly others?: readonly Carriage[] | undefined
  /** The path of the route table, or the name of a protocol that needs none, for messages. */
  readonly as: string
  readonly model: string | undefined
  readonly clients: TrafficClients
  /** Opens the proxies in another way than one for each server. `carries` says how the traffic is read. */
  readonly open?: OpenProxies | undefined
}

/** Every recorded protocol. */
export const waysOf = ({ carries, others = [] }: Pick<ObservedTraffic, 'carries' | 'others'>): readonly Carriage[] => [
  carries,
  ...others,
]

/** The clients of the servers, whatever they are. */
export interface TrafficClients {
  /** The advice if they did not use the proxies: where to find them. */
  readonly howToUseIt: string
  /** Whether they are a program that the run starts. */
  readonly areStarted: boolean
  /**
   * Whether they may continue after they are told to end: later writes would contradict the final reads, so they are
   * cut off.
   */
  readonly areCutOff?: boolean | undefined
  /**
   * Starts the clients.
   *
   * @throws UserError (environment) if they cannot be started.
   */
  begin(open: OpenTraffic): Promise<TrafficUse>
}

/** Clients at work. */
export interface TrafficUse {
  /** Resolves once they have ended by themselves. */
  readonly gone: Promise<unknown>
  /** Ends the remaining clients for this reason, and resolves with the problems of their ends. */
  end(why: Parameters<ObservedClients['end']>[0]): Promise<readonly string[]>
}

export interface OpenTraffic {
  /** Opens and closes proxies, and injects faults into them. */
  readonly plane: ControlPlane
  readonly proxies: readonly ManagedProxy[]
  /** By server name, connects without a socket. */
  readonly dials: ReadonlyMap<string, () => Duplex>
  /** Records a fault that something else has injected; the returned function records its heal. */
  readonly noteFault: (fault: TrafficFault) => (hits: number) => void
  /** The values of placeholders for proxies and servers in commands. */
  readonly placeholders: Addresses
  /** The directory for output. */
  readonly logDir: string
  /** Ends what remains if this process dies; absent if nothing is started. */
  readonly keeper: Keeper | undefined
}

export interface Addresses {
  readonly [name: string]: string
}
