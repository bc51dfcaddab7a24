import type { Event } from '@chaosproxy/history'
import type { WireEvent } from '../ports/cluster.ts'
import type { Settled } from '../ports/run-outcome.ts'
import { Recent } from './recent.ts'

/** Counts the operations that clients gave up. Uses the events at the clients and the events at the nodes. */
export interface Settlement {
  clientEvent(event: WireEvent): void
  backendEvent(event: WireEvent): void
  /** Reports that a client gave up its operation and starts no further operation. */
  gaveUp(session: string): void
  settled(): Settled
}

/**
 * Creates a settlement that remembers only recent processes and sessions. So `neverLeft` and `untold` may be too low,
 * but never too high.
 */
export function createSettlement(): Settlement {
  const sessionOf = new Recent<Event['process'], string>()
  /** Processes whose current operation a node has answered. */
  const answered = new Recent<Event['process'], true>()
  /** Processes whose operation has an unknown outcome at the client, and has not been answered by a node so far. */
  const unanswered = new Recent<Event['process'], true>()
  /** Sessions whose last operation never left the proxy. */
  const unsent = new Recent<string, true>()
  const givenUp = new Recent<string, true>()
  let neverLeft = 0
  let untold = 0

  function ended({ type, process, edges }: WireEvent): void {
    if (type === 'info') {
      if (answered.has(process)) untold++
      else unanswered.set(process, true)
    } else if (type === 'fail' && edges !== undefined && !edges.includes('backend-out')) {
      const session = sessionOf.get(process)
      if (session === undefined) return
      if (givenUp.has(session)) neverLeft++
      else unsent.set(session, true)
    }
  }

  return {
    clientEvent(event) {
      const { type, process, session } = event
      if (process === 'nemesis' || process === 'recorder') return
      if (type !== 'invoke') ended(event)
      else if (session !== undefined) {
        sessionOf.set(process, session)
        unsent.delete(session)
      }
    },
    backendEvent({ type, process }) {
      if (type === 'invoke') answered.delete(process)
      else if (type !== 'info') {
        answered.set(process, true)
        if (unanswered.delete(process)) untold++
      }
    },
    gaveUp(session) {
      if (unsent.has(session)) neverLeft++
      else givenUp.set(session, true)
    },
    settled: () => ({ neverLeft, untold }),
  }
}
