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

/** What is recorded. */
export interface ObservedTraffic {
  readonly servers: readonly RecordedServer[]
  /** The protocol of the recorded servers. */
  readonly carries: Carriage
  /**
   * Set where each proxy says what it carries, and one that says nothing is not recorded: the other ways in which some
   * are. With any, no key is read at the end, as nothing says whose it is.
   */
  readonly others?: readonly Carriage[] | undefined
  /** The path of the route table, or the name of a protocol that needs none, for messages. */
  readonly as: string
  readonly model: string | undefined
  readonly clients: TrafficClients
  /** Opens the proxies otherwise than one for each server. What is recorded is read as `carries` says. */
  readonly open?: OpenProxies | undefined
}

/** Every way in which something is recorded. */
export const waysOf = ({ carries, others = [] }: Pick<ObservedTraffic, 'carries' | 'others'>): readonly Carriage[] => [
  carries,
  ...others,
]

/** Whoever uses the servers. */
export interface TrafficClients {
  /** What to say if they did not: where they find the proxies. */
  readonly howToUseIt: string
  /** Whether they are a program that the run starts. */
  readonly areStarted: boolean
  /** Whether they may go on after they are told to end: what they still wrote would belie the final reads, so they are cut off. */
  readonly areCutOff?: boolean | undefined
  /** Has them begin. @throws UserError (environment) if they cannot be started */
  begin(open: OpenTraffic): Promise<TrafficUse>
}

/** Clients at work. */
export interface TrafficUse {
  /** Resolves once they have gone by themselves. */
  readonly gone: Promise<unknown>
  /** Ends those that are left, for this reason; resolves to what is wrong with how they ended. */
  end(why: Parameters<ObservedClients['end']>[0]): Promise<readonly string[]>
}

/** Proxies that are open. */
export interface OpenTraffic {
  /** What opens, closes and hurts them. */
  readonly plane: ControlPlane
  readonly proxies: readonly ManagedProxy[]
  /** What connects to a server without a socket, by its name. */
  readonly dials: ReadonlyMap<string, () => Duplex>
  /** Notes a fault that something else has injected, and then that it has healed. */
  readonly noteFault: (fault: TrafficFault) => (hits: number) => void
  /** What stands for the addresses of proxies and servers in commands. */
  readonly placeholders: Addresses
  /** Where its output goes. */
  readonly logDir: string
  /** Ends what is left if this process dies; absent if nothing is started. */
  readonly keeper: Keeper | undefined
}

/** What stands for addresses. */
export interface Addresses {
  readonly [name: string]: string
}
