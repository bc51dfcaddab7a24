import { type Millis, millis } from '@chaosproxy/history'
import { lastIndex } from '../log.ts'
import { answerReads } from '../routing/answers.ts'
import { breakSilence, broadcast } from './sending.ts'
import { majorityOf, type RaftTurn } from './state.ts'

// A leader sends in rounds: in each round, it sends every follower the entries that the follower lacks. Entries and
// reads that arrive during a round wait for the next round, which begins when a majority has answered. So one message
// carries many entries (thesis §10.2.2) and serves many reads. The answers of a majority also confirm that the leader
// still led when the round began (§8; thesis §6.4). If the round extends the leader's lease, the answers confirm that
// the leader leads for the duration of the lease (thesis §6.4.1).

/** Begins a round, unless one is in flight. Returns the number of the first round to begin after this call. */
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
 * Extends the lease. Nodes that answer a round vote for no other node within the shortest election timeout (thesis
 * §4.2.3), so the lease counts from the beginning of the round. `leaseMs` is shortened by the largest ratio of clock
 * rates (§6.4.1).
 */
function extendLease({ state, config }: RaftTurn): void {
  if (config.reads !== 'lease') return
  state.leaseUntil = millis(state.roundStartedAt + config.leaseMs)
}

/** Whether it is certain that no other leader has been elected. */
export const holdsLease = ({ state, steady }: RaftTurn): boolean => !state.leaseForfeited && steady < state.leaseUntil

/** Whether the lease would still be held if it had its correct length. The bug makes leases too long. */
export const holdsTrueLease = ({ state, steady, config }: RaftTurn): boolean =>
  steady < state.leaseUntil - config.leaseMs + config.trueLeaseMs

export const NEVER: Millis = millis(Number.NEGATIVE_INFINITY)

export function heartbeat(turn: RaftTurn): void {
  const { state, config } = turn
  const idle = state.roundConfirmed === state.roundStarted
  if (config.reads === 'lease' && idle) roundFromNow(turn)
  else breakSilence(turn)
}
