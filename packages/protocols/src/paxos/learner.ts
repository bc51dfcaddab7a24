import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import { answer, answerReads } from '../routing/answers.ts'
import { applyOnce } from '../routing/sessions.ts'
import type { Handler } from '../turn.ts'
import { accept } from './acceptor.ts'
import type { Paxos, PaxosTurn } from './state.ts'

// Learning chosen values (§2.3) from the leader, and applying them in the order of their slots (§3).

/** Slots per message. */
const BATCH = 256

/**
 * The leader of this ballot knows that slots up to `chosen` are. What this node has accepted in the same ballot is what
 * was chosen, because later ballots propose nothing else (P2b, §2.2); the rest it asks for.
 */
export function learnUpTo(turn: PaxosTurn, leader: NodeId, ballot: number, chosen: number): void {
  const { state } = turn
  while (state.applied < chosen) {
    if (state.accepted.get(state.applied + 1)?.ballot !== ballot) {
      turn.send(leader, { type: 'learn', from: state.applied + 1 })
      return
    }
    applyNext(turn)
  }
}

export const handleLearn: Handler<Paxos, 'learn'> = (turn, { from: first }, from) => {
  const { state } = turn
  const count = Math.min(BATCH, state.applied - first + 1)
  if (state.role !== 'leader' || count <= 0) return
  const commands = Array.from({ length: count }, (_, i) => state.accepted.get(first + i)?.command ?? null)
  turn.send(from, { type: 'chosen', ballot: state.ballot, from: first, commands })
}

export const handleChosen: Handler<Paxos, 'chosen'> = (turn, message) => {
  const { state } = turn
  const { from, commands, ballot } = message
  const last = from + commands.length - 1
  if (from > state.applied + 1 || last <= state.applied) return
  accept(
    turn,
    commands.map((command, i) => [from + i, { ballot, command }]),
  )
  while (state.applied < last) applyNext(turn)
}

/** Applies the next slot, which is chosen, and answers the requests that wait for it here. */
export function applyNext(turn: PaxosTurn): void {
  const { state, config } = turn
  state.applied++
  const slot = state.applied
  const command = state.accepted.get(slot)?.command ?? null
  const result: Completion | undefined = command === null ? undefined : applyOnce(config.object, state.copy, command)
  state.votes.delete(slot)
  const origin = state.origins.get(slot)
  if (origin === undefined) return
  state.origins.delete(slot)
  if (result !== undefined) answer(turn, origin, result)
}

export function answerReadyReads(turn: PaxosTurn): void {
  if (turn.state.role === 'leader') answerReads(turn)
}
