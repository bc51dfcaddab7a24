import type { History } from '@chaosproxy/history'
import type { ByStart } from '../judge/entry.ts'
import type { Specification } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import { type AnyStart, type Guesses, MOST_GUESSES } from '../object/model/any-start.ts'
import { decimal } from '../object/model/decimal.ts'
import { lateReadsInWords, readTooLate } from '../object/model/late-reads.ts'
import { jsonOf, type Part } from '../object/model/part.ts'
import { sumsAtReads } from '../object/model/sums.ts'
import { amountOf, counterNumbers, READ } from './operations.ts'
import { amounts, impossibleCount, summedOf } from './sums.ts'

/** Finds counters that were first read after most additions. */
function counterByStart(history: History): ByStart {
  const { input } = history.operations
  const zero: number = history.values.id(0)
  const late = readTooLate(
    history,
    (f) => counterNumbers[f] === READ,
    (row) => input[row] !== zero,
  )
  return {
    found: lateReadsInWords(history, 'counter', 'addition', late),
    remedy: 'Give the initial value, such as --initial 0, or read the counter before the first addition',
  }
}

/** The value of a counter or, before the first read, the sum of the additions so far. */
interface Count {
  readonly isKnown: boolean
  readonly count: number
}

const specification: Specification<Count> = {
  initial: { isKnown: false, count: 0 },
  step: ({ isKnown, count }, operation) => {
    if (operation.f !== 'read') return [{ isKnown, count: decimal(count + amountOf(operation)) }]
    const read = operation.output ?? 0
    if (typeof read !== 'number') return []
    return !isKnown || decimal(read) === count ? [{ isKnown: true, count: decimal(read) }] : []
  },
  key: ({ isKnown, count }) => `${isKnown ? '=' : '+'}${count}`,
}

/**
 * Guesses initial values. They lie between a read's result minus the greatest sum, and the result minus the least sum,
 * of the additions that the read may have counted.
 */
function guesses(part: Part, budget: Budget): Guesses {
  const steps = new Set<number>()
  const added = amounts(part, budget)
  for (const amount of added) if (amount !== 0 && !Number.isNaN(amount)) steps.add(amount)
  let least = Number.NEGATIVE_INFINITY
  let most = Number.POSITIVE_INFINITY
  let anchor = 0
  for (const { read, least: fewest, most: greatest } of sumsAtReads(summedOf(part, added), budget)) {
    const value = jsonOf(part, part.output[read]) ?? 0
    if (typeof value !== 'number') return { starts: [0], isComplete: true }
    least = Math.max(least, value - greatest[0])
    most = Math.min(most, value - fewest[0])
    anchor = value
  }
  if (least === Number.NEGATIVE_INFINITY) return { starts: [0], isComplete: true }
  // No initial value lies within the bounds, so every initial value leads to a contradiction. One of them, `least`,
  // suffices to show it.
  if (least > most) return { starts: [decimal(least)], isComplete: true }
  const [step = 1] = steps
  const unit = Math.abs(step)
  if (steps.size > 1 || (most - least) / unit >= MOST_GUESSES) return { starts: [decimal(most)], isComplete: false }
  const starts: number[] = []
  const first = anchor - Math.floor((anchor - least) / unit) * unit
  for (let start = first; start <= most; start += unit) starts.push(decimal(start))
  return { starts: starts.length > 0 ? starts.reverse() : [decimal(least)], isComplete: true }
}

export const counterFromAny: AnyStart = {
  specification,
  guesses,
  refute: (part, budget) => impossibleCount(part, undefined, budget),
  byStart: counterByStart,
}
