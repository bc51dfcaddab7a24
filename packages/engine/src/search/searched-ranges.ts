/**
 * The ranges of seeds that were searched completely: all ranges before the seed `next`, and the ranges in `beyond`.
 * Plain data.
 */
export interface SearchedRanges {
  readonly next: number
  readonly beyond: readonly number[]
}

/** Tracks which ranges of `length` seeds are done. */
export function followRanges(length: number, { next, beyond }: SearchedRanges) {
  const done = new Set(beyond)
  let first = next
  return {
    has: (range: number): boolean => range < first || done.has(range),
    add(range: number): void {
      done.add(range)
      for (; done.has(first); first += length) done.delete(first)
    },
    next: (): number => first,
    state: (): SearchedRanges => ({ next: first, beyond: [...done].sort((a, b) => a - b) }),
  }
}
