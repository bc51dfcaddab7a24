import type { FaultKind, Nemesis, NodeId, Refusal } from '@chaosproxy/faults'
import type { ErrorMeaning, Header, Input, Json, Millis, SessionSource, UserError } from '@chaosproxy/history'
import type { Stickiness } from '@chaosproxy/protocols'
import type { Setting, Settings } from '@chaosproxy/workloads'
import type { Heard, Listening, Recollection } from '../result/run-summary.ts'
import type { Cluster } from './cluster.ts'

/** `true` if a target supports a kind of fault; otherwise the reason why it does not. */
export type FaultSupport = true | Refusal

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
  /** The name of the object that the target replicates for the workload. A user-defined workload may give any name. */
  readonly object: string
  readonly settings: Settings
  readonly faults: readonly FaultKind[]
}

/**
 * The facts on which a weakness of the target depends. The faults are among them, because some weaknesses need a fault:
 * an unsafe promotion of a replica loses nothing unless a fault causes a promotion.
 */
export type WeaknessQuestion = Pick<PromiseQuestion, 'object' | 'settings' | 'faults'> & { readonly nodes: number }

/** A program that a target needs, and that is missing on this machine or too old. */
export interface MissingProgram {
  /** Name of the program. If the installed version may be too old, includes the oldest sufficient version. */
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
  /**
   * Whether the target marks the events at which its bug takes effect. If it does, the bug took no effect in a run
   * without a mark.
   */
  readonly marks: boolean
  /** Whether each client stays with one node; by default, some clients call any node. */
  readonly sticky?: Stickiness | ((settings: Settings) => Stickiness) | undefined
  /** The kind of target. A simulated run repeats byte for byte; a real run repeats only its workload and schedule. */
  readonly tier: 'simulated' | 'real'
  /**
   * Milliseconds that replicas may take to agree after healing and the last write; by default 10 s. If this is a
   * function, its argument is the consistency level by which the run is judged.
   */
  readonly quietMs?: Millis | ((level: string | undefined) => Millis) | undefined
  /** How the record of the target's proxy tells clients apart; absent if the proxy keeps no record. */
  readonly sessions?: SessionSource | ((settings: Settings) => SessionSource | undefined) | undefined
  /** Where the history's values come from: `routes` if a route table of the user defines the operations. */
  readonly mapping?: Header['mapping']
  /** The user's declaration of the target, if any. It is stored with runs, because the file may change later. */
  readonly declared?: object | undefined
  /**
   * The target's default workload and default faults. A default fault that takes no effect does not cast doubt on the
   * run.
   */
  readonly usual?: {
    readonly workload: { readonly name: string; readonly settings: Settings }
    readonly faults: readonly string[]
    /** How long clients start operations, in milliseconds, and the rate in operations per second. */
    readonly load?: { readonly timeMs: number; readonly rate: number }
  }
  /** The initial value that the user declares for all objects; absent if the workload decides it. */
  readonly begins?: DeclaredBeginning | undefined
  /** See `SchedulePlan`. */
  readonly longestFault?: number | undefined
  functions(settings: Settings): readonly string[]
  /**
   * The names of the objects that the target supports, as workloads name them. If undefined, the target supports an
   * object whenever it supports all functions of the object.
   */
  readonly objects?: readonly string[] | undefined
  /** Returns the strongest level that the target promises, or `nothing`. */
  promises(question: PromiseQuestion): string
  /**
   * Returns the guarantee that the settings sacrifice in a run, as a clause for reports of a violation; undefined if
   * they sacrifice none.
   */
  weakness?(question: WeaknessQuestion): string | undefined
  /**
   * Whether the target supports a fault. `among`: whether the fault must be supported on nodes or on the links of
   * clients. Without `among`, support for one of these suffices.
   */
  supports(fault: FaultKind, among?: 'nodes' | 'clients'): FaultSupport
  /**
   * Returns the faults that can be chosen by name, for each group of nodes. If absent, every node supports all
   * registered faults that `supports` allows.
   */
  offers?(): readonly Offer[]
  /** Returns why the target offers no fault of this name, and what to do. If absent, `supports` gives the reason. */
  refusal?(name: string): string
  /**
   * Rejects settings, bugs and numbers of nodes that cannot be combined, before anything is started.
   *
   * @throws UserError (usage)
   */
  validate?(settings: Settings, bug: string | undefined, nodes: number): void
  /** Maps the errors of failed operations to outcomes; the first match counts. Errors without a match are `info`. */
  readonly errors?: readonly ErrorMeaning[] | undefined
  /**
   * Returns the programs that the target needs and that are missing on this machine or too old; absent if it needs
   * none.
   */
  missing?(): Promise<readonly MissingProgram[]>
  /**
   * Rejects clients that cannot run in other processes, before anything is started. If this method is absent, no client
   * of the target can run in another process.
   *
   * @throws UserError (usage) with what to do instead.
   */
  requireElsewhere?(): void
  /** @throws UserError (environment) if the target does not start. Nothing is left behind in that case. */
  start(options: StartOptions): Promise<StartedCluster>
}

