import { plural } from '@chaosproxy/history'
import type { RunListener } from '@chaosproxy/runner'
import type { ProgressDisplay } from '../terminal/progress.ts'
import { createRateMeter, liveLine } from './live-line.ts'

const REFRESH_EVERY_MS = 100

/** Shows the events of a run as its live line. */
export function showProgress(display: ProgressDisplay, simulated: boolean): RunListener {
  let totalMs = 0
  let shownAt = Number.NEGATIVE_INFINITY
  const rate = createRateMeter()
  return (event) => {
    switch (event.type) {
      case 'starting':
        totalMs = event.spec.timeMs
        return display.update(simulated ? `simulating ${totalMs / 1000} s` : 'starting the cluster')
      case 'ready': {
        const { readyMs, leader } = event
        if (readyMs === undefined) return undefined
        return display.succeed(
          `cluster ready in ${(readyMs / 1000).toFixed(1)} s${leader === undefined ? '' : ` (leader ${leader})`}`,
        )
      }
      case 'status': {
        const { counts, elapsed } = event.progress
        const operationsPerSecond = rate(counts.ok + counts.fail + counts.info, elapsed)
        // In virtual time there are thousands of these a second.
        if (performance.now() - shownAt < REFRESH_EVERY_MS / 2) return undefined
        shownAt = performance.now()
        return display.update(liveLine(event.progress, totalMs, operationsPerSecond))
      }
      case 'ending':
        return display.update('ending the cluster')
      case 'checking':
        return display.update(`checking ${plural(event.operations, 'operation')}`)
      case 'event':
      case 'judged':
      case 'failed':
        return undefined
    }
  }
}
