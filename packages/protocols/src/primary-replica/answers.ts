import type { Completion } from '@chaos/history'
import { unavailable } from '../object.ts'
import { takeReady } from '../reads.ts'
import { emit, type Origin, send, type Turn } from './state.ts'

// The way back: from the primary to the node that was asked, and from there to the client.

export function answer(turn: Turn, origin: Origin, result: Completion): void {
  if (origin.node === turn.state.id) finish(turn, origin.requestId, result)
  else send(turn, origin.node, { type: 'answer', origin, result })
}

export function finish(turn: Turn, requestId: string, result: Completion): void {
  if (turn.state.requests.delete(requestId)) emit(turn, { type: 'reply', requestId, result })
}

export function answerReads(turn: Turn): void {
  const { state } = turn
  for (const { origin, key } of takeReady(state))
    answer(turn, origin, { type: 'ok', value: state.values.get(key) ?? null })
}

/** A primary is one no more: its reads came to nothing; its writes may yet live on in another's log. */
export function abandonRequests(turn: Turn): void {
  const { state } = turn
  const { reads } = state
  state.reads = []
  for (const { origin } of reads) answer(turn, origin, unavailable)
  const proposals = [...state.proposals.values()]
  state.proposals.clear()
  for (const origin of proposals) answer(turn, origin, { type: 'info', error: 'the primary was deposed' })
}
