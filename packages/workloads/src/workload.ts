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
  /** The functions that change nothing; unanswered calls of them count as `fail`, not as `info`. */
  readonly reads: readonly string[]
  readonly settings: readonly Setting[]
  /**
   * Creates the clients of one run, which share the source of unique values. Unique values begin after `serial`, so
   * operations added to a run of at most `serial` operations repeat none of its values.
   */
  create(settings: Settings, serial: number): Clients
  /** Creates a follower; absent if operations planned ahead can be sent unchanged. */
  follow?(): Follower
  /** Whether clients also send operations after healing if operations are planned ahead (see `Client.after`). */
  readonly asksAfterHealing?: true
  /** Returns the final operations for each node after healing, in order; `keys` are the keys that the run used. */
  finale(keys: readonly string[]): readonly Input[]
  /** Returns the part of a final read's answer on which nodes must agree; when absent, the whole answer. */
  agreedOn?(answer: Json): Json
  /** The functions in which a race could show a bug, and a name for one call of them; absent if none could. */
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
   * rest of a stream. Called until it returns undefined, for at most half a minute; the operations are marked final. If
   * operations are planned ahead and the workload has `asksAfterHealing`, it is called on one client per node, which
   * has sent no operations and has learned the answers of its node.
   */
  after?(): Input | undefined
  /** Returns how long to wait before each of these operations, in milliseconds; when absent, 0. */
  pauseMs?(): number
}

/** Follows one client whose operations are planned ahead. */
export interface Follower {
  /** Completes an operation with data that only an earlier answer reveals, such as the token of the lock to release. */
  filledIn(planned: Input): Input
  /** As in `Client`. */
  learned(input: Input, completion: Completion): void
}
