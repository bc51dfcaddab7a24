import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Json, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { draw } from '../generator.ts'
import { ok, refused, unavailable, unsupported } from '../objects/object.ts'
import { ownerOf } from '../owner.ts'
import { DONE_BEFORE, type Operation } from '../two-phase-commit/items.ts'
import { type Open, type Refusal, send, type Turn, type Values } from './state.ts'

const SHORTEST_BACKOFF_MS = 1
const LONGEST_BACKOFF_MS = 12
/** Requests that are open or wait to be tried again. */
const OPEN_LIMIT = 10_000

/** Phase 1: every site votes, and may say no. The coordinator is a site too, even if it holds none of the items. */
export function begin(turn: Turn, requestId: string, command: Command, attempt = 1): void {
  const { state, config } = turn
  const plan = config.planner(command.input)
  if (plan === undefined || state.open.size + state.again.length >= OPEN_LIMIT) {
    reply(turn, requestId, plan === undefined ? unsupported : unavailable)
    return
  }
  const transaction = `${state.id}-${state.life}-${++state.begun}`
  const parts = new Map<NodeId, Operation[]>([[state.id, []]])
  for (const operation of plan.operations) {
    const holder = ownerOf(state.nodes, operation.item)
    parts.set(holder, [...(parts.get(holder) ?? []), operation])
  }
  const sites = [...parts.keys()]
  state.open.set(transaction, {
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
    // This node may have voted no in the meantime.
    if (state.open.has(transaction)) send(turn, node, { type: 'prepare', transaction, operations, sites })
  }
}

export function handleYes(turn: Turn, from: NodeId, transaction: string, read: Values): void {
  const open = turn.state.open.get(transaction)
  if (open?.phase !== 'voting') return
  open.votes.set(from, read)
  if (open.votes.size < open.sites.length) return
  if (turn.config.object.reads.includes(open.command.input.f)) {
    // Nothing to commit: every item was locked at the moment of the last vote, so the values belong together.
    abort(turn, transaction, open, answerOf(turn, open))
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
  reply(turn, open.requestId, answerOf(turn, open))
}

function answerOf({ config }: Turn, { command, votes }: Open): Completion {
  const plan = config.planner(command.input)
  return ok(plan?.answer(new Map<string, Json>([...votes.values()].flat())) ?? null)
}

export function handleNo(turn: Turn, transaction: string, refusal: Refusal): void {
  const open = turn.state.open.get(transaction)
  if (open?.phase !== 'voting') return
  if (refusal !== 'locked') {
    const result =
      refusal === DONE_BEFORE ? ok(open.command.input.value) : refusal === 'given up' ? unavailable : refusal
    abort(turn, transaction, open, result)
  } else if (open.attempt >= turn.config.attempts) abort(turn, transaction, open, refused('conflict'))
  else {
    abort(turn, transaction, open, undefined)
    tryLater(turn, open)
  }
}

function abort(turn: Turn, transaction: string, { requestId, sites }: Open, result: Completion | undefined): void {
  turn.state.open.delete(transaction)
  tell(turn, transaction, sites, false)
  if (result !== undefined) reply(turn, requestId, result)
}

/** A site with a locked item votes no and waits for nobody, so that transactions cannot wait for each other in a circle. */
function tryLater({ state, effects }: Turn, { requestId, command, attempt }: Open): void {
  if (state.again.length === 0) {
    const afterMs = millis(SHORTEST_BACKOFF_MS + draw(state.generator) * (LONGEST_BACKOFF_MS - SHORTEST_BACKOFF_MS))
    effects.push({ type: 'setTimer', timer: 'again', afterMs })
  }
  state.again = [...state.again, { requestId, command, attempt: attempt + 1 }]
}

export function tryAgain(turn: Turn): void {
  const waiting = turn.state.again
  turn.state.again = []
  for (const { requestId, command, attempt } of waiting) begin(turn, requestId, command, attempt)
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

const reply = ({ effects }: Turn, requestId: string, result: Completion): void => {
  effects.push({ type: 'reply', requestId, result })
}
