import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Station } from '../station.ts'
import type { MessageOf, MessagesOf, Turn, Types } from '../turn.ts'

interface BalancerConfig extends Subject {
  readonly backend: 'files' | 'store'
  readonly choice: 'round-robin' | 'least-connections' | 'consistent-hashing'
  /** Whether health checks wait in the server's queue. */
  readonly deepChecks: boolean
  readonly checkMs: Millis
  /** The number of consecutive checks without an answer after which a server gets no more requests. */
  readonly missedChecks: number
  /** If a smaller fraction of the servers is up, all servers get requests. */
  readonly panicShare: number
  /** The largest number of attempts of a request. Only requests that had no effect are repeated. */
  readonly attempts: number
  readonly requesterTimeoutMs: Millis
  readonly balancerTimeoutMs: Millis
  /** How long a request may wait in a server's queue. */
  readonly serverTimeoutMs: Millis
  readonly serviceMs: Millis
  readonly queueLimit: number
}

interface Named {
  readonly request: string
  readonly attempt: number
}

/** A server's answer to an attempt. After a refusal, the attempt had no effect. */
export type Served = { readonly result: Completion } | { readonly refusal: string }

type BalancerMessage = MessagesOf<{
  ask: { request: string; command: Command }
  told: { request: string; result: Completion }
  serve: Named & { command: Command }
  served: Named & { served: Served }
  check: { round: number }
  well: { round: number }
  do: Named & { command: Command }
  done: Named & { result: Completion }
}>

export type Message<Type extends BalancerMessage['type']> = MessageOf<BalancerMessage, Type>

interface BalancerRecord extends Named {
  readonly command: Command
}

export interface Job {
  readonly from: NodeId
  readonly command: Command
  readonly attempt: number
  readonly server: NodeId
  readonly tried: readonly NodeId[]
  /** The number of attempts that may have taken effect. */
  readonly uncertain: number
  readonly dueAt: number
}

export interface Health {
  readonly up: boolean
  /** The number of consecutive checks without an answer. */
  readonly missed: number
  readonly open: number
  /** Health-check rounds since the last check of the server. Only an invariant reads this number. */
  readonly unchecked: number
}

export type Task =
  | (Named & { readonly type: 'request'; readonly command: Command; readonly arrivedAt: number })
  | { readonly type: 'check'; readonly round: number }

export interface BalancerState {
  readonly id: NodeId
  readonly balancer: NodeId
  readonly servers: readonly NodeId[]
  readonly store: NodeId
  readonly life: number
  readonly requests: Map<string, { readonly requestId: string; readonly command: Command; readonly dueAt: number }>
  // The balancer.
  readonly jobs: Map<string, Job>
  readonly health: Map<NodeId, Health>
  turns: number
  round: number
  // A server.
  readonly station: Station<Task>
  // The store.
  held: unknown
  readonly done: Map<string, Completion>
  ticking: boolean
}

export type Balancer = Types<
  BalancerConfig,
  BalancerState,
  BalancerMessage,
  BalancerRecord,
  'health' | 'tick' | 'served'
>
export type BalancerTurn = Turn<Balancer>
