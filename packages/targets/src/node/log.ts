import { openSync, writeSync } from 'node:fs'

/** A node's log, for users: `SECONDS TEXT`. The time counts from the start of the run. */
export interface NodeLog {
  line(text: string): void
  countFrom(originNanos: bigint): void
}

/**
 * Opens a log that appends to the file, which only its owner may read. `originNanos` is a reading of this machine's
 * monotonic clock.
 */
export function openNodeLog(path: string, originNanos: bigint): NodeLog {
  const descriptor = openSync(path, 'a', 0o600)
  let origin = originNanos
  return {
    line(text) {
      const seconds = Number(process.hrtime.bigint() - origin) / 1e9
      try {
        writeSync(descriptor, `${seconds.toFixed(3).padStart(9)}  ${text}\n`)
      } catch {
        // A failed write to the log must not stop the node. If the disk is full, the next write to the journal stops
        // the node.
      }
    },
    countFrom(moment) {
      origin = moment
    },
  }
}
