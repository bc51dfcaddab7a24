import { isRead, unavailable } from '../objects/object.ts'
import { type Attempt, answerOf, answerToNo, type Placing, sendOutcome, transactionFor } from './retries.ts'
import { type Open, settle, type TwoPhaseHandlers, type TwoPhaseTurn } from './state.ts'

// Two-phase commit with presumed abort: a coordinator without a record of a transaction has aborted it, so only commits
// are recorded (Mohan, Lindsay & Obermarck, "Transaction management in the R* distributed database management system",
// 1986).

export function begin(turn: TwoPhaseTurn, attempted: Attempt, place?: Placing['place']): void {
  const { open } = turn.state
  const begun = transactionFor(turn, attempted, place === undefined ? {} : { place })
  if (begun === undefined) return
  const { name: transaction, parts } = begun
  // The members are listed by name. A spread (`...attempted`) would take longer than all other parts of a transaction.
  const { requestId, command, attempt } = attempted
  open.set(transaction, { requestId, command, attempt, participants: [...parts.keys()], votes: new Map(), checks: 0 })
  // Phase 1: asks every participant to vote, yes or no.
  for (const [node, operations] of parts) {
    // This node itself may already have voted no in this loop, and so ended the transaction.
    if (open.has(transaction)) turn.send(node, { type: 'prepare', transaction, operations })
  }
}

export const coordinatorMessages: TwoPhaseHandlers<'yes' | 'no' | 'inquire' | 'done'> = {
  yes(turn, { transaction, read }, from) {
    const { state } = turn
    const open = state.open.get(transaction)
    if (open === undefined) return
    open.votes.set(from, read)
    if (open.votes.size === open.participants.length) commit(turn, transaction, open)
  },
  no(turn, { transaction, refusal }) {
    const open = turn.state.open.get(transaction)
    if (open === undefined) return
    abort(turn, transaction, open)
    answerToNo(turn, open, refusal)
  },
  inquire(turn, { transaction }, from) {
    const { state } = turn
    if (state.open.has(transaction)) return
    const isCommitted = state.committed.has(transaction)
    // The bug: an unknown transaction is presumed to be committed.
    const presumed = !isCommitted && turn.suffers('presume-commit')
    turn.send(from, { type: 'decision', transaction, commit: isCommitted || presumed })
  },
  done(turn, { transaction }, from) {
    const { committed } = turn.state
    const left = committed.get(transaction)
    if (left === undefined) return
    left.delete(from)
    if (left.size > 0) return
    // Every participant has confirmed, so none will ask again.
    committed.delete(transaction)
    turn.persist({ kind: 'ended', transaction })
  },
}

/** Phase 2, when all have voted yes: this node records the commit, then informs all participants. */
function commit(turn: TwoPhaseTurn, transaction: string, open: Open): void {
  const { state, config } = turn
  const { participants, votes, requestId, command } = open
  state.open.delete(transaction)
  const answer = answerOf(turn, command, votes)
  if (isRead(config, command)) {
    // A read has nothing to commit. All items were locked at the time of the last vote, so the values are consistent.
    sendOutcome(turn, transaction, participants, false)
    turn.reply(requestId, answer)
    return
  }
  state.committed.set(transaction, new Set(participants))
  // The bug: the decision is kept only in memory. After a restart, the node presumes an abort.
  turn.persistUnless('forget-decision', { kind: 'committed', transaction, participants })
  sendOutcome(turn, transaction, participants, true)
  turn.reply(requestId, answer)
}

function abort(turn: TwoPhaseTurn, transaction: string, { participants }: Open): void {
  turn.state.open.delete(transaction)
  settle(turn.state, transaction, 'abort')
  sendOutcome(turn, transaction, participants, false)
}

/** Aborts transactions whose votes are overdue, and repeats decisions that were not confirmed. */
export function checkDecisions(turn: TwoPhaseTurn): void {
  const { state, config } = turn
  for (const [transaction, open] of [...state.open]) {
    open.checks++
    if (open.checks * config.checkMs <= config.voteTimeoutMs) continue
    // The transaction will never be committed, because only this node could decide that.
    abort(turn, transaction, open)
    turn.reply(open.requestId, unavailable)
  }
  for (const [transaction, left] of [...state.committed]) sendOutcome(turn, transaction, [...left], true)
}
