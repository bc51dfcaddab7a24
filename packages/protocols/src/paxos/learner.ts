import type { NodeId } from '@chaosproxy/faults'
import { answerReads } from '../routing/answers.ts'
import { applyNext } from '../routing/succession.ts'
import type { Handlers } from '../turn.ts'
import { accept } from './acceptor.ts'
import type { Paxos, PaxosTurn } from './state.ts'

// Learning chosen values (§2.3) from the leader.

/** Slots per message. */
const BATCH = 256

/**
 * Learns the slots up to `chosen`. If this node accepted a proposal of this ballot, that proposal was chosen, because
 * later ballots propose nothing else (P2b, §2.2). For other slots, the node asks the leader.
 */
export function learnUpTo(turn: PaxosTurn, leader: NodeId, ballot: number, chosen: number): void {
  const { state } = turn
  while (state.applied < chosen) {
    if (state.accepted.get(state.applied + 1)?.ballot !== ballot) {
      turn.send(leader, { type: 'learn', from: state.applied + 1 })
      return
    }
    applyChosen(turn)
  }
}

export const learnerMessages: Handlers<Paxos, 'learn' | 'chosen'> = {
  learn(turn, { from: first }, from) {
    const { state } = turn
    const count = Math.min(BATCH, state.applied - first + 1)
    if (state.role !== 'leader' || count <= 0) return
    const commands = Array.from({ length: count }, (_, i) => state.accepted.get(first + i)?.command ?? null)
    turn.send(from, { type: 'chosen', ballot: state.ballot, from: first, commands })
  },
  chosen(turn, message) {
    const { state } = turn
    const { from, commands, ballot } = message
    const last = from + commands.length - 1
    if (from > state.applied + 1 || last <= state.applied) return
    accept(turn, ballot, message)
    while (state.applied < last) applyChosen(turn)
  },
}

export function applyChosen(turn: PaxosTurn): void {
  const { state } = turn
  const slot = state.applied + 1
  state.votes.delete(slot)
  applyNext(turn, state.accepted.get(slot)?.command ?? null)
}

export function answerReadyReads(turn: PaxosTurn): void {
  if (turn.state.role === 'leader') answerReads(turn)
}
