import type { Event, Millis } from '@chaosproxy/history'
import type { ProtocolDefinition, ProtocolModule } from '@chaosproxy/protocols'
import type { CodeRun } from '@chaosproxy/report'
import type { Scenario, Target } from '@chaosproxy/runner'
import type { SearchedProtocol } from '@chaosproxy/simulator'
import type { Progress } from '@chaosproxy/targets/watchdog'
import type { ServiceDeclaration } from '../references/services.ts'
import type { PlayedScenario } from './play.ts'
import type { Simulated, SimulateSpec } from './simulated-run.ts'
import type { Stops } from './stops.ts'
import type { SubjectName } from './subject-name.ts'

/** A way to run a system: state machines in the simulator, Node programs in the simulator, or processes. */
export interface World {
  /** The target that a full reference names here. @throws UserError (usage, input) */
  target(reference: string): Promise<Target>
  /** Plays a scenario, as often as it is called. */
  player(scene: Scene): Player
}

/**
 * Plays a scenario once. Undefined if it was interrupted.
 *
 * @param follows whether to find out which lines ran, if a program fails. @throws UserError (environment) if a cluster
 * does not start.
 */
export type Player = (follows: boolean) => Promise<PlayedScenario | undefined>

/** A scenario to play, and how to end it early. */
export interface Scene {
  readonly subject: SubjectName
  readonly scenario: Scenario
  readonly interrupted: AbortSignal
  /** The subject in virtual time. */
  searched(): Promise<Subject>
  /** Plays it in virtual time, on another thread if the subject is the user's own. */
  readonly simulated: Player
}

/** A world in virtual time, whose runs can be searched. */
export interface VirtualWorld extends World {
  /** What it can be asked, known before it is loaded. @throws UserError (usage, input) if there is no such subject. */
  outline(reference: string): Promise<ProtocolDefinition>
  /** @throws UserError (usage, input) if there is no such subject. */
  load(reference: string, watching?: Watching): Promise<Loaded>
  /** The same for a subject that a caller hands over. @throws UserError (usage, input) */
  given(value: ProtocolModule | ServiceDeclaration): Promise<Given>
  /** A whole run, for the thread whose progress is watched. */
  run(spec: SimulateSpec, progress: Progress): Promise<Simulated>
  /** @throws UserError (usage) for a fault that this subject cannot suffer; `option` begins the message. */
  requireSufferable(faults: readonly string[], option: string, loaded: Pick<Loaded, 'nodesFor'>): void
  /** The faults of a search that names none; undefined: all among nodes. */
  readonly usualFaults: readonly string[] | undefined
}

/** Observers of a subject while it runs. */
export interface Watching {
  /** This thread's progress, if another thread watches it. */
  readonly progress?: Progress | undefined
  /** Without such a watch: the processor time after which a run is ended if a program does not return. */
  readonly longestMs?: Millis | undefined
  /** Where a debugger may stop. */
  readonly stops?: Stops | undefined
  /** Called for each statement that a simulated PostgreSQL does not execute; without it, the first ends the run. */
  readonly unsupportedSql?: ((sql: string, construct: string) => void) | undefined
}

/** A subject before its bug, its settings and its workload are chosen. */
export interface Loaded {
  readonly protocol: ProtocolDefinition
  /** Whether it reports by assertions what it reaches. */
  readonly asserts: boolean
  /** The nodes that a kind of fault can hit, if only some can; undefined: all. */
  readonly nodesFor?: SearchedProtocol['nodesFor']
  /** @throws UserError (input) for a workload that it cannot serve. */
  subject(chosen: SearchedProtocol): Subject
}

/** A subject that a caller handed over. */
interface Given extends Loaded {
  readonly target: string
  /** Undefined: each trial chooses. */
  readonly usualNodes: number | undefined
}

/** A subject that can be run. */
export interface Subject extends SearchedProtocol {
  /** Runs work on the subject. */
  perform<T>(work: () => T): Promise<T>
  /**
   * Waits for what the work left behind: a promise that is rejected then must be noticed before the result is used.
   *
   * @throws UserError (input) for a program that goes on.
   */
  settle(): Promise<void>
  /**
   * Every line that a program ran for a client; undefined if its history differs when it is followed. Absent: unknown.
   */
  readonly follow?: ((followed: Followed) => Promise<CodeRun | undefined>) | undefined
}

/** A scenario that was played. */
export interface Followed {
  readonly scenario: Scenario
  readonly invariants: boolean
  readonly events: readonly Event[]
}
