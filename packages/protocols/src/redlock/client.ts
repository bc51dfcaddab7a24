import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Json, millis } from '@chaosproxy/history'
import { draw } from '../generator.ts'
import { declined, ok, unavailable } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import {
  type Attempt,
  type Job,
  majorityOf,
  nameOfToken,
  type Redlock,
  type RedlockTurn,
  sendToMasters,
  trueMajority,
} from './state.ts'

// The client's part of Redlock (redis.io, "Distributed Locks with Redis", "The Redlock Algorithm", steps 1 to 5).

/** Steps 1 and 2: records the time, and tries to set the key on all masters to a value that no other client has. */
export function begin(turn: RedlockTurn, key: string, job: Job): void {
  const { state, steady } = turn
  const value = `${state.id}-${state.life}-${++state.named}`
  const [set, answered, raised] = [new Set<NodeId>(), new Set<NodeId>(), new Set<NodeId>()]
  state.attempts.set(value, {
    ...{ key, value, job, startedAt: steady, phase: 'set' },
    ...{ set, refused: answered, raised, token: 0, content: null, result: undefined },
  })
  sendToMasters(turn, { type: 'set', key, value })
}

export const clientMessages: Handlers<Redlock, 'set-done' | 'raised' | 'deleted' | 'loaded' | 'stored' | 'refused'> = {
  'set-done'(turn, { value, isMine, counter }, from) {
    const attempt = turn.state.attempts.get(value)
    if (attempt?.phase !== 'set') return
    if (isMine) attempt.set.add(from)
    else attempt.refused.add(from)
    attempt.token = Math.max(attempt.token, counter)
    if (attempt.set.size >= majorityOf(turn)) locked(turn, attempt)
    else if (isHeld(turn, attempt)) giveBack(turn, attempt)
  },
  raised(turn, { value }, from) {
    const attempt = turn.state.attempts.get(value)
    if (attempt?.phase !== 'raise') return
    attempt.raised.add(from)
    if (attempt.raised.size < majorityOf(turn)) return
    if (isValid(turn, attempt)) granted(turn, attempt)
    else giveBack(turn, attempt)
  },
  deleted(turn, { value, wasMine }, from) {
    const { state } = turn
    const releasing = state.releases.get(value)
    if (releasing === undefined) return
    releasing.answers.set(from, wasMine)
    const { request, answers, isAnswered } = releasing
    const mine = [...answers.values()].filter((was) => was).length
    const others = answers.size - mine
    if (request !== undefined && !isAnswered && Math.max(mine, others) >= trueMajority(state)) {
      releasing.isAnswered = true
      turn.reply(request.id, mine > others ? ok(request.token) : declined('not held'))
    }
    if (answers.size === state.masters.length) state.releases.delete(value)
  },
  loaded(turn, { value, content }) {
    const { state, config } = turn
    const { object } = config
    const attempt = state.attempts.get(value)
    if (attempt?.phase !== 'load' || attempt.job.type !== 'apply') return
    // Without fencing, only the clock shows whether the lock is still held.
    if (!config.fencing && !isValid(turn, attempt)) {
      giveBack(turn, attempt)
      return
    }
    const { input } = attempt.job
    const held = content === null ? object.initial() : object.load(content)
    attempt.result = object.apply(held, input)
    if (object.reads.includes(input.f) || attempt.result.type !== 'ok') {
      finish(turn, attempt, attempt.result)
      return
    }
    attempt.phase = 'store'
    attempt.content = object.save(held)
    store(turn, attempt)
  },
  stored(turn, { value }) {
    const attempt = turn.state.attempts.get(value)
    if (attempt?.phase === 'store') finish(turn, attempt, attempt.result ?? unavailable)
  },
  refused(turn, { value }) {
    const attempt = turn.state.attempts.get(value)
    if (attempt?.phase === 'load') giveBack(turn, attempt)
    // The resource may have accepted an earlier duplicate of this message, so the result is unknown.
    else if (attempt?.phase === 'store') finish(turn, attempt, LOST)
  },
}

const isHeld = (turn: RedlockTurn, { refused }: Attempt): boolean =>
  refused.size > turn.state.masters.length - majorityOf(turn)

/**
 * Step 3 of Redlock: the client has the lock if it locked a majority of the masters before the first key could expire.
 */
