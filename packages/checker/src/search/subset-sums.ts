/** By subset, one bit for each amount: the sum of its amounts. `tick` is called before each addition. */
export function subsetSums(amounts: readonly number[], tick: () => void = () => undefined): Float64Array {
  const sums = new Float64Array(1 << amounts.length)
  for (const [bit, amount] of amounts.entries()) {
    const has = 1 << bit
    for (let subset = 0; subset < has; subset++) {
      tick()
      sums[subset | has] = sums[subset] + amount
    }
  }
  return sums
}

/** How many a subset has. */
export function countOf(subset: number): number {
  let count = 0
  for (let left = subset; left !== 0; left &= left - 1) count++
  return count
}
