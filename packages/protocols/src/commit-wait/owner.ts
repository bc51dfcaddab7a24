import { type Completion, type Json, millis } from '@chaosproxy/history'
import { ok, sameValue, UNKEYED, unsupported } from '../objects/object.ts'
import { mismatch, pairOf } from '../objects/register.ts'
import {
  type Ask,
  BEGINNING,
  type CommitWaitTurn,
  isAfter,
  type Stamp,
  stampAfter,
  timeHere,
  type Version,
} from './state.ts'

const NOBODY: readonly Ask[] = []

/** Serves a request at the owner of its key. While a write waits for its time, later requests also wait. */
export function serve(turn: CommitWaitTurn, ask: Ask): void {
  const { state } = turn
  const { input } = ask.command
  const key = input.key ?? UNKEYED
  if (state.waiting.has(key)) {
    state.queued.set(key, [...(state.queued.get(key) ?? NOBODY), ask])
    return
  }
  const newest = state.versions.get(key)?.at(-1)
  switch (input.f) {
    case 'read':
      answer(turn, ask, ok(read(turn, key, ask)))
      return
    case 'write':
      write(turn, key, ask, input.value)
      return
    case 'cas': {
      const pair = pairOf(input.value)
      if (pair === undefined) answer(turn, ask, unsupported)
      else if (!sameValue(newest?.value ?? null, pair.old)) answer(turn, ask, mismatch)
      else write(turn, key, ask, pair.new)
      return
    }
    default:
      answer(turn, ask, unsupported)
  }
}

function read(turn: CommitWaitTurn, key: string, { at }: Ask): Json {
  const { state } = turn
  const limit = at + uncertainty(turn)
  const versions = state.versions.get(key) ?? []
  const found = versions.findLast(({ stamp }) => stamp.time <= limit)
  const skipped = versions.findLast(({ stamp }) => stamp.time <= limit + trueUncertainty(turn))
  if (found !== skipped && hasBug(turn)) turn.mark()
  const seen: Stamp = { time: at, logical: 0 }
  const before = state.readAt.get(key) ?? BEGINNING
  if (isAfter(seen, before)) state.readAt.set(key, seen)
  return found?.value ?? null
}

/**
 * A read must also see versions that are later than the reader's clock by up to this time.
 *
 * - commit-wait: ε, because "s_read = TT.now().latest" (Spanner, OSDI 2012, §4.1.4).
 * - uncertainty-interval: the greatest difference of two clocks. A value in the interval may have been written before
 *   the read began, so the read restarts with a time after that value (Taft et al., "CockroachDB", SIGMOD 2020, §4.2).
 */
const trueUncertainty = ({ config: { order, epsilonMs } }: CommitWaitTurn): number =>
  order === 'commit-wait' ? epsilonMs : 2 * epsilonMs

/** The bug: a reader treats its clock as the true time. */
const hasBug = ({ config }: CommitWaitTurn): boolean => config.bug === 'trust-clock'

const uncertainty = (turn: CommitWaitTurn): number => (hasBug(turn) ? 0 : trueUncertainty(turn))

function write(turn: CommitWaitTurn, key: string, ask: Ask, value: Json): void {
  const { state, config } = turn
  const newest = state.versions.get(key)?.at(-1)?.stamp ?? BEGINNING
  const readAt = state.readAt.get(key) ?? BEGINNING
  const floor = isAfter(readAt, newest) ? readAt : newest
  if (config.order === 'uncertainty-interval') {
    commit(turn, key, ask, { stamp: stampAfter(ask.at, floor), value })
    return
  }
  // The rule "Start" of Spanner (§4.1.2): the time of a write is no less than TT.now().latest when the request arrives.
  const version = { stamp: stampAfter(timeHere(turn) + config.epsilonMs, floor), value }
  // The bug: the write is answered while its time may be ahead of other nodes' clocks.
  if (turn.suffers('no-wait')) {
    commit(turn, key, ask, version)
    return
  }
  state.waiting.set(key, { ask, version })
  wait(turn, key, version)
}

/** Commit wait: no client sees a write until its time has passed on every clock (Spanner §4.1.2). */
function wait(turn: CommitWaitTurn, key: string, { stamp }: Version): void {
  const leftMs = stamp.time - (timeHere(turn) - turn.config.epsilonMs)
  turn.setTimer(`commit ${key}`, millis(Math.max(0, leftMs) + PAST_MS))
}

/** The wait must end after the write's time, not exactly at it. */
const PAST_MS = 0.001

export function waited(turn: CommitWaitTurn, key: string): void {
  const { state, config } = turn
  const waiting = state.waiting.get(key)
  if (waiting === undefined) return
  const { ask, version } = waiting
  if (timeHere(turn) - config.epsilonMs <= version.stamp.time) {
    wait(turn, key, version)
    return
  }
  state.waiting.delete(key)
  commit(turn, key, ask, version)
  const queued = state.queued.get(key) ?? NOBODY
  state.queued.delete(key)
  for (const next of queued) serve(turn, next)
}

function commit(turn: CommitWaitTurn, key: string, ask: Ask, version: Version): void {
  add(turn.state.versions, key, version)
  turn.persist({ key, version })
  answer(turn, ask, ok(ask.command.input.value))
}

/**
 * Adds a version, and drops the oldest one if there are too many. No read needs the dropped version, because no
 * reader's clock is so far behind.
 */
export function add(all: Map<string, Version[]>, key: string, version: Version): void {
  const versions = all.get(key)
  if (versions === undefined) all.set(key, [version])
  else {
    versions.push(version)
    if (versions.length > VERSIONS_LIMIT) versions.shift()
  }
}

const VERSIONS_LIMIT = 1_000

const answer = (turn: CommitWaitTurn, { gateway, requestId }: Ask, result: Completion): void =>
  turn.send(gateway, { type: 'answer', requestId, result })
