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
  /** Whether the initial value is data that must be inserted into the system before the run, such as accounts. */
  readonly isInserted?: true
  readonly levels: readonly string[]
  /** Returns the levels that are always decided with these settings; by default all. */
  levelsWith?(settings: Settings): readonly string[]
  /** The object that a target replicates for the workload, if the target has a choice. */
  readonly object: string
  /** The functions that the workload may call. */
  readonly functions: readonly string[]
  /** Returns the functions that the workload uses with these settings; by default all. */
  uses?(settings: Settings): readonly string[]
  /** The functions that change nothing. Unanswered, they count as `fail` instead of `info`. */
  readonly reads: readonly string[]
  readonly settings: readonly Setting[]
  /**
   * Creates the clients of one run. They take their unique values from a sequence, and skip its first `serial` values.
   * Operations can thus be added to a run of at most `serial` operations, and never repeat its values.
   */
  create(settings: Settings, serial: number): Clients
  /** Creates a follower, which completes planned operations; absent if they can be sent unchanged. */
  follow?(): Follower
  /** Whether clients also send planned operations after healing (see `Client.after`). */
  readonly asksAfterHealing?: true
  /** Returns the final operations for each node after healing, for the keys of the run. */
  finale(keys: readonly string[]): readonly Input[]
  /** Returns the part of a final read on which nodes must agree; by default all of it. */
  agreedOn?(answer: Json): Json
  /** `functions`: the functions in which a race could show a bug. `what`: a name for a call of one of them. */
  readonly races?: { readonly what: string; readonly functions: readonly string[] }
  /** Returns the reasons why a run proves less than it seems to. */
  vacuous(history: History): readonly string[]
}

/** The default export of a user's workload file. All other members have defaults. */
export type WorkloadModule = Pick<Workload, 'name' | 'model' | 'functions' | 'create'> & Partial<Workload>

/** Creates the clients of one run. */
export interface Clients {
  /** Creates a client. `rank` numbers the clients of a node from 0, and decides what the client mostly sends. */
  client(random: Random, rank: number): Client
}

/** Decides what one client does next, from what it learned from the answers. */
export interface Client {
  /** Returns the next operation. Operations may be planned ahead, before anything was learned. */
  next(): Input
  /** Called once for each completed operation. After `info` the client continues as a new process. */
  learned?(input: Input, completion: Completion): void
  /**
   * Returns the next operation after healing, such as a poll for the rest of a stream. It is first called when all
   * faults are healed and all clients have stopped, and then after each of these operations until it returns undefined,
   * for at most half a minute. The operations are marked as final. If operations are planned ahead, `after` is called
   * only for workloads with `asksAfterHealing`, on one additional client for each node. This client has learned all
   * answers of its node.
   */
  after?(): Input | undefined
  /** Returns the pause before the next operation that `after` returns, in milliseconds; by default 0. */
  pauseMs?(): number
}

/** Completes the operations of one client, which were planned ahead, with data from the answers to this client. */
export interface Follower {
  /** Completes an operation with data from an earlier answer, such as the token of a lock. */
  filledIn(planned: Input): Input
  /** As in `Client`. */
  learned(input: Input, completion: Completion): void
}
