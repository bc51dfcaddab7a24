/**
 * Returns the CPU milliseconds of a fixed single-threaded workload: the minimum of `runs` runs. Each recorded reference
 * time comes with this number for its machine. A time divided by this number is comparable between machines and dates.
 */
export function calibrate(runs = 8): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1000)
  }
  return best
}

/** Hashes integers into a table, with string keys every 64th step. */
function work(): number {
  const table = new Int32Array(1 << 20)
  const names = new Map<string, number>()
  let x = 12345
  let found = 0
  for (let i = 0; i < 6_000_000; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0
    const slot = (x >>> 12) & (table.length - 1)
    if (table[slot] === (x & 1023)) found++
    else table[slot] = x & 1023
    if ((i & 63) === 0) names.set(`k${x & 4095}`, i)
  }
  return found + names.size
}
