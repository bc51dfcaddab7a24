import type { FaultKind, Nemesis, NodeId, Refusal } from '@chaosproxy/faults'
import type { ErrorMeaning, Header, Input, Json, Millis, SessionSource, UserError } from '@chaosproxy/history'
import type { Stickiness } from '@chaosproxy/protocols'
import type { Setting, Settings } from '@chaosproxy/workloads'
import type { Heard, Listening, Recollection } from '../result/run-summary.ts'
import type { Cluster } from './cluster.ts'

/** Whether a target can suffer a kind of fault; if not, why. */
export type Suffering = true | Refusal

/** A deliberate bug a target can be given, and what exposes it. */
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
  /** The object that the target replicates for the workload, which a user's workload chooses freely. */
  readonly object: string
  readonly settings: Settings
  readonly faults: readonly FaultKind[]
}

/** What a weakness may depend on: a promotion that no fault brings about loses nothing. */
export type WeaknessQuestion = Pick<PromiseQuestion, 'object' | 'settings' | 'faults'> & { readonly nodes: number }

/** A program that a target needs and this machine lacks, or has in a version that is too old. */
export interface MissingProgram {
  /** With the oldest version that will do, if there is one that will not. */
  readonly program: string
  readonly install: string
  /** What is there instead: `/usr/bin/redis-server is 6.0.16`. Absent if nothing is. */
  readonly found?: string | undefined
}

/** Something that can be tested: an embedded protocol (real or simulated), a database, a user's own commands. */
export interface Target {
  /** The name that `--target` and a `RunSpec` use. */
  readonly name: string
  /** Whether the run drives clients of its own, or observes those of somebody else; by default `driven`. */
  readonly clients?: 'driven' | 'observed' | undefined
  readonly summary: string
  readonly defaultNodes: number
  /** What `--set` can change. */
  readonly settings: readonly Setting[]
  readonly bugs: readonly Bug[]
  /**
   * Whether the target marks the point at which its bug makes a difference: a run without a mark has not tried the
   * bug.
   */
  readonly marks: boolean
  /** Whether each client stays with one node; otherwise some ask any. */
  readonly sticky?: Stickiness | ((settings: Settings) => Stickiness) | undefined
  /** A simulated run is repeatable byte for byte; of a real one, only workload and schedule are. */
  readonly tier: 'simulated' | 'real'
  /**
   * How long replicas may take to agree once all is healed and writing has stopped, in ms; by default 10 s. A function
   * gets the level that the run is held to.
   */
  readonly quietMs?: Millis | ((level: string | undefined) => Millis) | undefined
  /** How its proxy's record tells clients apart; absent if it keeps no record. */
  readonly sessions?: SessionSource | ((settings: Settings) => SessionSource | undefined) | undefined
  /** `routes`: a route table of the user says what its operations are. */
  readonly mapping?: Header['mapping']
  /** The user's declaration of the target, if any. It is kept with runs, because the file may change later. */
  readonly declared?: object | undefined
  /** What its clients do, and under which faults, unless a run says otherwise. These faults may find nothing to hit. */
  readonly usual?: {
    readonly workload: { readonly name: string; readonly settings: Settings }
    readonly faults: readonly string[]
    /** How long, and how often. */
    readonly load?: { readonly timeMs: number; readonly rate: number }
  }
  /** Absent if objects begin as the workload says. */
  readonly begins?: DeclaredBeginning | undefined
  /** See `SchedulePlan`. */
  readonly longestFault?: number | undefined
  functions(settings: Settings): readonly string[]
  /** The objects it holds, by their names in workloads. Undefined if the functions tell. */
  readonly objects?: readonly string[] | undefined
  /** The strongest level it promises, or `nothing`. */
  promises(question: PromiseQuestion): string
  /** What the settings give up in such a run, as a clause: reports say it beside a violation. Undefined if that is nothing. */
  weakness?(question: WeaknessQuestion): string | undefined
  /** `among`: where the fault would be injected; when absent, anywhere. */
  suffers(fault: FaultKind, among?: 'nodes' | 'clients'): Suffering
  /**
   * The faults that can be chosen by name, for each group of nodes that suffer alike. When absent, all nodes suffer
   * alike whatever the registry has and `suffers` allows.
   */
  offers?(): readonly Offer[]
  /** Why no fault of this name is offered, and what to do; when absent, as `suffers` says. */
  refusal?(name: string): string
  /**
   * Rejects settings, bugs and numbers of nodes that do not go together, before anything is started.
   *
   * @throws UserError (usage)
   */
  validate?(settings: Settings, bug: string | undefined, nodes: number): void
  /** What errors say about the operations they answer, in the order in which they are looked up. Others are `info`. */
  readonly errors?: readonly ErrorMeaning[] | undefined
  /** Programs it needs that this machine lacks or has too old; absent if it needs none. */
  missing?(): Promise<readonly MissingProgram[]>
  /**
   * Rejects clients that no other process can make, before anything is started. Absent if no clients of this target can be.
   *
   * @throws UserError (usage) with what to do instead.
   */
  requireElsewhere?(): void
  /** @throws UserError (environment) if it does not come up; nothing is left behind in that case. */
  start(options: StartOptions): Promise<StartedCluster>
}

