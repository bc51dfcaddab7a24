import type { NodeId } from '@chaosproxy/faults'
import { lastIndex } from '../log.ts'
import { replicate } from './sending.ts'
import type { RaftTurn } from './state.ts'

// Leadership transfer: thesis §3.10.

export function transferTimer(turn: RaftTurn): void {
  const { state, config } = turn
  if (state.role !== 'leader') return
  if (state.transferTo === undefined) beginTransfer(turn)
  // "If leadership transfer does not complete after about an election timeout, the prior leader aborts the transfer and
  // resumes accepting client requests."
  else state.transferTo = undefined
  const afterMs = state.transferTo === undefined ? config.transferMs : config.electionMaxMs
  turn.setTimer('transfer', afterMs)
}

/**
 * Begins a transfer: "The prior leader stops accepting new client requests", and "fully updates the target server's log
 * to match its own" (thesis §3.10).
 */
function beginTransfer(turn: RaftTurn): void {
  const { state } = turn
  let furthest = -1
  for (const [peer, progress] of state.progress) {
    if (!progress.voter || progress.match <= furthest) continue
    furthest = progress.match
    state.transferTo = peer
  }
  if (state.transferTo === undefined) return
  turn.log(`hands over to ${state.transferTo}`)
  replicate(turn)
  handOver(turn, state.transferTo, furthest)
}

/** "The prior leader sends a TimeoutNow request to the target server" once the target has the whole log. */
export function handOver(turn: RaftTurn, to: NodeId, match: number): void {
  const { state } = turn
  if (to !== state.transferTo || match < lastIndex(state.log)) return
  state.leaseForfeited = true
  turn.send(to, { type: 'timeout-now', term: state.term })
}
