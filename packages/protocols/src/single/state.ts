import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Generator } from '../generator.ts'
import type { Chosen } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Station } from '../station.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'
import type { Breaker } from './breaker.ts'

export const settings = {
  retry: {
    summary:
      'what an app server does when no answer arrives: nothing, retry, or retry with the idempotency key of the first attempt',
    default: 'key',
    values: ['none', 'blind', 'key'],
  },
  'timeout-ms': { summary: 'how long an app server waits for an answer to one attempt', default: 100 },
  attempts: { summary: 'number of attempts per request, including the first', default: 4 },
  backoff: {
    summary:
      'the pause before each retry: none, fixed, doubled each time, or random up to the doubled one (full jitter)',
    default: 'jitter',
    values: ['none', 'fixed', 'exponential', 'jitter'],
  },
  'backoff-ms': { summary: 'length of the first pause', default: 25 },
  'longest-backoff-ms': { summary: 'limit on the length of a pause', default: 1_000 },
  'retry-budget': { summary: 'retries allowed per first attempt, on average; 0: no limit', default: 0 },
  'breaker-failures': {
    summary: 'failures in a row that open the circuit, so that nothing is sent for a while; 0: it stays closed',
    default: 0,
    worthTrying: [2],
  },
  'cool-down-ms': { summary: 'how long nothing is sent once the circuit is open', default: 200 },
  degrade: {
    summary: 'whether a read that fails is answered with the last value this app server read',
    default: false,
  },
  'service-ms': { summary: 'how long the database works on one request; 0: no time', default: 0 },
  'queue-limit': {
    summary: "how many requests the database's queue holds, if service-ms is above 0",
    default: 100_000,
  },
} as const

type SingleMessage = MessagesOf<{
  do: Attempt
  did: { request: string; attempt: number; result: Completion }
  /** The database has rejected an attempt. A rejected attempt has no effect. */
  busy: { request: string; attempt: number }
}>

export interface Attempt {
  readonly request: string
  readonly attempt: number
  /** The idempotency key; absent if the database should not remember the request. */
  readonly key?: string | undefined
  readonly command: Command
  readonly ticket: Ticket
}

export type SingleRecord = RecordsOf<{
  /**
   * An effect. If `key` is present, the same transaction stores the key with its result. The ticket prevents
   * duplicates.
   */
  effect: {
    from: NodeId
    ticket: Ticket
    request: string
    key?: string | undefined
    command: Command
  }
  /** A key in a transaction of its own. Only the bugs `key-after-effect` and `key-before-effect` write such records. */
  key: { key: string; result: Completion }
}>

export interface Call {
  readonly requestId: string
  readonly request: string
  readonly command: Command
  readonly phase: 'waiting' | 'backing off'
  /** The time by the monotonic clock when the answer is overdue, or the next attempt is due. */
  readonly dueAt: number
  readonly attempt: number
  /** The number of attempts that may still take effect. */
  readonly uncertain: number
}

export interface SingleState {
  readonly id: NodeId
  readonly database: NodeId
  readonly life: number
  readonly generator: Generator
  // The state that every node has as an app server.
  /** The calls by request. */
  readonly calls: Map<string, Call>
  readonly sending: Forwarding
  readonly breaker: Breaker
  retryTokens: number
  /** The database's last answer to each question. The keys are the questions as JSON. */
  readonly known: Map<string, Completion>
  // The database.
  held: unknown
  readonly receiving: Forwarding
  readonly keys: Map<string, Completion>
  readonly station: Station<{ readonly from: NodeId; readonly job: Attempt }>
  /** For the invariants: `effects` are the requests that took effect, and `wrong` describes a violation. */
  readonly effects: Set<string>
  wrong: string | undefined
}

export type Single = Types<Chosen<typeof settings>, SingleState, SingleMessage, SingleRecord, 'served' | 'calls'>
export type SingleTurn = Turn<Single>
