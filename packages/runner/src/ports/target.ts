import type { FaultKind, Nemesis, NodeId, Refusal } from '@chaosproxy/faults'
import type { ErrorMeaning, Header, Input, Json, Millis, SessionSource, UserError } from '@chaosproxy/history'
import type { Stickiness } from '@chaosproxy/protocols'
import type { Setting, Settings } from '@chaosproxy/workloads'
import type { Heard, Listening, Recollection } from '../result/run-summary.ts'
import type { Cluster } from './cluster.ts'

/** `true` if a target can suffer a kind of fault; otherwise the reason why it cannot. */
export type Suffering = true | Refusal

/** A deliberate bug that a target can be given, and the conditions that expose it. */
interface Bug {
  readonly name: string
  readonly summary: string
  readonly under?: {
    readonly settings?: Settings | undefined
    readonly faults?: readonly string[] | undefined
    readonly workload?: string | undefined
  }
}

export interface PromiseQuestion {
  readonly workload: string
  /** The object that the target replicates for the workload; a user-defined workload may name any object. */
  readonly object: string
  readonly settings: Settings
  readonly faults: readonly FaultKind[]
}

/**
 * The input of a weakness, which may depend on the faults: without a fault that causes a promotion, a weak promotion
 * loses nothing.
 */
export type WeaknessQuestion = Pick<PromiseQuestion, 'object' | 'settings' | 'faults'> & { readonly nodes: number }

/** A program that a target needs, and that is missing on this machine or too old. */
export interface MissingProgram {
  /** Name of the program, with the oldest sufficient version if any version is too old. */
  readonly program: string
  readonly install: string
  /** The version on this machine: `/usr/bin/redis-server is 6.0.16`. Absent if there is none. */
  readonly found?: string | undefined
}

/** A system that can be tested: an embedded protocol (real or simulated), a database, or a user's own commands. */
export interface Target {
  /** The name that `--target` and a `RunSpec` use. */
  readonly name: string
  /** Whether the run drives its own clients or observes other clients; by default `driven`. */
  readonly clients?: 'driven' | 'observed' | undefined
  readonly summary: string
  readonly defaultNodes: number
  /** The settings that `--set` can change. */
  readonly settings: readonly Setting[]
  readonly bugs: readonly Bug[]
  /** Whether the target marks the events at which its bug takes effect: a run without a mark has not tried the bug. */
  readonly marks: boolean
  /** Whether each client stays with one node; by default, some clients call any node. */
  readonly sticky?: Stickiness | ((settings: Settings) => Stickiness) | undefined
  /** A simulated run is repeatable byte for byte; a real run only repeats its workload and schedule. */
  readonly tier: 'simulated' | 'real'
  /**
   * Milliseconds that replicas may take to agree after healing and the last write; by default 10 s. A function gets the
   * level by which the run is judged.
   */
  readonly quietMs?: Millis | ((level: string | undefined) => Millis) | undefined
  /** How the record of the target's proxy tells clients apart; absent if the proxy keeps no record. */
  readonly sessions?: SessionSource | ((settings: Settings) => SessionSource | undefined) | undefined
  /** `routes` if a route table of the user defines the operations. */
  readonly mapping?: Header['mapping']
  /** The user's declaration of the target, if any. It is stored with runs, because the file may change later. */
  readonly declared?: object | undefined
  /** The default workload of the target, and the default faults, which may take no effect. */
  readonly usual?: {
    readonly workload: { readonly name: string; readonly settings: Settings }
    readonly faults: readonly string[]
    /** Milliseconds for which clients start operations, and operations per second. */
    readonly load?: { readonly timeMs: number; readonly rate: number }
  }
  /** The declared initial value of objects; absent if the workload's applies. */
  readonly begins?: DeclaredBeginning | undefined
  /** See `SchedulePlan`. */
  readonly longestFault?: number | undefined
  functions(settings: Settings): readonly string[]
  /** The objects that the target supports, by their names in workloads. Undefined if the functions determine them. */
  readonly objects?: readonly string[] | undefined
  /** Returns the strongest level that the target promises, or `nothing`. */
  promises(question: PromiseQuestion): string
  /**
   * Returns the guarantee that the settings give up in a run, as a clause for reports of a violation. Undefined if they
   * give up none.
   */
  weakness?(question: WeaknessQuestion): string | undefined
  /** `among` is where the fault would be injected; if absent, anywhere. */
  suffers(fault: FaultKind, among?: 'nodes' | 'clients'): Suffering
  /**
   * Returns the faults that can be chosen by name, for each group of nodes with equal faults. If absent, every node can
   * suffer all faults in the registry that `suffers` allows.
   */
  offers?(): readonly Offer[]
  /** Returns why no fault of this name is offered, and what to do; if absent, `suffers` gives the reason. */
  refusal?(name: string): string
  /**
   * Rejects settings, bugs and numbers of nodes that cannot be combined, before anything is started.
   *
   * @throws UserError (usage)
   */
  validate?(settings: Settings, bug: string | undefined, nodes: number): void
  /**
   * The meaning of errors for the operations that failed with them; the first match counts. Other errors are `info`.
   */
  readonly errors?: readonly ErrorMeaning[] | undefined
  /**
   * Returns the programs that the target needs and that are missing on this machine or too old; absent if it needs
   * none.
   */
  missing?(): Promise<readonly MissingProgram[]>
  /**
   * Rejects clients that cannot run in other processes, before anything is started. Absent if no clients of this target
   * can.
   *
   * @throws UserError (usage) with what to do instead.
   */
  requireElsewhere?(): void
  /** @throws UserError (environment) if it does not come up; nothing is left behind in that case. */
  start(options: StartOptions): Promise<StartedCluster>
}

