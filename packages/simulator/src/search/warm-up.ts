import { millis, nanos } from '@chaosproxy/history'
import type { SimulatedCluster } from '../cluster.ts'

/** The limits for the first election, before which no node serves clients. */
const WARM_UP = { events: 200_000, durationMs: millis(5_000) }
const POLL_NANOS = 10e6

/**
 * Waits until the cluster is ready. The wait is limited, because a protocol without a leader may never report that it
 * is ready.
 */
export function warmUp(cluster: SimulatedCluster): void {
  let ready = false
  const poll = () => {
    ready = cluster.isReady()
    if (!ready) cluster.clock.at(nanos(cluster.clock.now() + POLL_NANOS), poll)
  }
  poll()
  cluster.run(() => ready, WARM_UP)
}
