import type { Level } from '@chaos/checker'
import type { FaultKind, NodeId } from '@chaos/faults'
import type { Json, Millis, SessionSource, UserError } from '@chaos/history'
import type { Setting, Settings } from '@chaos/workloads'
import type { Cluster } from './ports.ts'

/** Whether a target can suffer a kind of fault; if not, why, and what comes near it. */
export type Suffering = true | { readonly not: string; readonly instead: string }

/** A deliberate mistake that a target can be given, and what brings it out. */
export interface Mistake {
  readonly name: string
  readonly summary: string
  readonly under?: { readonly settings?: Settings | undefined; readonly faults?: readonly string[] | undefined }
}

/** What a promise depends on. */
export interface PromiseQuestion {
  readonly workload: string
  readonly settings: Settings
  readonly faults: readonly FaultKind[]
}

/** A program that a target needs, and how to get it. */
export interface MissingProgram {
  readonly program: string
  readonly install: string
}

/** Something that can be tested: an embedded protocol, for real or in the simulator, a database, a user's own commands. */
export interface Target {
  /** As `--target` and a `RunSpec` name it. */
  readonly name: string
  readonly summary: string
  readonly defaultNodes: number
  /** What `--set` can change. */
  readonly settings: readonly Setting[]
  readonly bugs: readonly Mistake[]
  /** Whether it says when its mistake made a difference: a run without that has not tried the mistake. */
  readonly marks: boolean
  /** A simulated run repeats to the byte; a real one repeats workload and schedule. */
  readonly tier: 'simulated' | 'real'
  /** What names clients in the record that its own proxy keeps of them; absent where it keeps none. */
  readonly sessions?: SessionSource | undefined
  /** What its clients can be asked for. */
  functions(settings: Settings): readonly string[]
  /** The strongest level that it promises. */
  promises(question: PromiseQuestion): Level | 'nothing'
  suffers(fault: FaultKind): Suffering
  /** Refuses settings and mistakes that cannot be together, before anything is started: throws a UserError (usage). */
  validate?(settings: Settings, bug: string | undefined): void
  /** Programs that it needs and this machine does not have; absent where it needs none. */
  missing?(): Promise<readonly MissingProgram[]>
  /** @throws UserError (environment) where it does not come up; nothing is then left behind. */
  start(options: StartOptions): Promise<StartedCluster>
}

export interface StartOptions {
  readonly nodes: number
  readonly settings: Settings
  readonly bug: string | undefined
  /** Which object it is to replicate, where it can choose. */
  readonly object: string
  /** What clients will ask, for the record that its proxy keeps of them. */
  readonly asked: AskedOperations
  readonly seed: number
  /** For what nodes keep, and for what they print. A target that needs neither makes neither. */
  readonly dataDir: string
  readonly logDir: string
  /** The longest that the run may take of the cluster's own time. One that is simulated ends then. */
  readonly longestMs: Millis
  /** Operations per second that it will be asked for, over all clients. */
  readonly rate: number
  /** Gives up a start that is on its way. */
  readonly signal?: AbortSignal | undefined
}

/** The operations of a run. */
export interface AskedOperations {
  /** By their `f`. */
  readonly functions: readonly string[]
  /** Those that leave nothing behind. */
  readonly reads: readonly string[]
  /** What every object holds at first. */
  readonly initial: Json
}

/** A cluster that is ready to serve. */
export interface StartedCluster extends Cluster {
  /** From the start until it could serve; absent where that took no time. */
  readonly readyMs: number | undefined
  leader(): NodeId | undefined
  /** The run has begun. In virtual time nothing happens before. */
  begin(): void
  /** Calls back once no more can be learned from this cluster: its own code does not work. */
  onBroken(callback: (error: UserError) => void): void
  /** What went wrong without having been asked for, such as a node that ended by itself; in order. */
  trouble(): readonly string[]
}
