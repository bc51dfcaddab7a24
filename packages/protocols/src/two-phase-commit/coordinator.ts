import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import { unavailable } from '../objects/object.ts'
import type { Refusal, Values } from './items.ts'
import { type Attempt, answerOf, answerToNo, reply, takeWaiting, transactionFor, tryLater } from './retries.ts'
import { mark, type Open, persist, send, type Turn } from './state.ts'

// Two-phase commit with presumed abort: a coordinator that knows nothing of a transaction has aborted it, so only commits are
// written down (Mohan, Lindsay & Obermarck, "Transaction management in the R* distributed database management system",
// 1986).

export function begin(turn: Turn, attempt: Attempt): void {
  const { open } = turn.state
  const begun = transactionFor(turn, attempt)
  if (begun === undefined) return
  const { name: transaction, parts } = begun
  open.set(transaction, { ...attempt, participants: [...parts.keys()], votes: new Map(), checks: 0 })
  // Phase 1: everyone is asked to vote, and may say no.
  for (const [node, operations] of parts) {
    // This node may have voted no in the meantime.
    if (open.has(transaction)) send(turn, node, { type: 'prepare', transaction, operations })
  }
}

export function handleYes(turn: Turn, from: NodeId, transaction: string, read: Values): void {
  const { state } = turn
  const open = state.open.get(transaction)
  if (open === undefined) return
  open.votes.set(from, read)
  if (open.votes.size === open.participants.length) commit(turn, transaction, open)
}

/** All have voted yes. Phase 2: it is committed once this node has written it down, and then everyone is told. */
function commit(turn: Turn, transaction: string, open: Open): void {
  const { state, config } = turn
  const { participants, votes, requestId, command } = open
  state.open.delete(transaction)
  const answer = answerOf(turn, command, votes)
  if (config.object.reads.includes(command.input.f)) {
    // Nothing to commit; all items were locked at the moment of the last vote, so what was read belongs together.
    tell(turn, transaction, participants, false)
    reply(turn, requestId, answer)
    return
  }
  state.committed.set(transaction, new Set(participants))
  // The mistake: the decision is in memory only, and after a restart it is presumed to have been an abort.
  if (config.bug === 'forget-decision') mark(turn)
  else persist(turn, { kind: 'committed', transaction, participants })
  tell(turn, transaction, participants, true)
  reply(turn, requestId, answer)
}

export function handleNo(turn: Turn, transaction: string, refusal: Refusal): void {
  const open = turn.state.open.get(transaction)
  if (open === undefined) return
  const answer = answerToNo(turn, open, refusal)
  abort(turn, transaction, open, answer)
  if (answer === undefined) tryLater(turn, open)
}

function abort(turn: Turn, transaction: string, { requestId, participants }: Open, result: Completion | undefined) {
  turn.state.open.delete(transaction)
  turn.state.settled = [...turn.state.settled, { transaction, outcome: 'abort' }]
  tell(turn, transaction, participants, false)
  if (result !== undefined) reply(turn, requestId, result)
}

export function tryAgain(turn: Turn): void {
  for (const attempt of takeWaiting(turn)) begin(turn, attempt)
}

export function handleInquire(turn: Turn, from: NodeId, transaction: string): void {
  const { state, config } = turn
  if (state.open.has(transaction)) return
  const isCommitted = state.committed.has(transaction)
  // The mistake: what this node knows nothing of is presumed to be committed.
  const presumed = !isCommitted && config.bug === 'presume-commit'
  if (presumed) mark(turn)
  send(turn, from, { type: 'decision', transaction, commit: isCommitted || presumed })
}

export function handleDone(turn: Turn, from: NodeId, transaction: string): void {
  const { committed } = turn.state
  const left = committed.get(transaction)
  if (left === undefined) return
  left.delete(from)
  if (left.size > 0) return
  // Nobody can ask any more.
  committed.delete(transaction)
  persist(turn, { kind: 'ended', transaction })
}

/** Gives up on votes that do not come, and tells decisions again to those that have not confirmed them. */
export function checkDecisions(turn: Turn): void {
  const { state, config } = turn
  for (const [transaction, open] of [...state.open]) {
    open.checks++
    // Not committed, and never will be: nobody else can decide so.
    if (open.checks * config.checkMs > config.voteTimeoutMs) abort(turn, transaction, open, unavailable)
  }
  for (const [transaction, left] of [...state.committed]) tell(turn, transaction, [...left], true)
}

function tell(turn: Turn, transaction: string, participants: readonly NodeId[], commit: boolean): void {
  for (const node of participants) send(turn, node, { type: 'decision', transaction, commit })
}
