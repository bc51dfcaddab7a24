import { closeSync, openSync, writeSync } from 'node:fs'

/**
 * A node's log, for users. Each line is `SECONDS TEXT`. As in the history, the time is in seconds since the start of
 * the run.
 */
export interface NodeLog {
  line(text: string): void
  /** Changes the origin of the times. */
  countFrom(originNanos: bigint): void
  close(): void
}

/**
 * Opens a log that appends to the file, which only its owner may read. `originNanos` is a reading of this machine's
 * monotonic clock, which all processes share.
 */
export function openNodeLog(path: string, originNanos: bigint): NodeLog {
  const descriptor = openSync(path, 'a', 0o600)
  let origin = originNanos
  let open = true
  return {
    line(text) {
      if (!open) return
      const seconds = Number(process.hrtime.bigint() - origin) / 1e9
      try {
        writeSync(descriptor, `${seconds.toFixed(3).padStart(9)}  ${text}\n`)
      } catch {
        // A full disk must not stop a node because of its log. The node stops anyway at its next write to the journal.
      }
    },
    countFrom(moment) {
      origin = moment
    },
    close() {
      if (open) closeSync(descriptor)
      open = false
    },
  }
}
