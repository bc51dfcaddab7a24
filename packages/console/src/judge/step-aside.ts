import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/**
 * Lets all other threads and processes of the machine go first: clients and nodes are what the run is about. Only on
 * Linux does a thread have a priority of its own; elsewhere its rests have to do.
 */
export function stepAside(): void {
  try {
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? []
    if (thread !== undefined) setPriority(Number(thread), constants.priority.PRIORITY_LOW)
  } catch {
    // Not on Linux, or not allowed.
  }
}
