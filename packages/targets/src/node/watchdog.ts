import { Worker } from 'node:worker_threads'
import type { NodeId } from '@chaosproxy/faults'
import { describeEvent } from '@chaosproxy/protocols'

// A step that never returns blocks its thread, which then cannot report it. So the current step is kept in shared
// memory, which another thread checks.

export interface Watchdog {
  /** The event is absent for a start. */
  begins(event: unknown): void
  ends(): void
}

export const STEP = 0
export const STEPPING = 1
export const TEXT_LENGTH = 2
export const TEXT = 3
const LONGEST_TEXT = 800

/** Ends the process, with a report, if a step does not return for seconds or is about to exhaust memory. */
export function startWatchdog(id: NodeId): Watchdog {
  const shared = new SharedArrayBuffer((TEXT + LONGEST_TEXT) * Uint16Array.BYTES_PER_ELEMENT)
  const pulse = new Uint16Array(shared)
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), { workerData: { id, shared } })
  thread.unref()
  return {
    begins(event) {
      const text = describeEvent(event)
      const length = Math.min(text.length, LONGEST_TEXT)
      for (let i = 0; i < length; i++) pulse[TEXT + i] = text.charCodeAt(i)
      pulse[TEXT_LENGTH] = length
      pulse[STEP] = (pulse[STEP] ?? 0) + 1
      pulse[STEPPING] = 1
    },
    ends() {
      pulse[STEPPING] = 0
    },
  }
}
