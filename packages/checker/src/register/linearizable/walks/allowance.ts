import type { Budget } from '../../../limits/budget.ts'

export interface Allowance {
  /** Returns a copy of twice the size. If it exceeds the budget, the walk ends soon. */
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