/** The initial value that the user declares for every object. */
export interface DeclaredBeginning {
  /**
   * The initial value, or `unknown`. Undefined means the workload's initial value. If that value must be inserted
   * before the run (`Workload.isInserted`), undefined means `unknown`, because the service may contain other data.
   */
  readonly initial: Json | undefined
  /** The name of the file that declares `initial`. Error messages about `initial` begin with this name. */
  readonly where: string
}

/** The faults that can be chosen for a group of nodes. */
export interface Offer {
  readonly nodes: readonly NodeId[]
  readonly nemeses: readonly Nemesis[]
  /**
   * How many times longer than usual the intervals between faults are; by default 1. Observed clients may need long
   * intervals to recover.
   */
  readonly calm?: number | undefined
}

export interface StartOptions {
  readonly nodes: number
  readonly settings: Settings
  readonly bug: string | undefined
  /** The object to replicate, if the target supports several. */
  readonly object: string
  /** The operations that clients request, which the proxy must know for its record. */
  readonly operations: RequestedOperations
  readonly seed: number
  /** Directory for the nodes' data and output. A target without such files does not create the directory. */
  readonly dataDir: string
  readonly logDir: string
  /**
   * Upper bound on the duration of the run, in the cluster's own time. A simulated run ends when this time has passed.
   */
  readonly longestMs: Millis
  /** Expected operations per second, over all clients. */
  readonly rate: number
  /** The kinds of faults that the run may inject, so that processes can be prepared for them; by default none. */
  readonly faults?: readonly FaultKind[] | undefined
  /** This program's version, which components on other hosts must have; if absent, any version is accepted. */
  readonly version?: string | undefined
  /** The address of this machine for clients on other machines. If absent, the proxy listens only on loopback. */
  readonly reach?: string | undefined
  /**
   * The messages between nodes to record. Targets that cannot record messages ignore this member. So do targets that
   * can return the messages after the run.
   */
  readonly listening?: Listening | undefined
  /**
   * Whether one write and one read test the clients' operations before the run. Ignored by targets whose clients need
   * no such test.
   */
  readonly rehearses?: boolean | undefined
  /** Called with the reason if the start takes long. */
  readonly waits?: ((text: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RequestedOperations {
  readonly functions: readonly string[]
  readonly reads: readonly string[]
  readonly initial: Json
  /**
   * Reads of every object whose name is known before the run. The answers show whether a shared system already holds
   * data.
   */
  readonly before?: readonly Input[] | undefined
  /** Returns a write as clients will send it; undefined if clients never write a complete value. */
  sampleWrite?(): Input | undefined
}

/** A test that sends one write and one read to the target before a run. */
export interface Rehearsal {
  /**
   * The requests of the test with their answers: `n1: PUT /items/x {"item":7} was answered 200`. Empty if nothing could
   * be tested.
   */
  readonly exchanges: readonly string[]
  /** A finding for the user: `the service refuses numbers, so clients write strings`, or that no write has worked. */
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
  /**
   * The description of the clients, as plain data. In another process, the function `openElsewhere` creates the clients
   * from it.
   */
  readonly clients: object
  readonly addresses: readonly { readonly node: NodeId; readonly host: string; readonly port: number }[]
}

export interface StartedCluster extends Cluster {
  /**
   * Milliseconds from the start until the cluster could serve clients; undefined if it could serve them immediately.
   */
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
  /** Calls `callback` if the code of this cluster itself fails. After that, the run can show nothing more. */
  onBroken(callback: (error: UserError) => void): void
  /** Returns the messages that the cluster was asked to record; absent if it cannot record messages. */
  heard?(): Heard | undefined
  /**
   * Returns the messages between nodes about a change, from the cluster's record of traffic. Absent if the cluster
   * keeps no record.
   */
  recall?(recollection: Recollection): Heard
  /** Returns remarks that do not change the verdict, after the end of the run. */
  notes?(): Promise<readonly string[]>
  /** Returns the unexpected failures in the order in which they happened; for example, that a node exited by itself. */
  trouble(): readonly string[]
}
