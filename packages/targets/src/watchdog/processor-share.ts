/**
 * The smallest share that a call returns. A thread that uses no processor time may wait for ever, so its time must also
 * count.
 */
const LEAST = 1 / 10

/**
 * Returns a function that must be called at regular intervals. Each call estimates for how much of the time since the
 * previous call one thread of this process can have run, as a share of at most 1. If other processes use the
 * processors, the share is small, and the thread may have done little. `busy` is the number of threads that run at the
 * same time.
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
