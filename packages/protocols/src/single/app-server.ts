import { type Completion, canonical, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { draw } from '../generator.ts'
import { remember } from '../memory.ts'
import { isRead, refused, unavailable } from '../objects/object.ts'
import { issueTicket } from '../routing/forwarding.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import type { Handlers } from '../turn.ts'
import { mayPass, noteFailure, noteSuccess } from './breaker.ts'
import type { Call, Single, SingleTurn } from './state.ts'

// An app server queries the database on behalf of its clients. A missing answer may mean that the request was lost, or
// only the answer. Retrying is safe only for requests without effect or with a key (Helland, "Life beyond Distributed
// Transactions", 2007, §5).

/** The number of answers kept for use while the database does not answer. */
const KNOWN_LIMIT = 1_000
const MOST_TOKENS = 10

export function handleRequest(turn: SingleTurn, requestId: string, command: Command): void {
  const { state, config } = turn
  if (state.calls.size >= REQUEST_LIMIT) turn.reply(requestId, unavailable)
  else if (!mayPass(state.breaker, turn.steady)) turn.reply(requestId, degraded(turn, command) ?? circuitOpen)
  else {
    state.retryTokens = Math.min(MOST_TOKENS, state.retryTokens + config.retryBudget)
    const request = `${state.id}-${state.life}-${requestId}`
    attempt(turn, { requestId, request, command, phase: 'waiting', dueAt: 0, attempt: 0, uncertain: 0 })
  }
}

function attempt(turn: SingleTurn, before: Call): void {
  const { state, config } = turn
  const { request, command } = before
  const number = before.attempt + 1
  state.calls.set(request, {
    ...before,
    phase: 'waiting',
    attempt: number,
    uncertain: before.uncertain + 1,
    dueAt: turn.steady + config.timeoutMs,
  })
  const key = keyOf(turn, request, number)
  const job = { request, attempt: number, command, ticket: issueTicket(state.sending) }
  turn.send(state.database, { type: 'do', ...job, ...(key === undefined ? {} : { key }) })
}

function keyOf(turn: SingleTurn, request: string, number: number): string | undefined {
  const { config } = turn
  if (config.retry !== 'key') return undefined
  if (config.bug !== 'key-per-attempt') return request
  // The bug: the key is created per attempt, so each attempt has a different key.
  if (number > 1) turn.mark()
  return `${request}-${number}`
}

export const appServerMessages: Handlers<Single, 'did' | 'busy'> = {
  did(turn, { request, result }) {
    const { state, config } = turn
    noteSuccess(state.breaker)
    const call = state.calls.get(request)
    if (call === undefined) return
    if (config.degrade && isRead(config, call.command)) {
      remember(state.known, questionOf(call.command), result, KNOWN_LIMIT)
    }
    end(turn, call, result)
  },
  busy(turn, { request, attempt: number }) {
    const call = turn.state.calls.get(request)
    if (call === undefined) return
    const left = { ...call, uncertain: call.uncertain - 1 }
    turn.state.calls.set(request, left)
    if (call.phase === 'waiting' && call.attempt === number) failed(turn, left)
  },
}

export function lookAtCalls(turn: SingleTurn): void {
  for (const call of [...turn.state.calls.values()]) {
    if (call.dueAt > turn.steady) continue
    if (call.phase === 'waiting') failed(turn, call)
    else if (mayPass(turn.state.breaker, turn.steady)) attempt(turn, call)
    else giveUp(turn, call, 'the circuit is open')
  }
}

function failed(turn: SingleTurn, call: Call): void {
  const { state, config, steady } = turn
  if (noteFailure(state.breaker, config.breakerFailures, steady + config.coolDownMs))
    turn.log(`opens the circuit for ${config.coolDownMs} ms`)
  if (config.retry === 'none' || call.attempt >= config.attempts) giveUp(turn, call, 'no answer')
  else if (config.retryBudget > 0 && state.retryTokens < 1) giveUp(turn, call, 'no answer, and no retries left')
  else {
    state.retryTokens--
    const pauseMs = backoffOf(turn, call.attempt)
    turn.log(`tries ${call.request} again in ${Math.round(pauseMs)} ms, after attempt ${call.attempt}`)
    state.calls.set(call.request, { ...call, phase: 'backing off', dueAt: steady + pauseMs })
  }
}

/**
 * Returns the pause before the next attempt. With `jitter`, the pause is random, but not longer than the exponential
 * pause (Brooker, "Exponential Backoff and Jitter", AWS, 2015).
 */
function backoffOf({ config, state }: SingleTurn, failures: number): number {
  const { backoff, backoffMs, longestBackoffMs } = config
  const exponentialMs = Math.min(longestBackoffMs, backoffMs * 2 ** (failures - 1))
  switch (backoff) {
    case 'none':
      return 0
    case 'fixed':
      return backoffMs
    case 'exponential':
      return exponentialMs
    case 'jitter':
      return draw(state.generator) * exponentialMs
    default:
      return backoff satisfies never
  }
}

/** Ends a request. A request has certainly failed if it is a read, or if all its attempts were rejected. */
function giveUp(turn: SingleTurn, call: Call, why: string): void {
  const { command, uncertain, attempt: attempts } = call
  const error = `${why}, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`
  const known = degraded(turn, command)
  if (known !== undefined) end(turn, call, known)
  else if (uncertain === 0 || isRead(turn.config, command)) end(turn, call, refused(error))
  else if (why !== 'no answer' && turn.suffers('refuse-after-sent')) {
    // The bug: the request is reported as never sent, although an earlier attempt was sent.
    end(turn, call, circuitOpen)
  } else end(turn, call, { type: 'info', error })
}

/** Returns an old answer instead of none: graceful degradation. */
function degraded(turn: SingleTurn, command: Command): Completion | undefined {
  if (!turn.config.degrade || !isRead(turn.config, command)) return undefined
  const known = turn.state.known.get(questionOf(command))
  if (known !== undefined) turn.log(`answers ${questionOf(command)} from what it knows`)
  return known
}

const circuitOpen: Completion = refused('the circuit is open')

const questionOf = ({ input: { f, key, value } }: Command): string => canonical([f, key ?? null, value])

function end(turn: SingleTurn, { requestId, request }: Call, result: Completion): void {
  turn.state.calls.delete(request)
  turn.reply(requestId, result)
}

/** The shortest timer in milliseconds. Rounding could otherwise make the timer fire repeatedly at the same time. */
const SHORTEST_MS = 0.01

export function awaitCalls(turn: SingleTurn): void {
  const { state, steady } = turn
  let dueAt = Number.POSITIVE_INFINITY
  for (const call of state.calls.values()) dueAt = Math.min(dueAt, call.dueAt)
  if (dueAt === Number.POSITIVE_INFINITY) turn.cancelTimer('calls')
  else turn.setTimer('calls', millis(Math.max(SHORTEST_MS, dueAt - steady)))
}
