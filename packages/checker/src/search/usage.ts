import type { Budget } from '../limits/budget.ts'

/**
 * Counts, by class, the operations of unknown outcome that are assumed to have taken effect. Each combination of counts
 * has its own number, so a configuration needs one word for it.
 */
export interface Usage {
  readonly count: (usage: number, classNumber: number) => number
  readonly total: (usage: number) => number
  /**
   * Returns the number of the combination that counts one more operation of the class than `usage`; -1 if memory ran
   * out.
   */
  readonly after: (usage: number, classNumber: number) => number
  /** Whether `usage` uses each class at most as often as `other`. */
  readonly isAtMost: (usage: number, other: number) => boolean
  readonly release: () => void
}

export const NOTHING_USED = 0

const START = 16
/** A number that no class has. */
const NO_CLASS = -1

/**
 * Creates a tree whose nodes are combinations of counts. A child counts one more operation of one class than its
 * parent. A path from the root adds operations in ascending order of their class numbers. Each combination therefore
 * has exactly one path and one number.
 */
export function createUsage(classes: number, budget: Budget): Usage {
  let counts = new Int32Array(START * classes)
  // By usage and class: the result of `after`; 0 if not computed yet.
  let successors = new Int32Array(START * classes)
  const parents = [NOTHING_USED]
  const lastClasses = [NO_CLASS]
  const totals = [0]
  let taken = 0

  const add = (parent: number, classNumber: number): number => {
    const made = parents.length
    if ((made + 1) * classes > counts.length) {
      const bytes = 8 * counts.length
      if (!budget.take(bytes)) return -1
      taken += bytes
      counts = doubled(counts)
      successors = doubled(successors)
    }
    counts.copyWithin(made * classes, parent * classes, (parent + 1) * classes)
    counts[made * classes + classNumber]++
    parents.push(parent)
    lastClasses.push(classNumber)
    totals.push(totals[parent] + 1)
    return made
  }
  const after = (usage: number, classNumber: number): number => {
    const known = successors[usage * classes + classNumber]
    if (known !== 0) return known
    const last = lastClasses[usage]
    let made: number
    if (classNumber >= last) made = add(usage, classNumber)
    else {
      const before = after(parents[usage], classNumber)
      made = before === -1 ? -1 : after(before, last)
    }
    if (made !== -1) successors[usage * classes + classNumber] = made
    return made
  }
  return {
    count: (usage, classNumber) => counts[usage * classes + classNumber],
    total: (usage) => totals[usage],
    after,
    isAtMost: (usage, other) => {
      for (let c = 0; c < classes; c++) if (counts[usage * classes + c] > counts[other * classes + c]) return false
      return true
    },
    release: () => budget.giveBack(taken),
  }
}

export function doubled(from: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(from.length * 2)
  larger.set(from)
  return larger
}
