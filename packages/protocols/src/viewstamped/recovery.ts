import type { NodeId } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { lastIndex } from '../log.ts'
import { broadcast } from '../routing/succession.ts'
import type { Handler } from '../turn.ts'
import { commitUpTo } from './normal.ts'
import {
  isPrimary,
  primaryOf,
  quorumOf,
  type RecoveryResponse,
  type Viewstamped,
  type ViewstampedTurn,
} from './state.ts'
import { begin, lead, startViewChange } from './view-change.ts'

// This file recovers a restarted node whose log was only in memory (§4.3 of the paper in `state.ts`).

const AGAIN_MS = millis(100)

/** "The recovering replica, i, sends a Recovery message to all other replicas, where x is a nonce" (§4.3, step 1). */
export function askForRecovery(turn: ViewstampedTurn): void {
  const { state } = turn
  if (state.status !== 'recovering') return
  broadcast(turn, { type: 'recovery', nonce: state.nonce })
  turn.setTimer('recover', AGAIN_MS)
}

/**
 * "A replica j replies to a Recovery message only when its status is normal. […] If j is the primary of its view, l is
 * its log" (§4.3, step 2).
 */
export const handleRecovery: Handler<Viewstamped, 'recovery'> = (turn, { nonce }, from) => {
  const { state } = turn
  if (state.status !== 'normal') return
  const entries = isPrimary(state) ? [...state.log.entries] : null
  turn.send(from, { type: 'recovery-response', view: state.view, nonce, entries, commit: state.applied })
}

/**
 * "The recovering replica waits to receive at least f + 1 RecoveryResponse messages from different replicas, all
 * containing the nonce it sent in its Recovery message, including one from the primary of the latest view it learns of
 * in these messages" (§4.3, step 3). In this system, connections break when their node dies, so the nonce is not
 * needed.
 */
export function handleRecoveryResponse(turn: ViewstampedTurn, response: RecoveryResponse, from: NodeId): void {
  const { state } = turn
  if (state.status !== 'recovering' || response.nonce !== state.nonce) return
  state.responses.set(from, response)
  const latest = Math.max(...[...state.responses.values()].map(({ view }) => view))
  const primaryResponse = state.responses.get(primaryOf(state, latest))
  if (state.responses.size < quorumOf(state) || primaryResponse?.view !== latest || primaryResponse.entries === null)
    return
  const promised = state.view
  begin(turn, latest, 1, primaryResponse.entries)
  turn.log(`recovered ${lastIndex(state.log)} entries of view ${latest}`)
  commitUpTo(turn, primaryResponse.commit)
  state.responses = new Map()
  // The node had left the view `latest` before it died, and must not act in that view again.
  if (promised > latest) startViewChange(turn, promised)
  else if (primaryOf(state, latest) === state.id) lead(turn)
}
