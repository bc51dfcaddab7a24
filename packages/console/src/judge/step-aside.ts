import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A thirtieth of what an ordinary thread gets where both want a core: less, and the verdict would never turn on a busy one. */
const NICENESS = 15

/**
 * Lets all other threads and processes of the machine go first: clients and nodes are what the run is about. Only on
 * Linux does a thread have a priority of its own; elsewhere its rests have to do.
 */
export function stepAside(): void {
  try {
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? []
    if (thread !== undefined) setPriority(Number(thread), NICENESS)
  } catch {
    // Not on Linux, or not allowed.
  }
}
