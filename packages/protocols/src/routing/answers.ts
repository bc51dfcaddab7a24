import type { Completion, Input } from '@chaosproxy/history'
import { UNAVAILABLE, unavailable } from '../objects/object.ts'
import { takeReady } from './reads.ts'
import type { Origin, RoutingTurn } from './routing.ts'

// The way back: from the leader to the node that the client asked, and from there to the client.

/** On the leader: answers the reads that are ready. */
export function answerReads<Turn extends RoutingTurn<Turn>>(turn: Turn): void {
  for (const { origin, input } of takeReady(turn.state)) answer(turn, origin, readOf(turn, input))
}

/** Reads this node's copy. */
export const readOf = <Turn>({ config, state }: RoutingTurn<Turn>, input: Input): Completion =>
  config.object.apply(state.copy.held, input)

/** On stepping down, pending reads fail. */
export function failReads<Turn extends RoutingTurn<Turn>>(turn: Turn): void {
  const { reads } = turn.state
  turn.state.reads = []
  for (const { origin } of reads) answer(turn, origin, unavailable)
}

export function answer<Turn extends RoutingTurn<Turn>>(turn: Turn, origin: Origin, result: Completion): void {
  if (origin.node === turn.state.id) handleAnswer(turn, origin, result)
  else turn.protocol.emit(turn, { type: 'send', to: origin.node, message: { type: 'answer', origin, result } })
}

export function handleAnswer<Turn extends RoutingTurn<Turn>>(turn: Turn, origin: Origin, result: Completion): void {
  const request = turn.state.requests.get(origin.requestId)
  if (request === undefined) return
  const refused = result.type === 'fail' && result.error === UNAVAILABLE
  if (refused && turn.config.leaderWaitMs > 0) {
    // This attempt certainly had no effect; another attempt of the request may still have one. The next sweep retries.
    request.open = request.open.filter((attempt) => attempt !== origin.attempt)
    return
  }
  finish(turn, origin.requestId, result)
}

export function finish<Turn extends RoutingTurn<Turn>>(turn: Turn, requestId: string, result: Completion): void {
  const { requests } = turn.state
  requests.delete(requestId)
  if (requests.size === 0) turn.protocol.emit(turn, { type: 'cancelTimer', timer: 'requests' })
  turn.protocol.emit(turn, { type: 'reply', requestId, result })
}