/** How every object begins, as the user declares it. */
export interface DeclaredBeginning {
  /** `unknown` if nothing is known of it. */
  readonly initial: Json
  /** The start of every message: the name of a file. */
  readonly where: string
}

/** Nodes that suffer alike, and the faults that they can be chosen for. */
export interface Offer {
  readonly nodes: readonly NodeId[]
  readonly nemeses: readonly Nemesis[]
  /** How many times further apart the faults are than usual, for observed clients that need calm to come back; by default 1. */
  readonly calm?: number | undefined
}

export interface StartOptions {
  readonly nodes: number
  readonly settings: Settings
  readonly bug: string | undefined
  /** The object to replicate, if the target has a choice. */
  readonly object: string
  /** The operations of clients, so that the proxy can record them. */
  readonly asked: AskedOperations
  readonly seed: number
  /** Directory for the nodes' data and output. A target that needs neither does not create it. */
  readonly dataDir: string
  readonly logDir: string
  /** Upper bound on the run, in the cluster's own time; a simulated run ends there. */
  readonly longestMs: Millis
  /** Operations per second to expect over all clients. */
  readonly rate: number
  /** The kinds of faults that the run may inject, so that processes can be prepared for them; when absent, none is. */
  readonly faults?: readonly FaultKind[] | undefined
  /** This program's version, which what it steers on other hosts must have; when absent, any will do. */
  readonly version?: string | undefined
  /** This machine's address for clients on others, where the proxy then listens; when absent, on loopback only. */
  readonly reach?: string | undefined
  /** Which messages between nodes to record; a target that cannot do so, or that can be asked later, ignores it. */
  readonly listening?: Listening | undefined
  /** Whether one write and one read of clients are tried first; a target whose clients cannot be wrong ignores it. */
  readonly rehearses?: boolean | undefined
  /** Called if the start takes long, with what it waits for. */
  readonly waits?: ((text: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface AskedOperations {
  readonly functions: readonly string[]
  readonly reads: readonly string[]
  readonly initial: Json
  /** Reads of every object known beforehand, because a shared system may already hold data. */
  readonly before?: readonly Input[] | undefined
  /** A write as clients will ask for it; undefined if they write no whole values. */
  sampleWrite?(): Input | undefined
}

/** One write and one read before a run. */
export interface Rehearsal {
  /** As they were on the wire: `n1: PUT /items/x {"item":7} was answered 200`. Empty if nothing could be tried. */
  readonly exchanges: readonly string[]
  /** What clients do differently because of the answers, or that no write worked, as a sentence; absent if nothing. */
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
  /** What the clients are, as plain data for the targets' `openElsewhere`. */
  readonly clients: object
  readonly addresses: readonly { readonly node: NodeId; readonly host: string; readonly port: number }[]
}

export interface StartedCluster extends Cluster {
  /** The time from the start until it could serve; absent if that took no time. */
  readonly readyMs: number | undefined
  /** Absent if there was none. */
  readonly rehearsal?: Rehearsal | undefined
  leader(): NodeId | undefined
  /** How clients in other processes reach it; absent if they cannot, as those that `requireElsewhere` rejects. */
  elsewhere?(): Elsewhere
  /** What stands for the addresses of its servers in probes; when absent, nothing does. */
  placeholders?(): { readonly [name: string]: string }
  /** How each node that it started itself was started; absent if it starts no processes. */
  commands?(): { readonly [node: NodeId]: NodeCommand }
  /** Starts the run. In virtual time nothing happens before this. */
  begin(): void
  /** Calls back once nothing more can be learned from this cluster, because its own code is broken. */
  onBroken(callback: (error: UserError) => void): void
  /** The messages it was asked to record; absent if it cannot. */
  heard?(): Heard | undefined
  /** The messages between its nodes about a change, from its record of traffic; absent if it keeps none. */
  recall?(asked: Recollection): Heard
  /** Remarks that change no verdict, once the run is over. */
  notes?(): Promise<readonly string[]>
  /** Unexpected failures, such as a node that exited by itself, in order. */
  trouble(): readonly string[]
}
