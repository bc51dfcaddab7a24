import { unavailable } from '../object.ts'
import type { StoreResult } from '../store.ts'
import { emit, type Origin, send, type Turn } from './state.ts'

// The way back: from the leader to the node that was asked, and from there to the client.

/** Reads wait in the order in which they came, and their rounds and indexes grow with them. */
export function answerReads(turn: Turn): void {
  const { state } = turn
  let answered = 0
  for (const { origin, key, index, round } of state.reads) {
    if (round > state.roundConfirmed || index > state.applied) break
    answered++
    answer(turn, origin, { type: 'ok', value: state.object.values.get(key) ?? null })
  }
  if (answered > 0) state.reads.splice(0, answered)
}

export function failReads(turn: Turn): void {
  const { reads } = turn.state
  turn.state.reads = []
  for (const { origin } of reads) answer(turn, origin, unavailable)
}

export function answer(turn: Turn, origin: Origin, result: StoreResult): void {
  if (origin.node === turn.state.id) handleAnswer(turn, origin, result)
  else send(turn, origin.node, { type: 'answer', origin, result })
}

export function handleAnswer(turn: Turn, origin: Origin, result: StoreResult): void {
  const request = turn.state.requests.get(origin.requestId)
  if (request === undefined) return
  const refused = result.type === 'fail' && result.error === 'unavailable'
  if (!refused) {
    finish(turn, origin.requestId, result)
    return
  }
  // This attempt certainly came to nothing; whether the request did depends on the others. The next sweep tries again.
  const attempt = request.open.indexOf(origin.attempt)
  if (attempt >= 0) request.open.splice(attempt, 1)
}

export function finish(turn: Turn, requestId: string, result: StoreResult): void {
  turn.state.requests.delete(requestId)
  emit(turn, { type: 'reply', requestId, result })
}
