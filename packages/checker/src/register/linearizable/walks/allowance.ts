import type { Budget } from '../../../limits/budget.ts'

export interface Allowance {
  /**
   * Returns a copy of twice the size. If the copy exceeds the memory budget, `isExceeded` becomes true, and the walk
   * then stops.
   */
  readonly doubled: (words: Int32Array<ArrayBuffer>) => Int32Array<ArrayBuffer>
  readonly exceed: () => void
  readonly isExceeded: () => boolean
  readonly release: () => void
}

export function createAllowance(budget: Budget): Allowance {
  let taken = 0
  let isExceeded = false
  const exceed = (): void => {
    isExceeded = true
  }
  return {
    doubled: (words) => {
      if (budget.take(words.length * 4)) taken += words.length * 4
      else exceed()
      const larger = new Int32Array(words.length * 2)
      larger.set(words)
      return larger
    },
    exceed,
    isExceeded: () => isExceeded,
    release: () => budget.giveBack(taken),
  }
}
