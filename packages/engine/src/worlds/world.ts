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

/** A way to run a system: simulated state machines, simulated Node programs, or processes. */
export interface World {
  /**
   * Returns the target that a reference names. The reference is a target's name, the path of a user's file, or a
   * service's declaration.
   *
   * @throws UserError (usage, input)
   */
  target(reference: string): Promise<Target>
  /** Returns a player, which may be called repeatedly. */
  player(scene: Scene): Player
}

/**
 * Plays a scenario once, unless interrupted.
 *
 * @param follows whether to find out which lines of the program ran, if the play ends with a failure.
 * @throws UserError (environment) if a cluster does not start.
 */
export type Player = (follows: boolean) => Promise<PlayedScenario | undefined>

export interface Scene {
  readonly subject: SubjectName
  readonly scenario: Scenario
  readonly interrupted: AbortSignal
  /** Loads the simulated version of the subject, which runs in virtual time, as in a search. */
  searched(): Promise<Subject>
  /** Plays the scenario in virtual time, on another thread if the subject is the user's own. */
  readonly simulated: Player
}

export interface VirtualWorld extends World {
  /**
   * Returns the definition of a subject (a protocol or a service) as known before the subject is loaded.
   *
   * @throws UserError (usage, input) if there is no such subject.
   */
  outline(reference: string): Promise<ProtocolDefinition>
  /** @throws UserError (usage, input) if there is no such subject. */
  load(reference: string, watching?: Watching): Promise<Loaded>
  /**
   * Loads a subject given as a value.
   *
   * @throws UserError (usage, input)
   */
  given(value: ProtocolModule | ServiceDeclaration): Promise<Given>
  /** Performs a whole run and reports its progress. */
  run(spec: SimulateSpec, progress: Progress): Promise<Simulated>
  /** @throws UserError (usage) if this subject does not support a fault. The message begins with `option`. */
  requireFaultSupport(faults: readonly string[], option: string, loaded: Pick<Loaded, 'nodesFor'>): void
  /** The default faults of a search; undefined for all faults among nodes. */
  readonly usualFaults: readonly string[] | undefined
}

/** What observes a subject while it runs. */
export interface Watching {
  /** This thread's progress, if another thread watches it. */
  readonly progress?: Progress | undefined
  /** The processor time after which a run is ended. Needed if no other thread watches this thread. */
  readonly longestMs?: Millis | undefined
  readonly stops?: Stops | undefined
  /**
   * Called for each statement that the simulated PostgreSQL does not execute. If undefined, such a statement ends the
   * run.
   */
  readonly unsupportedSql?: ((sql: string, construct: string) => void) | undefined
}

/** A loaded subject, before a bug, settings or a workload are chosen. */
export interface Loaded {
  readonly protocol: ProtocolDefinition
  /** Whether the subject reports its coverage by `sometimes` or `reachable`. */
  readonly asserts: boolean
  /** Returns the nodes that a kind of fault can hit, by default all. */
  readonly nodesFor?: SearchedProtocol['nodesFor']
  /** @throws UserError (input) if the subject cannot serve the workload. */
  subject(chosen: SearchedProtocol): Subject
}

interface Given extends Loaded {
  readonly target: string
  /** The default number of nodes. Undefined if each trial chooses the number. */
  readonly usualNodes: number | undefined
}

export interface Subject extends SearchedProtocol {
  perform<T>(work: () => T): Promise<T>
  /**
   * Waits for all that the work has started, so that a promise that is rejected meanwhile is noticed.
   *
   * @throws UserError (input) for a program that continues to run.
   */
  settle(): Promise<void>
  /**
   * Plays the scenario again, and returns the lines of code that the program ran for clients. Returns undefined if
   * observing these lines changes the history. The function is absent if lines of this system cannot be observed.
   */
  readonly follow?: ((followed: Followed) => Promise<CodeRun | undefined>) | undefined
}

export interface Followed {
  readonly scenario: Scenario
  readonly invariants: boolean
  readonly events: readonly Event[]
}
