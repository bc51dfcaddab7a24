import type { NodeId } from '@chaosproxy/faults'
import { type Operation, perform } from '../two-phase-commit/items.ts'
import {
  type Doubt,
  mark,
  type Part,
  persist,
  type SiteRefusal,
  send,
  type ThreePhaseState,
  type Turn,
} from './state.ts'

/** Outcomes remembered, for sites that ask and for late copies of messages. */
const FINISHED_LIMIT = 10_000

export function handlePrepare(
  turn: Turn,
  from: NodeId,
  transaction: string,
  { operations, sites }: { readonly operations: readonly Operation[]; readonly sites: readonly NodeId[] },
): void {
  const { state } = turn
  const voteNo = (refusal: SiteRefusal): void => send(turn, from, { type: 'no', transaction, refusal })
  if (state.finished.has(transaction)) {
    // It was asked about this transaction before it had heard of it, and answered for an abort.
    voteNo('given up')
    return
  }
  if (state.doubts.has(transaction)) return
  const items = [...new Set(operations.map(({ item }) => item))]
  if (items.some((item) => state.locks.has(item))) {
    voteNo('locked')
    return
  }
  const outcome = perform(operations, state.values)
  if ('refusal' in outcome) {
    voteNo(outcome.refusal)
    return
  }
  const part: Part = { coordinator: from, sites, items, writes: [...outcome.writes], read: [...outcome.read] }
  hold(state, transaction, { part, restarted: false })
  // The mistake: a restart forgets what was voted for.
  if (turn.config.bug === 'forget-vote') mark(turn)
  else persist(turn, { kind: 'ready', transaction, part })
  send(turn, from, { type: 'yes', transaction, read: part.read })
}

export function hold(
  { doubts, locks }: ThreePhaseState,
  transaction: string,
  { part, restarted }: Pick<Doubt, 'part' | 'restarted'>,
): void {
  doubts.set(transaction, { part, restarted, preCommitted: false, checks: 0, heard: new Map() })
  for (const item of part.items) locks.set(item, transaction)
}

export function handlePreCommit(turn: Turn, from: NodeId, transaction: string): void {
  const doubt = turn.state.doubts.get(transaction)
  if (doubt === undefined) return
  preCommit(turn, transaction, doubt)
  doubt.checks = 0
  send(turn, from, { type: 'pre-committed', transaction })
}

export function preCommit(turn: Turn, transaction: string, doubt: Doubt): void {
  if (doubt.preCommitted) return
  doubt.preCommitted = true
  persist(turn, { kind: 'pre-committed', transaction })
}

export function handleDecision(turn: Turn, transaction: string, commit: boolean): void {
  const { state } = turn
  if (state.finished.has(transaction)) return
  if (commit && !state.doubts.has(transaction))
    state.settled = [...state.settled, { transaction, outcome: 'forgotten' }]
  settle(turn, transaction, commit)
}

export function settle(turn: Turn, transaction: string, commit: boolean): void {
  const coordinator = turn.state.doubts.get(transaction)?.part.coordinator
  finish(turn.state, transaction, commit)
  persist(turn, { kind: 'finished', transaction, commit })
  // The coordinator's own commit may not be durable yet, and then nobody has heard of it.
  if (!commit || coordinator !== turn.state.id)
    turn.state.settled = [...turn.state.settled, { transaction, outcome: commit ? 'commit' : 'abort' }]
}

export function finish(
  { values, locks, doubts, finished }: ThreePhaseState,
  transaction: string,
  commit: boolean,
): void {
  const part = doubts.get(transaction)?.part
  if (commit) for (const [item, value] of part?.writes ?? []) values.set(item, value)
  for (const item of part?.items ?? []) if (locks.get(item) === transaction) locks.delete(item)
  doubts.delete(transaction)
  finished.set(transaction, commit)
  const [oldest] = finished.keys()
  if (finished.size > FINISHED_LIMIT && oldest !== undefined) finished.delete(oldest)
}
