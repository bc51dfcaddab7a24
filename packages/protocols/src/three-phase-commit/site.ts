import { remember } from '../memory.ts'
import type { Handlers } from '../turn.ts'
import { lock, unlock, vote } from '../two-phase-commit/items.ts'
import { settle as noteSettled } from '../two-phase-commit/state.ts'
import type { Doubt, SitePart, SiteRefusal, ThreePhase, ThreePhaseState, ThreePhaseTurn } from './state.ts'

export const siteMessages: Handlers<ThreePhase, 'prepare' | 'pre-commit' | 'decision'> = {
  prepare(turn, { transaction, operations, sites }, from) {
    const { state } = turn
    const voteNo = (refusal: SiteRefusal) => turn.send(from, { type: 'no', transaction, refusal })
    if (state.finished.has(transaction)) {
      // The site was asked about this transaction before the transaction arrived, and promised to abort it.
      voteNo('given up')
      return
    }
    if (state.doubts.has(transaction)) return
    const own = vote(operations, state)
    if ('refusal' in own) {
      voteNo(own.refusal)
      return
    }
    const part: SitePart = { coordinator: from, sites, ...own }
    hold(state, transaction, { part, restarted: false })
    // The bug: a restart loses the site's yes votes.
    turn.persistUnless('forget-vote', { kind: 'ready', transaction, part })
    turn.send(from, { type: 'yes', transaction, read: part.read })
  },
  'pre-commit'(turn, { transaction }, from) {
    const doubt = turn.state.doubts.get(transaction)
    if (doubt === undefined) return
    preCommit(turn, transaction, doubt)
    doubt.checks = 0
    turn.send(from, { type: 'pre-committed', transaction })
  },
  decision(turn, { transaction, commit }) {
    const { state } = turn
    if (state.finished.has(transaction)) return
    if (commit && !state.doubts.has(transaction)) noteSettled(state, transaction, 'forgotten')
    settle(turn, transaction, commit)
  },
}

export function hold(
  state: ThreePhaseState,
  transaction: string,
  { part, restarted }: Pick<Doubt, 'part' | 'restarted'>,
): void {
  state.doubts.set(transaction, { part, restarted, preCommitted: false, checks: 0, heard: new Map() })
  lock(state, transaction, part)
}

export function preCommit(turn: ThreePhaseTurn, transaction: string, doubt: Doubt): void {
  if (doubt.preCommitted) return
  doubt.preCommitted = true
  turn.persist({ kind: 'pre-committed', transaction })
}

export function settle(turn: ThreePhaseTurn, transaction: string, commit: boolean): void {
  const coordinator = turn.state.doubts.get(transaction)?.part.coordinator
  finish(turn.state, transaction, commit)
  turn.persist({ kind: 'finished', transaction, commit })
  // A commit by this site as coordinator does not count as settled here: it may not be durable yet, and until it is, no
  // other site knows of it.
  if (!commit || coordinator !== turn.state.id) noteSettled(turn.state, transaction, commit ? 'commit' : 'abort')
}

export function finish(state: ThreePhaseState, transaction: string, commit: boolean): void {
  const { doubts, finished } = state
  const part = doubts.get(transaction)?.part
  if (part !== undefined) unlock(state, transaction, part, commit)
  doubts.delete(transaction)
  // Finished transactions are remembered for sites that ask about them, and to recognise late duplicates.
  remember(finished, transaction, commit)
}
