import type { NodeId } from '@chaos/faults'
import type { Completion } from '@chaos/history'
import { millis } from '@chaos/history'
import type { Command } from '../command.ts'
import { issueTicket } from '../forwarding.ts'
import { lastIndex } from '../log.ts'
import { unavailable } from '../object.ts'
import { answer, answerReads, finish } from './answers.ts'
import { appendEntry } from './replication.ts'
import { holdsLease, holdsTrueLease, roundFromNow } from './rounds.ts'
import { replicate } from './sending.ts'
import { emit, mark, type Origin, type Request, send, type Turn } from './state.ts'

// Clients: §8; thesis §6.2 (routing requests to the leader), §6.3 (sessions), §6.4 (reads).

/** How often requests are looked at for being too old. */
const SWEEP_MS = millis(50)
/** Requests waiting at one node, and entries a leader has not committed: beyond it, requests are refused. */
const REQUEST_LIMIT = 10_000
const UNCOMMITTED_LIMIT = 10_000

export function handleRequest(turn: Turn, requestId: string, command: Command): void {
  const { requests } = turn.state
  if (requests.size >= REQUEST_LIMIT) {
    emit(turn, { type: 'reply', requestId, result: unavailable })
    return
  }
  if (requests.size === 0) emit(turn, { type: 'setTimer', timer: 'requests', afterMs: SWEEP_MS })
  const request: Request = { command, age: 0, attempts: 0, open: NO_ATTEMPTS, lastLeader: undefined }
  requests.set(requestId, request)
  offer(turn, requestId, request)
}

const NO_ATTEMPTS: readonly number[] = []

/** A leader is known: hands it whatever waits for one. */
export function offerRequests(turn: Turn): void {
  for (const [requestId, request] of turn.state.requests) offer(turn, requestId, request)
}

/**
 * Hands a request to the leader, where one is known. One that an earlier leader may still carry out is handed to
 * another only where its session sees to it that it is carried out once, or where it is a read.
 */
function offer(turn: Turn, requestId: string, request: Request): void {
  const { state } = turn
  const { leader } = state
  if (leader === undefined) return
  if (request.open.length > 0) {
    if (request.lastLeader === leader) return
    if (request.command.session === undefined && request.command.input.f !== 'read') return
  }
  if (request.attempts === 0) request.age = 0
  request.lastLeader = leader
  request.attempts++
  request.open = [...request.open, request.attempts]
  const origin: Origin = { node: state.id, requestId, attempt: request.attempts }
  if (leader === state.id) serve(turn, origin, request.command)
  else send(turn, leader, { type: 'forward', origin, command: request.command, ticket: issueTicket(state.forwarding) })
}

/** A request has reached the node that its origin takes for the leader. */
export function serve(turn: Turn, origin: Origin, command: Command): void {
  const { state } = turn
  const crowded = lastIndex(state.log) - state.commitIndex > UNCOMMITTED_LIMIT || state.reads.length > REQUEST_LIMIT
  if (state.role !== 'leader' || state.transferTo !== undefined || crowded) answer(turn, origin, unavailable)
  else if (command.input.f === 'read') read(turn, origin, command.input.key ?? '')
  else propose(turn, origin, command)
}

function propose(turn: Turn, origin: Origin, command: Command): void {
  const { state } = turn
  state.proposals.set(lastIndex(state.log) + 1, { term: state.term, origin })
  appendEntry(turn, { term: state.term, command })
  replicate(turn)
}

/** Read-index (thesis §6.4), or by lease (§6.4.1). */
function read(turn: Turn, origin: Origin, key: string): void {
  const { state } = turn
  // The mistake: whoever was leader answers from its own copy, without asking whether it still is.
  if (turn.config.bug === 'stale-read') {
    mark(turn)
    answer(turn, origin, { type: 'ok', value: state.object.values.get(key) ?? null })
    return
  }
  // Until its no-op is committed a leader does not know which entries are (§8); all of them come before the no-op.
  // The mistake: it takes what it knows to be committed for all that is.
  const known = turn.config.bug === 'read-without-noop' ? 0 : state.noopIndex
  const index = Math.max(state.commitIndex, known)
  if (index < state.noopIndex) mark(turn)
  const held = holdsLease(turn)
  if (held && turn.config.bug === 'lease-too-long' && !holdsTrueLease(turn)) mark(turn)
  const round = held ? state.roundConfirmed : roundFromNow(turn)
  state.reads.push({ origin, key, index, round })
  answerReads(turn)
}

export function sweepRequests(turn: Turn): void {
  const { state, config } = turn
  for (const [requestId, request] of state.requests) {
    request.age++
    const ageMs = request.age * SWEEP_MS
    if (request.open.length === 0 && ageMs > config.leaderWaitMs) finish(turn, requestId, unavailable)
    else if (ageMs > config.requestTimeoutMs)
      finish(turn, requestId, request.command.input.f === 'read' ? unavailable : noAnswer(request.lastLeader))
    else offer(turn, requestId, request)
  }
  if (state.requests.size > 0) emit(turn, { type: 'setTimer', timer: 'requests', afterMs: SWEEP_MS })
}

const noAnswer = (leader: NodeId | undefined): Completion => ({
  type: 'info',
  error: `no answer from ${leader}, which took it for the leader`,
})
