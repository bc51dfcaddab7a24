import type { NodeId } from '@chaosproxy/faults'
import type { Json, Millis } from '@chaosproxy/history'
import type { Generator } from '../generator.ts'
import type { Effect } from '../machine.ts'
import type { AnyObject } from '../objects/object.ts'
import type { Operation, Planner, Refusal, Values } from './items.ts'
import type { Attempt } from './retries.ts'

export interface TwoPhaseConfig {
  readonly object: AnyObject
  readonly planner: Planner
  /** How often what is undecided is looked at. */
  readonly checkMs: Millis
  /** How long a coordinator waits for votes. */
  readonly voteTimeoutMs: Millis
  /** How often a transaction is tried again that found an item locked. */
  readonly attempts: number
  readonly bug: string | undefined
}

export type TwoPhaseMessage = { readonly transaction: string } & (
  | { readonly type: 'prepare'; readonly operations: readonly Operation[] }
  | { readonly type: 'yes'; readonly read: Values }
  | { readonly type: 'no'; readonly refusal: Refusal }
  | { readonly type: 'decision'; readonly commit: boolean }
  | { readonly type: 'done' }
  | { readonly type: 'inquire' }
)

export type TwoPhaseRecord = { readonly transaction: string } & (
  | { readonly kind: 'prepared'; readonly prepared: Prepared }
  | { readonly kind: 'finished'; readonly commit: boolean }
  | { readonly kind: 'committed'; readonly participants: readonly NodeId[] }
  | { readonly kind: 'ended' }
)

/** What a participant that voted yes can still do either way. */
export interface Prepared {
  readonly coordinator: NodeId
  readonly items: readonly string[]
  readonly writes: Values
  readonly read: Values
}

/** A transaction that its coordinator has not decided yet. */
export interface Open extends Attempt {
  readonly participants: readonly NodeId[]
  readonly votes: Map<NodeId, Values>
  /** By how many checks it is older. */
  checks: number
}

export interface TwoPhaseState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  /** All nodes in order: an item's place among them decides who holds it. */
  readonly nodes: readonly [NodeId, ...NodeId[]]
  readonly life: number
  readonly generator: Generator
  begun: number
  // The coordinator of what this node's clients ask.
  readonly open: Map<string, Open>
  /** By transaction: who has not confirmed the commit yet. */
  readonly committed: Map<string, Set<NodeId>>
  again: readonly Attempt[]
  // The participant.
  readonly values: Map<string, Json>
  /** By item: the transaction that holds it. */
  readonly locks: Map<string, string>
  readonly prepared: Map<string, Prepared>
  /** By transaction in doubt: how many checks ago it was prepared. */
  readonly doubt: Map<string, number>
  readonly finished: Set<string>
  /** What the latest step has settled, for the invariant. */
  settled: readonly Settled[]
}

export interface Settled {
  readonly transaction: string
  readonly outcome: 'commit' | 'abort' | 'forgotten'
}

export interface Turn {
  readonly config: TwoPhaseConfig
  readonly state: TwoPhaseState
  readonly effects: Effect<TwoPhaseMessage, TwoPhaseRecord>[]
  /** Handles a message that this node sends to itself. */
  readonly receive: (turn: Turn, from: NodeId, message: TwoPhaseMessage) => void
}

export const mark = ({ effects }: Turn): void => {
  effects.push({ type: 'mark' })
}

export const persist = ({ effects }: Turn, record: TwoPhaseRecord): void => {
  effects.push({ type: 'persist', record })
}

export function send(turn: Turn, to: NodeId, message: TwoPhaseMessage): void {
  if (to === turn.state.id) turn.receive(turn, to, message)
  else turn.effects.push({ type: 'send', to, message })
}
