import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import type { NodeSetting } from '../machine.ts'
import type { MessageHandler, MessageOf, MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'
import type { TransactionConfig } from './config.ts'
import type { Held, Operation, Refusal, Staged, Values } from './items.ts'
import { type Attempt, type Coordinator, coordinatorAtFirst } from './retries.ts'

export type TwoPhaseMessage = { readonly transaction: string } & MessagesOf<{
  prepare: { operations: readonly Operation[] }
  yes: { read: Values }
  no: { refusal: Refusal }
  decision: { commit: boolean }
  done: unknown
  inquire: unknown
}>

export type TwoPhaseRecord = { readonly transaction: string } & RecordsOf<{
  prepared: { prepared: Prepared }
  finished: { commit: boolean }
  committed: { participants: readonly NodeId[] }
  ended: unknown
}>

export interface Prepared extends Staged {
  readonly coordinator: NodeId
}

export interface Open extends Attempt {
  readonly participants: readonly NodeId[]
  readonly votes: Map<NodeId, Values>
  /** The number of checks since the transaction began. */
  checks: number
}

export interface TwoPhaseState extends Held, Coordinator {
  readonly open: Map<string, Open>
  /** By transaction: the nodes that have not confirmed the commit yet. */
  readonly committed: Map<string, Set<NodeId>>
  // The participant.
  readonly prepared: Map<string, Prepared>
  /** By transaction in doubt: the number of checks since it was prepared. */
  readonly doubt: Map<string, number>
  readonly finished: Set<string>
  /** The transactions decided in the latest step; for the invariant. */
  settled: readonly Settled[]
}

export interface Settled {
  readonly transaction: string
  readonly outcome: 'commit' | 'abort' | 'forgotten'
}

export function settle(state: { settled: readonly Settled[] }, transaction: string, outcome: Settled['outcome']): void {
  state.settled = [...state.settled, { transaction, outcome }]
}

export const NOTHING_SETTLED: readonly Settled[] = []

export type TwoPhase = Types<TransactionConfig, TwoPhaseState, TwoPhaseMessage, TwoPhaseRecord, 'check' | 'again'>
/**
 * The members of a turn that two-phase commit uses. A machine with further types of messages and records, such as the
 * sharded one, can pass its own turn.
 */
export type TwoPhaseTurn = Pick<
  Turn<TwoPhase>,
  'config' | 'state' | 'send' | 'reply' | 'persist' | 'persistUnless' | 'setTimer' | 'suffers'
>
export type TwoPhaseHandlers<Type extends TwoPhaseMessage['type']> = {
  readonly [Each in Type]: MessageHandler<TwoPhaseTurn, MessageOf<TwoPhaseMessage, Each>>
}

export const twoPhaseAtFirst = (node: NodeSetting): TwoPhaseState => ({
  ...coordinatorAtFirst(node),
  open: new Map(),
  committed: new Map(),
  prepared: new Map(),
  doubt: new Map(),
  finished: new Set(),
  settled: NOTHING_SETTLED,
})

export const twoPhaseInvariants: readonly Invariant[] = [
  /** No node commits a transaction that another aborts or has forgotten. */
  { name: 'never half-committed', watch: watchOutcomes },
]

function watchOutcomes(): InvariantWatch<TwoPhaseState, TwoPhaseMessage> {
  const outcomes = new Map<string, { readonly outcome: Settled['outcome']; readonly node: string }>()
  return (node) => (state, event) => {
    if (event === undefined) return undefined
    for (const { transaction, outcome } of state.settled) {
      if (outcome === 'forgotten') return `${node} voted for ${transaction} and has nothing of it to commit`
      const other = outcomes.get(transaction)
      if (other !== undefined && other.outcome !== outcome)
        return `${node} ended ${transaction} by ${outcome}, and ${other.node} by ${other.outcome}`
      outcomes.set(transaction, { outcome, node })
    }
    return undefined
  }
}
