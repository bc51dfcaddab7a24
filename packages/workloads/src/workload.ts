import type { Model, ModelName } from '@chaosproxy/checker'
import type { Random } from '@chaosproxy/faults'
import type { Completion, History, Input, Json } from '@chaosproxy/history'
import type { Setting, Settings } from './setting.ts'

/**
 * The operations of clients, and how their histories are judged. A workload is one file and one line in the registry.
 */
export interface Workload {
  readonly name: string
  readonly summary: string
  /** The model that judges the workload's histories. */
  readonly model: ModelName | Model<unknown>
  /** The value of every object before the first operation. */
  readonly initial: Json
  readonly levels: readonly string[]
  /** Returns the levels that are always decided with these settings; when absent, all of `levels`. */
  levelsWith?(settings: Settings): readonly string[]
  /** The object that a target replicates for the workload, if the target has a choice. */
  readonly object: string
  /** The functions that the workload may call. */
  readonly functions: readonly string[]
  /** Returns the functions that the workload uses with these settings; when absent, all of them. */
  uses?(settings: Settings): readonly string[]
  /** The functions that change nothing. Their unanswered calls count as `fail` instead of `info`. */
  readonly reads: readonly string[]
  readonly settings: readonly Setting[]
  /**
   * Creates the clients of one run. The clients share a source of unique values, which begin after `serial`. Operations
   * can thus be added to a run of at most `serial` operations without repeating its values.
   */
  create(settings: Settings, serial: number): Clients
  /** Creates a follower. Absent if planned operations can be sent unchanged. */
  follow?(): Follower
  /** Whether clients also send operations after healing if operations are planned ahead (see `Client.after`). */
  readonly asksAfterHealing?: true
  /** Returns the final operations for each node after healing, in order; `keys` are the keys that the run used. */
  finale(keys: readonly string[]): readonly Input[]
  /**
   * Returns the part of a final read's answer on which nodes must agree. If this function is absent, nodes must agree
   * on the whole answer.
   */
  agreedOn?(answer: Json): Json
  /**
   * The functions in which a race could show a bug (`functions`), and a name for a call of them (`what`). Absent if a
   * race could show no bug.
   */
  readonly races?: { readonly what: string; readonly functions: readonly string[] }
  /** Returns the reasons why a run proves less than it seems to; empty if there are none. */
  vacuous(history: History): readonly string[]
}

/** The default export of a user's workload file; members that are not required have defaults. */
export type WorkloadModule = Pick<Workload, 'name' | 'model' | 'functions' | 'create'> & Partial<Workload>

/** Creates the clients of one run. */
export interface Clients {
  /**
   * Creates a client. `rank` numbers the clients of a node from 0, and decides which operations the client mostly
   * sends.
   */
  client(random: Random, rank: number): Client
}

/** Decides what one client does next, from what it learned from the answers. */
export interface Client {
  /**
   * Returns the next operation. Must work even before anything was learned, because operations may be planned ahead.
   */
  next(): Input
  /** Called once for each completed operation. After `info` the client continues as a new process. */
  learned?(input: Input, completion: Completion): void
  /**
   * Returns the next operation after all faults are healed and all other clients have stopped, such as a poll for the
   * rest of a stream. The run calls this function until it returns undefined, for at most half a minute, and marks the
   * operations as final. If operations are planned ahead, the run calls this function only if the workload has
   * `asksAfterHealing`. It then uses one client per node, which has sent no operations and has learned the answers of
   * its node.
   */
  after?(): Input | undefined
  /** Returns the pause before each operation of `after`, in milliseconds. The pause is 0 if this function is absent. */
  pauseMs?(): number
}

/** Follows one client whose operations are planned ahead. */
export interface Follower {
  /** Completes an operation with data that only an earlier answer reveals, such as the token of the lock to release. */
  filledIn(planned: Input): Input
  /** As in `Client`. */
  learned(input: Input, completion: Completion): void
}
