import { closeSync, openSync, writeSync } from 'node:fs'

/** A node's log, for people. A line is `SECONDS  TEXT`, seconds from the run's start, as in the history. */
export interface NodeLog {
  line(text: string): void
  /** Counts from another moment from here on. */
  countFrom(originNanos: bigint): void
  close(): void
}

/** Appends. `originNanos` is a reading of this machine's monotonic clock, which all processes share. */
export function openNodeLog(path: string, originNanos: bigint): NodeLog {
  const descriptor = openSync(path, 'a')
  let origin = originNanos
  let open = true
  return {
    line(text) {
      if (!open) return
      const seconds = Number(process.hrtime.bigint() - origin) / 1e9
      try {
        writeSync(descriptor, `${seconds.toFixed(3).padStart(9)}  ${text}\n`)
      } catch {
        // A full disk must not stop a node for the sake of its log; the journal will tell soon enough.
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
