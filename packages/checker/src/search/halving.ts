/** The first number in [from, to) for which `holds`, which must be monotonic; `to` if there is none. */
export function firstWhere(from: number, to: number, holds: (at: number) => boolean): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** The number of ascending numbers that are less than `limit`. */
export function countBelow(numbers: ArrayLike<number>, limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle] < limit) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Returns the sum of every subset of the amounts. The index of a sum has a bit for each amount in the subset. Calls
 * `tick` before each addition.
 */
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

export function countOf(subset: number): number {
  let count = 0
  for (let left = subset; left !== 0; left &= left - 1) count++
  return count
}
