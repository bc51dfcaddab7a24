import { draw } from '../generator.ts'
import { becomeFollower } from './election.ts'
import { appendEntry } from './replication.ts'
import { roundFromNow } from './rounds.ts'
import type { RaftTurn } from './state.ts'

// Membership changes by one server at a time: §4.1 of the thesis. A timer plays the administrator. Nodes that do not
// vote still receive everything, like servers that catch up before they are added (thesis §4.2.1).

export function resize(turn: RaftTurn): void {
  const { state, config } = turn
  if (state.role !== 'leader') return
  if (!state.voter && state.commitIndex >= state.configuration.index) {
    // "a leader that is removed from the configuration steps down once the Cnew entry is committed" (thesis §4.2.2).
    becomeFollower(turn, state.term, undefined)
    return
  }
  if (mayChange(turn)) changeMembers(turn)
  turn.setTimer('resize', config.resizeMs)
}

/**
 * One change at a time (thesis §4.1), and none before an entry of the leader's own term is committed: otherwise two
 * leaders may each begin a change from the same configuration (Ongaro, "bug in single-server membership changes",
 * raft-dev, 2015).
 */
function mayChange(turn: RaftTurn): boolean {
  const { state, config } = turn
  const may = state.commitIndex >= state.configuration.index && state.commitIndex >= state.noopIndex
  // The bug: changes overlap.
  if (may || config.bug !== 'overlapping-changes') return may
  turn.mark()
  return true
}

/** Adds a removed node again, or removes a voter other than the leader; the leader always keeps another voter. */
function changeMembers(turn: RaftTurn): void {
  const { state } = turn
  const { members } = state.configuration
  const absent = state.peers.filter((peer) => !members.includes(peer))
  const others = members.filter((member) => member !== state.id)
  const adds = others.length < 2 || (absent.length > 0 && draw(state.generator) < 0.5)
  const candidates = adds ? absent : others
  const chosen = candidates[Math.floor(draw(state.generator) * candidates.length)]
  if (chosen === undefined) return
  const next = adds ? [...members, chosen] : members.filter((member) => member !== chosen)
  turn.log(`${adds ? 'adds' : 'removes'} ${chosen}: ${next.join(', ')} vote`)
  appendEntry(turn, { term: state.term, command: null, members: next })
  roundFromNow(turn)
}
