import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Chosen } from '../options.ts'
import type { Station } from '../station.ts'
import type { MessageOf, MessagesOf, Turn, Types } from '../turn.ts'

export const settings = {
  backend: {
    summary: 'what servers serve: static files that never change, or a shared store',
    default: 'store',
    values: ['files', 'store'],
  },
  choice: {
    summary: 'how the server for a request is chosen',
    default: 'round-robin',
    values: ['round-robin', 'least-connections', 'consistent-hashing'],
  },
  attempts: {
    summary: 'the largest number of servers that a request is sent to, one after the other, until one answers',
    default: 2,
  },
  'check-ms': { summary: 'how often servers are checked', default: 100 },
  'missed-checks': {
    summary: 'the number of unanswered checks after which a server gets no more requests',
    default: 2,
  },
  'deep-checks': { summary: "whether a health check waits in the server's queue, like a request", default: false },
  'panic-share': {
    summary: 'if fewer servers than this share are up, send requests to all of them; 0: never',
    default: 0,
  },
  'requester-timeout-ms': { summary: 'how long a requester waits for the balancer', default: 500 },
  'balancer-timeout-ms': { summary: 'how long the balancer waits for a server', default: 150 },
  'server-timeout-ms': { summary: "how long a request may wait in a server's queue", default: 100 },
  'service-ms': { summary: 'how long a server works on one request; 0: no time', default: 0 },
  'queue-limit': {
    summary: "how many requests a server's queue holds, if service-ms is above 0",
    default: 100_000,
  },
} as const

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
  /** The number of rounds since the last check of the server; for the invariant. */
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
  Chosen<typeof settings>,
  BalancerState,
  BalancerMessage,
  BalancerRecord,
  'health' | 'tick' | 'served'
>
export type BalancerTurn = Turn<Balancer>