/** The initial value of every object, as the user declares it. */
export interface DeclaredBeginning {
  /** The initial value; `unknown` if it is not known. */
  readonly initial: Json
  /** The beginning of every message: the name of a file. */
  readonly where: string
}

/** A group of nodes, and the faults that can be chosen for them. */
export interface Offer {
  readonly nodes: readonly NodeId[]
  readonly nemeses: readonly Nemesis[]
  /**
   * Factor by which the intervals between faults are longer than usual, for observed clients that need calm to recover;
   * by default 1.
   */
  readonly calm?: number | undefined
}

export interface StartOptions {
  readonly nodes: number
  readonly settings: Settings
  readonly bug: string | undefined
  /** The object to replicate, if the target supports several. */
  readonly object: string
  /** The operations of the clients, which the proxy needs in order to record them. */
  readonly asked: AskedOperations
  readonly seed: number
  /** Directory for the nodes' data and output. A target that needs neither does not create it. */
  readonly dataDir: string
  readonly logDir: string
  /** Upper bound on the duration of the run, in the cluster's own time; a simulated run ends at this time. */
  readonly longestMs: Millis
  /** Expected operations per second, over all clients. */
  readonly rate: number
  /** The kinds of faults that the run may inject, for which processes may have to be prepared; by default none. */
  readonly faults?: readonly FaultKind[] | undefined
  /** This program's version, which components on other hosts must have; if absent, any version is accepted. */
  readonly version?: string | undefined
  /** This machine's address for clients on other machines, on which the proxy listens; if absent, only on loopback. */
  readonly reach?: string | undefined
  /**
   * The messages between nodes to record. A target that cannot record them, or that can be asked later, ignores this.
   */
  readonly listening?: Listening | undefined
  /**
   * Whether the clients' operations are rehearsed with one write and one read; a target whose clients need no check
   * ignores this.
   */
  readonly rehearses?: boolean | undefined
  /** Called with the reason if the start takes long. */
  readonly waits?: ((text: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface AskedOperations {
  readonly functions: readonly string[]
  readonly reads: readonly string[]
  readonly initial: Json
  /** Reads of every object known in advance, because a shared system may already hold data. */
  readonly before?: readonly Input[] | undefined
  /** Returns a write as clients will send it; undefined if they write no whole values. */
  sampleWrite?(): Input | undefined
}

/** The test of one write and one read before a run. */
export interface Rehearsal {
  /** The exchanges on the wire: `n1: PUT /items/x {"item":7} was answered 200`. Empty if nothing could be tested. */
  readonly exchanges: readonly string[]
  /**
   * A sentence that says what clients do differently because of the answers, or that no write worked; absent without a
   * remark.
   */
  readonly remark?: string | undefined
}

export interface NodeCommand {
  readonly words: readonly string[]
  /** Changes to this process's environment; undefined removes a variable. */
  readonly environment?: { readonly [name: string]: string | undefined } | undefined
  readonly directory?: string | undefined
  readonly user?: string | undefined
}

export interface Elsewhere {
  /** The description of the clients, as plain data for the targets' `openElsewhere`. */
  readonly clients: object
  readonly addresses: readonly { readonly node: NodeId; readonly host: string; readonly port: number }[]
}

export interface StartedCluster extends Cluster {
  /** Milliseconds from the start until the cluster could serve; undefined if that took no time. */
  readonly readyMs: number | undefined
  readonly rehearsal?: Rehearsal | undefined
  leader(): NodeId | undefined
  /** Returns how clients in other processes reach the cluster; absent for clients that `requireElsewhere` rejects. */
  elsewhere?(): Elsewhere
  /**
   * Returns the placeholders that probes may use for the addresses of the cluster's servers; absent if there are none.
   */
  placeholders?(): { readonly [name: string]: string }
  /** Returns the command of each node that the cluster started; absent if it starts no processes. */
  commands?(): { readonly [node: NodeId]: NodeCommand }
  /** Starts the run. In virtual time nothing happens before this call. */
  begin(): void
  /** Calls back if this cluster's own code breaks, so that its run can show nothing more. */
  onBroken(callback: (error: UserError) => void): void
  /** Returns the messages that the cluster was asked to record; absent if it cannot record messages. */
  heard?(): Heard | undefined
  /**
   * Returns the messages between nodes about a change, from the cluster's record of traffic; absent if it keeps none.
   */
  recall?(asked: Recollection): Heard
  /** Returns remarks that do not change the verdict, after the end of the run. */
  notes?(): Promise<readonly string[]>
  /** Returns unexpected failures in order, such as a node that exited by itself. */
  trouble(): readonly string[]
}
