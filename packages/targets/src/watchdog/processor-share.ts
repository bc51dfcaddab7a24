/** A call that uses no processor may still be waiting for good, so that it counts this much. */
const LEAST = 1 / 10

/**
 * Returns, each time it is called, which part of the time since then one of the threads of this process can have run, at
 * most 1: where others take the processors, a call that lasts long has done little. `busy` is the number of threads that run
 * at the same time.
 *
 * @param everyMs how often it is called
 * @param usedNow the microseconds of processor time that the process has used
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
