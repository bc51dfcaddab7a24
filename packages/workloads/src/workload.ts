import type { Model, ModelName } from '@chaosproxy/checker'
import type { Random } from '@chaosproxy/faults'
import type { Completion, History, Input, Json } from '@chaosproxy/history'
import type { Setting, Settings } from './setting.ts'

/** What clients do and how it is judged: one file, one line in the registry. */
export interface Workload {
  readonly name: string
  readonly summary: string
  /** What histories of it are held to. */
  readonly model: ModelName | Model<unknown>
  /** What every object holds before the first operation. */
  readonly initial: Json
  /** The levels that the model can decide. */
  readonly levels: readonly string[]
  /** Which object a target has to replicate for it, where the target is one that can choose. */
  readonly object: string
  /** Every `f` it may ask for. */
  readonly functions: readonly string[]
  /** Those it does ask for with these settings; absent: all. */
  uses?(settings: Settings): readonly string[]
  /** Those that change nothing, whatever becomes of them: without an answer they count as `fail`, not as `info`. */
  readonly reads: readonly string[]
  readonly settings: readonly Setting[]
  /**
   * The clients of one run, which share whatever no two of them may use twice. `serial` is the number after which unique
   * values begin: operations added to a run that had `serial` operations or fewer repeat none of its values.
   */
  create(settings: Settings, serial: number): Clients
  /** Absent where what is planned ahead can be asked for as it is. */
  follow?(): Follower
  /** Asked of each node once all is healed, in this order; `keys` are those that the run has used. */
  finale(keys: readonly string[]): readonly Input[]
  /** What nodes have to agree on of their answers to a final read; absent: all of it. */
  agreedOn?(answer: Json): Json
  /** Why a run proves less than it seems to; empty where it proves something. */
  vacuous(history: History): readonly string[]
}

/** What a file with a workload of one's own exports by default; the rest has defaults. */
export type WorkloadModule = Pick<Workload, 'name' | 'model' | 'functions' | 'create'> & Partial<Workload>

export interface Clients {
  /** `rank` counts the clients of one node, from 0: they differ in what they mostly do. */
  client(random: Random, rank: number): Client
}

/** What one client does next, and what it learns from the answers. */
export interface Client {
  /**
   * A client whose operations are planned ahead learns nothing in between, and must ask for something sensible all the
   * same.
   */
  next(): Input
  /** Called once for each completed operation. After `info` the client goes on as a new process. */
  learned?(input: Input, completion: Completion): void
}

/** Goes along with one client whose operations are planned ahead. */
export interface Follower {
  /** Fills into an operation what only an answer can tell, such as the token of the lock that it releases. */
  filledIn(planned: Input): Input
  /** As a client's. */
  learned(input: Input, completion: Completion): void
}
