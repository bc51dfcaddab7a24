import type { History } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { ByStart } from '../judge/entry.ts'
import type { Specification } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import { type AnyStart, type Guesses, MOST_GUESSES } from '../object/model/any-start.ts'
import { decimal } from '../object/model/decimal.ts'
import { lateReadsInWords, readTooLate } from '../object/model/late-reads.ts'
import { eventsInOrder, jsonOf, operationAt, type Part } from '../object/model/part.ts'
import { amountOf, counterNumbers, READ } from './operations.ts'

/** Counters that were first read after most of what was added to them. */
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
    remedy: 'Say what was there with --initial 0, or read it before the first addition',
  }
}

/** The sum of additions so far, until a read reveals the value. */
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
 * Each read bounds the initial value: from below by its result less everything invoked before its return, from above by its
 * result less everything acknowledged at its call.
 */
function guesses(part: Part, budget: Budget): Guesses {
  const steps = new Set<number>()
  let up = 0
  let down = 0
  let doneUp = 0
  let doneDown = 0
  let least = Number.NEGATIVE_INFINITY
  let most = Number.POSITIVE_INFINITY
  let anchor = 0
  const doneAtCall = new Map<number, readonly [up: number, down: number]>()
  for (const event of eventsInOrder(part, budget)) {
    budget.tick()
    const i = event >> 1
    const isReturn = (event & 1) === 1
    const operation = operationAt(part, i)
    if (operation.f === 'read') {
      const read = jsonOf(part, part.output[i]) ?? 0
      if (typeof read !== 'number') return { starts: [0], isComplete: true }
      const [upBefore, downBefore] = doneAtCall.get(i) ?? [0, 0]
      if (!isReturn) doneAtCall.set(i, [doneUp, doneDown])
      else {
        least = Math.max(least, read - up - downBefore)
        most = Math.min(most, read - upBefore - down)
        anchor = read
      }
      continue
    }
    const amount = amountOf(operation)
    if (amount !== 0) steps.add(amount)
    const isDone = isReturn && part.returns[i] !== NEVER
    if (amount > 0) {
      if (isDone) doneUp += amount
      else up += amount
    } else if (isDone) doneDown += amount
    else down += amount
  }
  if (least === Number.NEGATIVE_INFINITY) return { starts: [0], isComplete: true }
  // The bounds contradict each other: either shows it.
  if (least > most) return { starts: [decimal(least)], isComplete: true }
  const [step = 1] = steps
  const unit = Math.abs(step)
  if (steps.size > 1 || (most - least) / unit >= MOST_GUESSES) return { starts: [decimal(most)], isComplete: false }
  const starts: number[] = []
  const first = anchor - Math.floor((anchor - least) / unit) * unit
  for (let start = first; start <= most; start += unit) starts.push(decimal(start))
  return { starts: starts.length > 0 ? starts.reverse() : [decimal(least)], isComplete: true }
}

export const counterFromAny: AnyStart = { specification, guesses, byStart: counterByStart }
