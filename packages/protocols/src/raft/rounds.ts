import { type Millis, millis } from '@chaos/history'
import { answerReads } from '../routing/answers.ts'
import { breakSilence, broadcast } from './sending.ts'
import { majorityOf, type Turn } from './state.ts'

// How a leader knows that it still is one: by a round of heartbeats that a majority answers (§8; thesis §6.4), or by the
// lease that the last such round gave it (thesis §6.4.1).

/** Begins a round of heartbeats, unless one is on its way; gives the number of the first that begins after this call. */
export function roundFromNow(turn: Turn): number {
  const { state } = turn
  if (state.roundConfirmed < state.roundStarted) return state.roundStarted + 1
  state.roundStarted++
  state.roundStartedAt = turn.now
  broadcast(turn)
  confirmRound(turn)
  return state.roundStarted
}

export function confirmRound(turn: Turn): void {
  const { state } = turn
  if (state.roundConfirmed === state.roundStarted) return
  let acknowledged = state.voter ? 1 : 0
  for (const progress of state.progress.values())
    if (progress.voter && progress.ackedRound >= state.roundStarted) acknowledged++
  if (acknowledged < majorityOf(turn)) return
  state.roundConfirmed = state.roundStarted
  extendLease(turn)
  answerReads(turn)
  const lastRead = state.reads.at(-1)
  if (lastRead !== undefined && lastRead.round > state.roundStarted) roundFromNow(turn)
}

/**
 * Those who answered vote for no one else within the shortest election timeout of that (thesis §4.2.3), which was after the
 * round began: so the lease counts from its beginning, and is shorter by as much as their clocks may run faster (§6.4.1).
 */
function extendLease({ state, config }: Turn): void {
  if (config.reads !== 'lease') return
  state.leaseUntil = millis(state.roundStartedAt + config.leaseMs)
}

/** No other leader can have been elected yet. */
export const holdsLease = ({ state, now }: Turn): boolean => !state.leaseForfeited && now < state.leaseUntil

/** What it could count on without the mistake. */
export const holdsTrueLease = ({ state, now, config }: Turn): boolean =>
  now < state.leaseUntil - config.leaseMs + config.trueLeaseMs

/** A clock that went back says nothing of how long ago a round began. By how much it went unnoticed, a heartbeat bounds. */
export function watchClock({ state, now }: Turn): void {
  if (now < state.lastStepAt) {
    state.leaseUntil = NEVER
    state.roundStartedAt = NEVER
  }
  state.lastStepAt = now
}

/** Before all times. */
export const NEVER: Millis = millis(Number.NEGATIVE_INFINITY)

/** The leader says that it is there; one that reads by lease sees to it, too, that the lease does not run out. */
export function heartbeat(turn: Turn): void {
  const { state, config } = turn
  const idle = state.roundConfirmed === state.roundStarted
  if (config.reads === 'lease' && idle) roundFromNow(turn)
  else breakSilence(turn)
}
