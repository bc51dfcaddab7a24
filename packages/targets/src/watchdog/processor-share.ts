/** The least share of a call. A call that uses no processor time may wait for ever, so it must count. */
const LEAST = 1 / 10

/**
 * Returns a function for regular calls. Each call returns the share of the time since the previous call during which
 * one of this process's threads can have run, at most 1. If other processes use the processors, a long call may have
 * done little. `busy` is the number of threads that run at the same time.
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
