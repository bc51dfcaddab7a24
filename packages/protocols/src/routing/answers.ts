import type { Completion, Input } from '@chaosproxy/history'
import { UNAVAILABLE, unavailable } from '../objects/object.ts'
import { takeReady } from './reads.ts'
import type { Origin, RoutingTurn } from './routing.ts'

export function answerReads(turn: RoutingTurn): void {
  for (const { origin, input } of takeReady(turn.state)) answer(turn, origin, readOf(turn, input))
}

export const readOf = ({ config, state }: RoutingTurn, input: Input): Completion =>
  config.object.apply(state.copy.held, input)

export function failReads(turn: RoutingTurn): void {
  const { reads } = turn.state
  turn.state.reads = []
  for (const { origin } of reads) answer(turn, origin, unavailable)
}

export function answer(turn: RoutingTurn, origin: Origin, result: Completion): void {
  if (origin.node === turn.state.id) handleAnswer(turn, origin, result)
  else turn.send(origin.node, { type: 'answer', origin, result })
}

export function handleAnswer(turn: RoutingTurn, origin: Origin, result: Completion): void {
  const request = turn.state.requests.get(origin.requestId)
  if (request === undefined) return
  const refused = result.type === 'fail' && result.error === UNAVAILABLE
  if (refused && turn.config.leaderWaitMs > 0) {
    // This attempt had no effect, but another attempt of the request may have one. The next sweep retries.
    request.open = request.open.filter((attempt) => attempt !== origin.attempt)
    return
  }
  finish(turn, origin.requestId, result)
}

export function finish(turn: RoutingTurn, requestId: string, result: Completion): void {
  const { requests } = turn.state
  requests.delete(requestId)
  if (requests.size === 0) turn.cancelTimer('requests')
  turn.reply(requestId, result)
}
