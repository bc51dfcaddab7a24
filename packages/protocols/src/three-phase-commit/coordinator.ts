import { isRead, unavailable } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import { type Attempt, answerOf, answerToNo, sendOutcome, transactionFor } from '../two-phase-commit/retries.ts'
import type { Open, ThreePhase, ThreePhaseTurn } from './state.ts'

/** Phase 1: asks every site to vote, yes or no. The coordinator is also a site. */
export function begin(turn: ThreePhaseTurn, attempted: Attempt): void {
  const { id, open } = turn.state
  const begun = transactionFor(turn, attempted, { voters: [id] })
  if (begun === undefined) return
  const { name: transaction, parts } = begun
  const sites = [...parts.keys()]
  // The members are listed by name. A spread (`...attempted`) would take longer than all other parts of a transaction.
  const { requestId, command, attempt } = attempted
  open.set(transaction, {
    requestId,
    command,
    attempt,
    sites,
    votes: new Map(),
    acknowledged: new Set(),
    phase: 'voting',
    checks: 0,
  })
  for (const [node, operations] of parts) {
    // The coordinator is itself a site. If it has already voted no in this loop, the transaction has ended.
    if (open.has(transaction)) turn.send(node, { type: 'prepare', transaction, operations, sites })
  }
}

export const coordinatorMessages: Handlers<ThreePhase, 'yes' | 'pre-committed' | 'no'> = {
  yes(turn, { transaction, read }, from) {
    const open = turn.state.open.get(transaction)
    if (open?.phase !== 'voting') return
    open.votes.set(from, read)
    if (open.votes.size < open.sites.length) return
    if (isRead(turn.config, open.command)) {
      // A read changes nothing, so the sites need not commit. Every item was locked at the time of the last vote, so
      // the values are consistent.
      abort(turn, transaction, open)
      turn.reply(open.requestId, answerOf(turn, open.command, open.votes))
      return
    }
    // Phase 2: informs every site that all have voted yes, before any of them may commit.
    open.phase = 'pre-committing'
    open.checks = 0
    for (const site of open.sites) turn.send(site, { type: 'pre-commit', transaction })
  },
  'pre-committed'(turn, { transaction }, from) {
    const open = turn.state.open.get(transaction)
    if (open?.phase !== 'pre-committing') return
    open.acknowledged.add(from)
    if (open.acknowledged.size === open.sites.length) commit(turn, transaction, open)
  },
  no(turn, { transaction, refusal }) {
    const open = turn.state.open.get(transaction)
    if (open?.phase !== 'voting') return
    abort(turn, transaction, open)
    answerToNo(turn, open, refusal === 'given up' ? unavailable : refusal)
  },
}

/** Phase 3. */
function commit(turn: ThreePhaseTurn, transaction: string, open: Open): void {
  turn.state.open.delete(transaction)
  sendOutcome(turn, transaction, open.sites, true)
  turn.reply(open.requestId, answerOf(turn, open.command, open.votes))
}

function abort(turn: ThreePhaseTurn, transaction: string, { sites }: Open): void {
  turn.state.open.delete(transaction)
  sendOutcome(turn, transaction, sites, false)
}

/**
 * Handles the silence of sites. A silent site counts as dead: its vote counts as no, and its acknowledgement counts as
 * received.
 */
export function checkOpen(turn: ThreePhaseTurn): void {
  const { state, config } = turn
  for (const [transaction, open] of [...state.open]) {
    open.checks++
    if (open.checks * config.checkMs <= config.voteTimeoutMs) continue
    if (open.phase === 'voting') {
      abort(turn, transaction, open)
      turn.reply(open.requestId, unavailable)
    } else commit(turn, transaction, open)
  }
}
