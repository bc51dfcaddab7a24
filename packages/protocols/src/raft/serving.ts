import type { Input } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { lastIndex } from '../log.ts'
import { unavailable } from '../objects/object.ts'
import { answer, answerReads, readOf } from '../routing/answers.ts'
import { isRead, type Origin, REQUEST_LIMIT } from '../routing/routing.ts'
import { appendEntry } from './replication.ts'
import { holdsLease, holdsTrueLease, roundFromNow } from './rounds.ts'
import type { RaftTurn } from './state.ts'

// How a leader serves a request: §8; thesis §6.4 (reads).

/** The most uncommitted entries of a leader; beyond that it refuses requests. */
const UNCOMMITTED_LIMIT = 10_000

/** Serves a request that its origin sent to this node as the leader. */
export function serve(turn: RaftTurn, origin: Origin, command: Command): void {
  const { state, config } = turn
  const crowded = lastIndex(state.log) - state.commitIndex > UNCOMMITTED_LIMIT || state.reads.length > REQUEST_LIMIT
  if (state.role !== 'leader' || state.transferTo !== undefined || crowded) answer(turn, origin, unavailable)
  else if (isRead(config, command)) read(turn, origin, command.input)
  else propose(turn, origin, command)
}

function propose(turn: RaftTurn, origin: Origin, command: Command): void {
  const { state } = turn
  state.proposals.set(lastIndex(state.log) + 1, { term: state.term, origin })
  appendEntry(turn, { term: state.term, command })
  roundFromNow(turn)
}

/** By read-index (thesis §6.4) or by lease (§6.4.1). */
function read(turn: RaftTurn, origin: Origin, input: Input): void {
  const { state } = turn
  // The bug: a leader answers from its own copy without checking that it still leads.
  if (turn.config.bug === 'stale-read') {
    turn.mark()
    answer(turn, origin, readOf(turn, input))
    return
  }
  // Until its no-op is committed, a leader does not know which entries are (§8); all of them precede the no-op. The
  // bug: it assumes that the entries known to be committed are all of them.
  const known = turn.config.bug === 'read-without-noop' ? 0 : state.noopIndex
  const index = Math.max(state.commitIndex, known)
  if (index < state.noopIndex) turn.mark()
  const held = holdsLease(turn)
  if (held && turn.config.bug === 'lease-too-long' && !holdsTrueLease(turn)) turn.mark()
  const round = held ? state.roundConfirmed : roundFromNow(turn)
  state.reads.push({ origin, input, index, round })
  answerReads(turn)
}
