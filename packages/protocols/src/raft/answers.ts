import type { Completion } from '@chaos/history'
import { unavailable } from '../object.ts'
import { takeReady } from '../reads.ts'
import { emit, type Origin, send, type Turn } from './state.ts'

// The way back: from the leader to the node that was asked, and from there to the client.

export function answerReads(turn: Turn): void {
  const { state } = turn
  for (const { origin, key } of takeReady(state))
    answer(turn, origin, { type: 'ok', value: state.object.values.get(key) ?? null })
}

export function failReads(turn: Turn): void {
  const { reads } = turn.state
  turn.state.reads = []
  for (const { origin } of reads) answer(turn, origin, unavailable)
}

export function answer(turn: Turn, origin: Origin, result: Completion): void {
  if (origin.node === turn.state.id) handleAnswer(turn, origin, result)
  else send(turn, origin.node, { type: 'answer', origin, result })
}

export function handleAnswer(turn: Turn, origin: Origin, result: Completion): void {
  const request = turn.state.requests.get(origin.requestId)
  if (request === undefined) return
  const refused = result.type === 'fail' && result.error === 'unavailable'
  if (!refused) {
    finish(turn, origin.requestId, result)
    return
  }
  // This attempt certainly came to nothing; whether the request did depends on the others. The next sweep tries again.
  request.open = request.open.filter((attempt) => attempt !== origin.attempt)
}

export function finish(turn: Turn, requestId: string, result: Completion): void {
  const { requests } = turn.state
  requests.delete(requestId)
  if (requests.size === 0) emit(turn, { type: 'cancelTimer', timer: 'requests' })
  emit(turn, { type: 'reply', requestId, result })
}
