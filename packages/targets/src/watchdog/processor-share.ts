/**
 * The minimum result of an estimate. The watchdog adds up the estimates while a thread makes no progress. If a thread
 * that waits for ever, and uses no processor time, got estimates of 0, the watchdog would never find that it hangs.
 */
const LEAST = 1 / 10

/**
 * Returns a function that estimates how much processor time one thread of this process could use since the last call,
 * as a share of the elapsed time. The share is small if other processes use the processors. The function must be called
 * at regular intervals. `busy` is the number of threads of this process that run at the same time.
 *
 * @param everyMs how often the function is called
 * @param usedNow returns the microseconds of processor time that the process has used
 */
export function createProcessorShare(everyMs: number, usedNow: () => number = usedByProcess): (busy: number) => number {
  let before = usedNow()
  return (busy) => {
    const used = usedNow() - before
    before += used
    return Math.min(1, Math.max(LEAST, used / (1_000 * everyMs * Math.max(1, busy))))
  }
}

function usedByProcess(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
