import type { Input } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { lastIndex } from '../log.ts'
import { unavailable } from '../objects/object.ts'
import { answer, answerReads, readOf } from '../routing/answers.ts'
import { isRead, type Origin, REQUEST_LIMIT } from '../routing/routing.ts'
import { appendEntry, roundFromNow, sendToAll } from './replication.ts'
import { type PrimaryReplicaTurn, syncCount } from './state.ts'

/** Serves a request that its origin sent to this node as the primary. */
export function serve(turn: PrimaryReplicaTurn, origin: Origin, command: Command): void {
  const { state, config } = turn
  if (state.role !== 'primary') answer(turn, origin, unavailable)
  else if (isRead(config, command)) read(turn, origin, command.input)
  else if (!canReplicate(turn)) answer(turn, origin, unavailable)
  else {
    state.proposals.set(lastIndex(state.log) + 1, origin)
    appendEntry(turn, { term: state.epoch, command })
    sendToAll(turn)
  }
}

/**
 * Whether enough replicas are in reach for a write to be acknowledged. If not, refusing it beats leaving it pending.
 */
function canReplicate(turn: PrimaryReplicaTurn): boolean {
  const { state } = turn
  let reachable = 0
  for (const replica of state.replicas.values()) if (replica.reachable) reachable++
  return reachable >= syncCount(turn) && state.proposals.size + state.ownWrites.size < REQUEST_LIMIT
}

/**
 * An asynchronous primary answers from its copy. A synchronous one first confirms with a majority that its epoch is
 * still the latest, in a round begun after the read arrived: a majority that had promised another epoch would not
 * answer.
 */
function read(turn: PrimaryReplicaTurn, origin: Origin, input: Input): void {
  const { state, config } = turn
  // The bug: a synchronous primary answers from its copy without confirming.
  if (config.sync === 0 || config.bug === 'stale-read') {
    if (config.sync !== 0) turn.mark()
    answer(turn, origin, readOf(turn, input))
    return
  }
  if (state.reads.length >= REQUEST_LIMIT) {
    answer(turn, origin, unavailable)
    return
  }
  const index = Math.max(state.committed, state.noopIndex)
  state.reads.push({ origin, input, index, round: roundFromNow(turn) })
  answerReads(turn)
}
