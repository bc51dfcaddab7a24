import type { Completion } from '@chaos/history'
import { millis } from '@chaos/history'
import type { Command } from '../command.ts'
import { issueTicket } from '../forwarding.ts'
import { lastIndex } from '../log.ts'
import { unavailable } from '../object.ts'
import { answer, answerReads, finish } from './answers.ts'
import { appendEntry, roundFromNow, sendToAll } from './replication.ts'
import { emit, mark, type Origin, send, syncCount, type Turn } from './state.ts'

const SWEEP_MS = millis(50)
/** Requests waiting at one node, and writes a primary has not acknowledged: beyond it, requests are refused. */
const REQUEST_LIMIT = 10_000

export function handleRequest(turn: Turn, requestId: string, command: Command): void {
  const { state, config } = turn
  const own = command.input.f === 'read' && config.reads === 'replica'
  if (own) {
    const value = state.values.get(command.input.key ?? '') ?? null
    emit(turn, { type: 'reply', requestId, result: { type: 'ok', value } })
    return
  }
  if (state.primary === undefined || state.requests.size >= REQUEST_LIMIT) {
    emit(turn, { type: 'reply', requestId, result: unavailable })
    return
  }
  if (state.requests.size === 0) emit(turn, { type: 'setTimer', timer: 'requests', afterMs: SWEEP_MS })
  state.requests.set(requestId, { command, age: 0 })
  const origin: Origin = { node: state.id, requestId }
  if (state.primary === state.id) serve(turn, origin, command)
  else send(turn, state.primary, { type: 'forward', origin, command, ticket: issueTicket(state.forwarding) })
}

/** A request has reached the node that its origin takes for the primary. */
export function serve(turn: Turn, origin: Origin, command: Command): void {
  const { state } = turn
  if (state.role !== 'primary') answer(turn, origin, unavailable)
  else if (command.input.f === 'read') read(turn, origin, command.input.key ?? '')
  else if (!canReplicate(turn)) answer(turn, origin, unavailable)
  else {
    state.proposals.set(lastIndex(state.log) + 1, origin)
    appendEntry(turn, { term: state.epoch, command })
    sendToAll(turn)
  }
}

/** Enough replicas answer for a write to be acknowledged at all; where not, it is better refused than left hanging. */
function canReplicate(turn: Turn): boolean {
  const { state } = turn
  let reachable = 0
  for (const replica of state.replicas.values()) if (replica.reachable) reachable++
  return reachable >= syncCount(turn) && state.proposals.size < REQUEST_LIMIT
}

/**
 * An asynchronous primary answers from its copy. A synchronous one first hears from a majority that its epoch is still
 * the latest, in a round begun after the read came: a majority that had promised another epoch would not answer.
 */
function read(turn: Turn, origin: Origin, key: string): void {
  const { state, config } = turn
  // The mistake: a synchronous one does so too.
  if (config.sync === 0 || config.bug === 'stale-read') {
    if (config.sync !== 0) mark(turn)
    answer(turn, origin, { type: 'ok', value: state.values.get(key) ?? null })
    return
  }
  if (state.reads.length >= REQUEST_LIMIT) {
    answer(turn, origin, unavailable)
    return
  }
  const index = Math.max(state.committed, state.noopIndex)
  state.reads.push({ origin, key, index, round: roundFromNow(turn) })
  answerReads(turn)
}

export function sweepRequests(turn: Turn): void {
  const { state, config } = turn
  for (const [requestId, request] of state.requests) {
    request.age++
    if (request.age * SWEEP_MS <= config.requestTimeoutMs) continue
    const unknown: Completion = { type: 'info', error: 'no answer from the primary' }
    finish(turn, requestId, request.command.input.f === 'read' ? unavailable : unknown)
  }
  if (state.requests.size > 0) emit(turn, { type: 'setTimer', timer: 'requests', afterMs: SWEEP_MS })
}
