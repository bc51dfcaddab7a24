import type { NodeId } from '@chaosproxy/faults'
import { answer } from '../routing/answers.ts'
import type { OwnWrite, PrimaryReplicaTurn } from './state.ts'

// A client of a sticky session reads from the replica that it calls. "Read Your Writes" holds if the client's write is
// on that replica before the client goes on, so the primary waits for it (Terry et al., "Session Guarantees for Weakly
// Consistent Replicated Data", 1994, §3.1; MySQL and PostgreSQL instead let the read wait for the position of the
// write).

/** Answers a committed write, at once unless its client's own replica has yet to confirm it. */
export function acknowledgeOwn(turn: PrimaryReplicaTurn, index: number, write: OwnWrite): void {
  const { config, state } = turn
  const { node } = write.origin
  const lags = config.ownWrites && node !== state.id && (state.replicas.get(node)?.match ?? 0) < index
  // The bug: entries that were sent to the replica count as received.
  const sent = lags && config.bug === 'own-write-when-sent'
  if (sent) turn.mark()
  if (lags && !sent) state.ownWrites.set(index, write)
  else answer(turn, write.origin, write.result)
}

/** A replica has confirmed the log up to `match`. */
export function releaseOwn(turn: PrimaryReplicaTurn, replica: NodeId, match: number): void {
  const { ownWrites } = turn.state
  for (const [index, { origin, result }] of ownWrites) {
    if (index > match) return
    if (origin.node !== replica) continue
    ownWrites.delete(index)
    answer(turn, origin, result)
  }
}
