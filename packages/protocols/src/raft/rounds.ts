import { type Millis, millis } from '@chaosproxy/history'
import { lastIndex } from '../log.ts'
import { answerReads } from '../routing/answers.ts'
import { breakSilence, broadcast } from './sending.ts'
import { majorityOf, type RaftTurn } from './state.ts'

// A leader sends in rounds: to every follower, the entries that it lacks. Entries and reads that arrive meanwhile wait
// for the next round, after a majority's answers. So a message carries many entries (thesis §10.2.2) and a round serves
// many reads. A majority also confirms that the leader still leads (§8; thesis §6.4): at the beginning of the round or,
// with a lease, for its duration (thesis §6.4.1).

/** Begins a round unless one is in flight; returns the first to begin after this call. */
export function roundFromNow(turn: RaftTurn): number {
  const { state } = turn
  if (state.roundConfirmed < state.roundStarted) return state.roundStarted + 1
  state.roundStarted++
  state.roundStartedAt = turn.steady
  state.roundEnd = lastIndex(state.log)
  broadcast(turn)
  confirmRound(turn)
  return state.roundStarted
}

export function confirmRound(turn: RaftTurn): void {
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
  const awaited = lastRead !== undefined && lastRead.round > state.roundStarted
  if (awaited || lastIndex(state.log) > state.roundEnd) roundFromNow(turn)
}

/**
 * Extends the lease. A node that answers votes for no other within the shortest election timeout (thesis §4.2.3), so a
 * lease from the beginning of the round is safe. Clock rates shorten it (§6.4.1).
 */
function extendLease({ state, config }: RaftTurn): void {
  if (config.reads !== 'lease') return
  state.leaseUntil = millis(state.roundStartedAt + config.leaseMs)
}

/** Whether certainly no other leader has been elected. */
export const holdsLease = ({ state, steady }: RaftTurn): boolean => !state.leaseForfeited && steady < state.leaseUntil

/** Whether a lease without the bug is still held. */
export const holdsTrueLease = ({ state, steady, config }: RaftTurn): boolean =>
  steady < state.leaseUntil - config.leaseMs + config.trueLeaseMs

export const NEVER: Millis = millis(Number.NEGATIVE_INFINITY)

/** Shows that the leader is alive, and renews its lease. */
export function heartbeat(turn: RaftTurn): void {
  const { state, config } = turn
  const idle = state.roundConfirmed === state.roundStarted
  if (config.reads === 'lease' && idle) roundFromNow(turn)
  else breakSilence(turn)
}
