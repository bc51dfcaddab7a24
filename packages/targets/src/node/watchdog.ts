import { Worker } from 'node:worker_threads'
import type { NodeId } from '@chaosproxy/faults'
import { describeEvent } from '@chaosproxy/protocols'
import { countCall, createProgress, describeCall, enter } from '../watchdog/progress.ts'

export interface Watchdog {
  /** Notes that a step begins. The node's start has no event. */
  begins(event: unknown): void
  ends(): void
}

const OUTSIDE = 0
const STEP = 1

/** Ends the process with a report if a step does not return for seconds, or is about to exhaust memory. */
export function startWatchdog(id: NodeId): Watchdog {
  const progress = createProgress()
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), { workerData: { id, progress } })
  thread.unref()
  return {
    begins(event) {
      describeCall(progress, describeEvent(event))
      countCall(progress)
      enter(progress, STEP)
    },
    ends() {
      enter(progress, OUTSIDE)
    },
  }
}
