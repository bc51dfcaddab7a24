import type { Model, ModelName } from '@chaosproxy/checker'
import type { Random } from '@chaosproxy/faults'
import type { Completion, History, Input, Json } from '@chaosproxy/history'
import type { Setting, Settings } from './setting.ts'

/** What clients do and how it is judged: one file, one line in the registry. */
export interface Workload {
  readonly name: string
  readonly summary: string
  /** The model that judges its histories. */
  readonly model: ModelName | Model<unknown>
  /** What every object holds before the first operation. */
  readonly initial: Json
  readonly levels: readonly string[]
  /** The levels that are decided whatever happens, with these settings; when absent, all of `levels`. */
  levelsWith?(settings: Settings): readonly string[]
  /** The object that a target replicates for it, if the target has a choice. */
  readonly object: string
  /** Every `f` it may ask for. */
  readonly functions: readonly string[]
  /** The functions it uses with these settings; when absent, all of them. */
  uses?(settings: Settings): readonly string[]
  /** The functions that change nothing: without an answer they count as `fail`, not as `info`. */
  readonly reads: readonly string[]
  readonly settings: readonly Setting[]
  /**
   * The clients of one run. They share what must be unique, such as values. Unique values begin after `serial`: operations
   * added to a run of at most `serial` operations repeat none of its values.
   */
  create(settings: Settings, serial: number): Clients
  /** Absent if operations planned ahead can be asked as they are. */
  follow?(): Follower
  /** Whether clients also ask after healing where operations are planned ahead: see `Client.after`. */
  readonly asksAfterHealing?: true
  /** The final operations for each node after healing, in order; `keys` are the keys the run used. */
  finale(keys: readonly string[]): readonly Input[]
  /** The part of a final read's answer on which nodes must agree; when absent, all of it. */
  agreedOn?(answer: Json): Json
  /** The functions between which a race could show a bug, and what to call one of them; absent if none could. */
  readonly races?: { readonly what: string; readonly functions: readonly string[] }
  /** Why a run proves less than it seems to; empty if it proves something. */
  vacuous(history: History): readonly string[]
}

/** The default export of a user's workload file; members that are not required have defaults. */
export type WorkloadModule = Pick<Workload, 'name' | 'model' | 'functions' | 'create'> & Partial<Workload>

/** Makes the clients of one run. */
export interface Clients {
  /** `rank` numbers a node's clients from 0; it decides what each mostly does. */
  client(random: Random, rank: number): Client
}

/** What one client does next, and what it learns from the answers. */
export interface Client {
  /** Must return something sensible even if nothing was learned: operations may be planned ahead. */
  next(): Input
  /** Called once for each completed operation. After `info` the client continues as a new process. */
  learned?(input: Input, completion: Completion): void
  /**
   * The next operation after everything is healed and all other clients have stopped, such as a poll for the rest of a
   * stream. Called until it returns undefined, for at most half a minute; operations are marked final. Where operations
   * are planned ahead and the workload has `asksAfterHealing`, it is asked of a client at each node that has made none,
   * and has learned those its node answered.
   */
  after?(): Input | undefined
  /** How long to wait before each of these; when absent, not at all. */
  pauseMs?(): number
}

/** Accompanies one client whose operations are planned ahead. */
export interface Follower {
  /**
   * Completes an operation with what only an earlier answer reveals, such as the token of the lock that it releases.
   */
  filledIn(planned: Input): Input
  /** As in `Client`. */
  learned(input: Input, completion: Completion): void
}
