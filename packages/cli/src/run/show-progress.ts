import { describeFault } from '@chaosproxy/faults'
import { count, duration, plural } from '@chaosproxy/history'
import type { Progress, RunListener } from '@chaosproxy/runner'
import type { ProgressDisplay } from '../terminal/progress.ts'

const REFRESH_EVERY_MS = 100

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
        const { readyMs, leader, remark } = event
        if (readyMs === undefined) return undefined
        display.succeed(
          `cluster ready in ${duration(readyMs * 1e6)}${leader === undefined ? '' : ` (leader ${leader})`}`,
        )
        return remark === undefined ? undefined : display.warn(remark)
      }
      case 'waiting':
        return display.warn(event.text)
      case 'status': {
        const { counts, elapsed } = event.progress
        const operationsPerSecond = rate(counts.ok + counts.fail + counts.info, elapsed)
        // In virtual time, there are thousands of status events per second.
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

/** Describes a run in progress in two lines: its counts, then the active faults and the verdict so far. */
export function liveLine(progress: Progress, totalMs: number, operationsPerSecond: number): string {
  const { counts, leader, stage } = progress
  const clock = `${minutes(progress.elapsed / 1e6)} / ${minutes(totalMs)}`
  const leading =
    leader === undefined ? '' : `   leader ${leader.node}${leader.term === undefined ? '' : ` (term ${leader.term})`}`
  const first =
    stage === 'working'
      ? `${clock}   ${count(operationsPerSecond)} ops/s   ok ${count(counts.ok)}  fail ${count(counts.fail)}  info ${count(counts.info)}${leading}`
      : `${clock}   ${stage === 'healing' ? 'healing everything' : 'waiting for the replicas to agree, then reading every node once more'}`
  const faults = progress.activeFaults.map(describeFault).join(' · ')
  const now = faults === '' ? '' : `now: ${faults}   `
  return `${first}\n    ${now}so far: ${progress.soFar}${progress.doubt === undefined ? '' : ` (${progress.doubt})`}`
}

/** Measures operations per second over roughly the last second. */
function createRateMeter(): (operations: number, elapsedNanos: number) => number {
  const window: { readonly operations: number; readonly at: number }[] = []
  return (operations, at) => {
    window.push({ operations, at })
    while (window.length > 2 && at - (window[0]?.at ?? at) > 1.5e9) window.shift()
    const first = window[0]
    if (first === undefined || at === first.at) return 0
    return Math.round(((operations - first.operations) * 1e9) / (at - first.at))
  }
}

const minutes = (durationMs: number): string => {
  const seconds = Math.floor(durationMs / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}
