import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Generator } from '../generator.ts'
import { majorityOf as majority } from '../members.ts'
import type { Subject } from '../options.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'

interface RedlockConfig extends Subject {
  readonly ttlMs: Millis
  /** The fraction of the time to live by which clocks may differ (CLOCK_DRIFT_FACTOR). */
  readonly clockDrift: number
  /** The time within which a majority must have answered. */
  readonly attemptMs: Millis
  readonly requestTimeoutMs: Millis
  readonly fencing: boolean
}

/** Identifies an attempt. Each attempt has its own value, which only its owner knows. */
interface Named {
  readonly key: string
  readonly value: string
}

export type RedlockMessage = MessagesOf<{
  set: Named
  /** `counter` is the highest token that the master has seen. */
  'set-done': Named & { isMine: boolean; counter: number }
  raise: Named & { token: number }
  raised: Named
  delete: Named
  deleted: Named & { wasMine: boolean }
  load: Named & { token: number }
  loaded: Named & { content: Json }
  store: Named & { token: number; content: Json }
  stored: Named
  /** The resource has seen a later token. */
  refused: Named
}>

export type RedlockRecord = RecordsOf<{
  set: Named
  /** Released or expired. */
  deleted: Named & { isReleased: boolean }
  raised: Named & { token: number }
  cell: { key: string; cell: Cell }
}>

export interface Cell {
  /** The object's content as its `save` returns it; null if nothing has been stored. */
  readonly content: Json
  readonly by: string
  readonly fence: number
}

/**
 * What a lock is acquired for. `hold`: a client asked for the lock itself. `apply`: a client's request changes the
 * resource under the lock.
 */
export type Job =
  | { readonly type: 'hold'; readonly requestId: string }
  | { readonly type: 'apply'; readonly requestId: string; readonly input: Input; readonly since: Millis }

/** One attempt of a client to acquire the lock of a key and to use it. */
export interface Attempt {
  readonly key: string
  readonly value: string
  readonly job: Job
  readonly startedAt: Millis
  phase: 'set' | 'raise' | 'load' | 'store'
  readonly set: Set<NodeId>
  readonly refused: Set<NodeId>
  readonly raised: Set<NodeId>
  /** The highest counter among the masters' answers; later the fencing token. */
  token: number
  /** The content to store. Used only while `phase` is `store`. */
  content: Json
  result: Completion | undefined
}

/** A lock being released, kept until every master has confirmed. */
interface Release {
  readonly key: string
  readonly value: string
  /** The client's request to release the lock; undefined if no client waits for it. */
  readonly request: { readonly id: string; readonly token: Json } | undefined
  readonly since: Millis
  /** For each master that has answered: whether the key still had the lock's value there when the lock was released. */
  readonly answers: Map<NodeId, boolean>
  isAnswered: boolean
}

export interface RedlockState {
  readonly id: NodeId
  readonly masters: readonly NodeId[]
  readonly resource: NodeId
  readonly life: number
  readonly generator: Generator
  // A master.
  readonly locks: Map<string, string>
  readonly counters: Map<string, number>
  /** By key, only with fencing: the latest fencing token, and the value that identifies the lock with this token. */
  readonly tokens: Map<string, { readonly value: string; readonly token: number }>
  /**
   * Maps the value of each released lock to whether the key still had this value at the release. A SET for such a value
   * is ignored, because it was sent before the DEL. In real systems, both commands use a single connection, so the SET
   * arrives first.
   */
  readonly gone: Map<string, boolean>
  // The resource.
  readonly cells: Map<string, Cell>
  // A client.
  readonly attempts: Map<string, Attempt>
  readonly releases: Map<string, Release>
  /** Jobs to try again after `notBefore`, because their last attempt failed. */
  waiting: (Extract<Job, { type: 'apply' }> & { readonly key: string; readonly notBefore: Millis })[]
  /** The value of a lock that this node acquired, by key and token. */
  readonly held: Map<string, string>
  named: number
  /**
   * The lock that this node acquired in its last step, and whether the node's own master had this lock. The invariant
   * uses both.
   */
  granted: (Named & { readonly ownHad: boolean }) | undefined
}

export type Redlock = Types<RedlockConfig, RedlockState, RedlockMessage, RedlockRecord, 'again' | `expire ${string}`>
export type RedlockTurn = Turn<Redlock>

export function sendToMasters(turn: RedlockTurn, message: RedlockMessage): void {
  for (const master of turn.state.masters) turn.send(master, message)
}

/** Returns a name that consists of a lock's key and its token. Any node can use the name to release the lock. */
export const nameOfToken = (key: string, token: Json): string => `${key} token ${JSON.stringify(token)}`

/** The number of masters that an attempt must lock: "at least N/2 + 1" */
export const trueMajority = ({ masters }: RedlockState): number => majority(masters.length)

export function majorityOf({ state, config }: RedlockTurn): number {
  // The bug: half of the masters, rounded down, suffice.
  return config.bug === 'no-majority' ? Math.max(1, trueMajority(state) - 1) : trueMajority(state)
}
