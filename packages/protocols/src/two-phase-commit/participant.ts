import { forgetOldest } from '../memory.ts'
import { lock, unlock, vote } from './items.ts'
import {
  type Prepared,
  settle,
  type TwoPhaseHandlers,
  type TwoPhaseRecord,
  type TwoPhaseState,
  type TwoPhaseTurn,
} from './state.ts'

/** With decide-on-timeout: the number of checks after which a blocked node decides. */
const PATIENCE_CHECKS = 2

export const participantMessages: TwoPhaseHandlers<'prepare' | 'decision'> = {
  prepare(turn, { transaction, operations }, from) {
    const { state } = turn
    if (state.finished.has(transaction)) return
    const known = state.prepared.get(transaction)
    if (known !== undefined) {
      turn.send(from, { type: 'yes', transaction, read: known.read })
      return
    }
    const part = vote(operations, state)
    if ('refusal' in part) {
      turn.send(from, { type: 'no', transaction, refusal: part.refusal })
      return
    }
    const prepared: Prepared = { coordinator: from, ...part }
    hold(state, transaction, prepared)
    // The bug: a restart loses the node's yes votes.
    turn.persistUnless('forget-prepared', { kind: 'prepared', transaction, prepared })
    // From this vote on, only the coordinator knows the outcome.
    turn.send(from, { type: 'yes', transaction, read: prepared.read })
  },
  decision(turn, { transaction, commit }, from) {
    const { state } = turn
    if (state.prepared.has(transaction)) decide(turn, transaction, commit)
    else if (commit && !state.finished.has(transaction)) settle(state, transaction, 'forgotten')
    if (commit) turn.send(from, { type: 'done', transaction })
  },
}

function hold(state: TwoPhaseState, transaction: string, prepared: Prepared): void {
  state.prepared.set(transaction, prepared)
  state.doubt.set(transaction, 0)
  lock(state, transaction, prepared)
}

function decide(turn: TwoPhaseTurn, transaction: string, commit: boolean): void {
  const { state } = turn
  const coordinator = state.prepared.get(transaction)?.coordinator
  finish(state, transaction, commit)
  turn.persist({ kind: 'finished', transaction, commit })
  // A commit by this node as coordinator does not count as settled here: it may not be durable yet, and until it is, no
  // other node knows of it.
  if (!commit || coordinator !== state.id) settle(state, transaction, commit ? 'commit' : 'abort')
}

function finish(state: TwoPhaseState, transaction: string, commit: boolean): void {
  const { prepared: all, doubt, finished } = state
  const prepared = all.get(transaction)
  if (prepared !== undefined) unlock(state, transaction, prepared, commit)
  all.delete(transaction)
  doubt.delete(transaction)
  finished.add(transaction)
  // Only the oldest transactions are forgotten. A late duplicate of a message must not begin a finished transaction
  // again.
  forgetOldest(finished)
}

/** Asks the coordinators of transactions in doubt. A node that voted yes is blocked until its coordinator answers. */
export function checkDoubts(turn: TwoPhaseTurn): void {
  const { state } = turn
  for (const [transaction, checks] of [...state.doubt]) {
    state.doubt.set(transaction, checks + 1)
    const coordinator = state.prepared.get(transaction)?.coordinator
    if (checks === 0 || coordinator === undefined) continue
    if (checks >= PATIENCE_CHECKS && turn.suffers('decide-on-timeout')) {
      // The bug: instead of staying blocked, the node treats silence as an abort.
      decide(turn, transaction, false)
    } else turn.send(coordinator, { type: 'inquire', transaction })
  }
}

export function redoTransaction({ state }: Pick<TwoPhaseTurn, 'state'>, record: TwoPhaseRecord): void {
  const { kind, transaction } = record
  if (kind === 'prepared') hold(state, transaction, record.prepared)
  else if (kind === 'finished') finish(state, transaction, record.commit)
  else if (kind === 'committed') state.committed.set(transaction, new Set(record.participants))
  else state.committed.delete(transaction)
}