function locked(turn: RedlockTurn, attempt: Attempt): void {
  if (!isValid(turn, attempt)) {
    giveBack(turn, attempt)
    return
  }
  if (attempt.set.size < trueMajority(turn.state)) turn.mark()
  if (!turn.config.fencing) {
    granted(turn, attempt)
    return
  }
  attempt.phase = 'raise'
  attempt.token += 1
  sendToMasters(turn, { type: 'raise', key: attempt.key, value: attempt.value, token: attempt.token })
}

/**
 * Step 4: whether the lock is still valid. The time left is the time to live, less the clock drift and the time spent
 * acquiring the lock.
 */
function isValid(turn: RedlockTurn, { startedAt }: Attempt): boolean {
  const { config, steady } = turn
  const leftMs = config.ttlMs - (steady - startedAt) - (config.ttlMs * config.clockDrift + 2)
  // The bug: the time spent acquiring the lock is ignored.
  return leftMs > 0 || turn.suffers('validity-not-subtracted')
}

function granted(turn: RedlockTurn, attempt: Attempt): void {
  const { state } = turn
  const { key, value, job, token } = attempt
  state.granted = { key, value, ownHad: state.locks.get(key) === value }
  if (job.type === 'hold') {
    const result: Json = turn.config.fencing ? token : value
    state.attempts.delete(value)
    state.held.set(nameOfToken(key, result), value)
    turn.reply(job.requestId, ok(result))
    return
  }
  attempt.phase = 'load'
  turn.send(state.resource, { type: 'load', key, value, token: turn.config.fencing ? token : 0 })
}

/**
 * Step 5: releases the lock; "it will try to unlock all the instances (even the instances it believed it was not able
 * to lock)".
 */
function giveBack(turn: RedlockTurn, attempt: Attempt): void {
  const { state, steady } = turn
  const { key, job } = attempt
  end(turn, attempt)
  if (job.type === 'hold') turn.reply(job.requestId, isHeld(turn, attempt) ? declined('held') : unavailable)
  // "try again after a random delay"
  else state.waiting.push({ ...job, key, notBefore: millis(steady + draw(state.generator) * turn.config.attemptMs) })
}

function end(turn: RedlockTurn, { key, value }: Attempt): void {
  turn.state.attempts.delete(value)
  release(turn, key, value)
}

export function release(turn: RedlockTurn, key: string, value: string, request?: { id: string; token: Json }): void {
  const { state, steady } = turn
  state.releases.set(value, {
    key,
    value,
    request,
    since: steady,
    answers: new Map(),
    isAnswered: request === undefined,
  })
  sendToMasters(turn, { type: 'delete', key, value })
}

function store(turn: RedlockTurn, { key, value, token, content }: Attempt): void {
  const result = turn.config.fencing ? token : 0
  turn.send(turn.state.resource, { type: 'store', key, value, token: result, content })
}

const LOST: Completion = { type: 'info', error: 'the lock was lost while the result was being stored' }

function finish(turn: RedlockTurn, attempt: Attempt, result: Completion): void {
  end(turn, attempt)
  turn.reply(attempt.job.requestId, result)
}

export function workAgain(turn: RedlockTurn): void {
  const { state, config, steady } = turn
  for (const attempt of [...state.attempts.values()]) {
    const { key, value, token, phase, startedAt } = attempt
    const isLocking = phase === 'set' || phase === 'raise'
    if (isLocking && steady - startedAt > config.attemptMs) giveBack(turn, attempt)
    else if (phase === 'load')
      turn.send(state.resource, { type: 'load', key, value, token: config.fencing ? token : 0 })
    else if (phase === 'store' && (config.fencing || isValid(turn, attempt))) store(turn, attempt)
    else if (phase === 'store') finish(turn, attempt, LOST)
  }
  for (const { key, value, since, answers } of [...state.releases.values()]) {
    // After twice the time to live, the lock has expired even if it was not released.
    if (steady - since > 2 * config.ttlMs) state.releases.delete(value)
    else for (const master of state.masters) if (!answers.has(master)) turn.send(master, { type: 'delete', key, value })
  }
  const { waiting } = state
  state.waiting = waiting.filter(({ notBefore }) => notBefore > steady)
  for (const { key, notBefore, ...job } of waiting) {
    if (notBefore > steady) continue
    if (steady - job.since > config.requestTimeoutMs) turn.reply(job.requestId, unavailable)
    else begin(turn, key, job)
  }
}
