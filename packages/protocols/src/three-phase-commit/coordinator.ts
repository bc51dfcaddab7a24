import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import { unavailable } from '../objects/object.ts'
import type { Values } from '../two-phase-commit/items.ts'
import {
  type Attempt,
  answerOf,
  answerToNo,
  reply,
  takeWaiting,
  transactionFor,
  tryLater,
} from '../two-phase-commit/retries.ts'
import { type Open, type SiteRefusal, send, type Turn } from './state.ts'

/** Phase 1: every site votes, and may say no. The coordinator is a site too, even if it holds none of the items. */
export function begin(turn: Turn, attempt: Attempt): void {
  const { id, open } = turn.state
  const begun = transactionFor(turn, attempt, [id])
  if (begun === undefined) return
  const { name: transaction, parts } = begun
  const sites = [...parts.keys()]
  open.set(transaction, {
    ...attempt,
    sites,
    votes: new Map(),
    acknowledged: new Set(),
    phase: 'voting',
    checks: 0,
  })
  for (const [node, operations] of parts) {
    // This node may have voted no in the meantime.
    if (open.has(transaction)) send(turn, node, { type: 'prepare', transaction, operations, sites })
  }
}

export function handleYes(turn: Turn, from: NodeId, transaction: string, read: Values): void {
  const open = turn.state.open.get(transaction)
  if (open?.phase !== 'voting') return
  open.votes.set(from, read)
  if (open.votes.size < open.sites.length) return
  if (turn.config.object.reads.includes(open.command.input.f)) {
    // Nothing to commit: every item was locked at the moment of the last vote, so the values belong together.
    abort(turn, transaction, open, answerOf(turn, open.command, open.votes))
    return
  }
  // Phase 2: every site learns that all have voted yes, before any of them may commit.
  open.phase = 'pre-committing'
  open.checks = 0
  for (const site of open.sites) send(turn, site, { type: 'pre-commit', transaction })
}

export function handlePreCommitted(turn: Turn, from: NodeId, transaction: string): void {
  const open = turn.state.open.get(transaction)
  if (open?.phase !== 'pre-committing') return
  open.acknowledged.add(from)
  if (open.acknowledged.size === open.sites.length) commit(turn, transaction, open)
}

/** Phase 3. */
function commit(turn: Turn, transaction: string, open: Open): void {
  turn.state.open.delete(transaction)
  tell(turn, transaction, open.sites, true)
  reply(turn, open.requestId, answerOf(turn, open.command, open.votes))
}

export function handleNo(turn: Turn, transaction: string, refusal: SiteRefusal): void {
  const open = turn.state.open.get(transaction)
  if (open?.phase !== 'voting') return
  const answer = refusal === 'given up' ? unavailable : answerToNo(turn, open, refusal)
  abort(turn, transaction, open, answer)
  if (answer === undefined) tryLater(turn, open)
}

function abort(turn: Turn, transaction: string, { requestId, sites }: Open, result: Completion | undefined): void {
  turn.state.open.delete(transaction)
  tell(turn, transaction, sites, false)
  if (result !== undefined) reply(turn, requestId, result)
}

export function tryAgain(turn: Turn): void {
  for (const attempt of takeWaiting(turn)) begin(turn, attempt)
}

/** A site that is not heard of in time is taken for dead: its vote counts as no, its acknowledgement as given. */
export function checkOpen(turn: Turn): void {
  const { state, config } = turn
  for (const [transaction, open] of [...state.open]) {
    open.checks++
    if (open.checks * config.checkMs <= config.voteTimeoutMs) continue
    if (open.phase === 'voting') abort(turn, transaction, open, unavailable)
    else commit(turn, transaction, open)
  }
}

/** This site first: with a single message out, its own record must already be on its way to the disk. */
function tell(turn: Turn, transaction: string, sites: readonly NodeId[], isCommit: boolean): void {
  for (const site of sites) send(turn, site, { type: 'decision', transaction, commit: isCommit })
}
