import { range } from '../encoding/lists.ts'
import { type Budget, inTime, isSure } from '../limits/budget.ts'
import { limit, reduce, watched } from '../register/counterexample/reduce.ts'
import { looseReason } from '../register/sequential/loose.ts'
import { notRecorded, OUT_OF_TIME, outOf, type Reason } from '../verdict/reason.ts'
import { CHECKED, type Counterexample, unknownBecause, type Verdict } from '../verdict/verdict.ts'
import { orderOfRows } from '../verdict/witness-order.ts'
import { operationsAndKeys, proving, stepsFor } from './explain.ts'
import { machineOf, STEPS_OF_MOVE } from './model/machine.ts'
import { choose, type Part } from './model/part.ts'
import { sentenceOf } from './model/words.ts'
import type { Judge } from './search/decide.ts'
import { createClientOrderSearch } from './search/in-client-order.ts'
import { simulateBy } from './search/replay.ts'

const SLICE = 1_024

/** Judges sequential consistency (Lamport 1979). It is not local, so all objects are judged together. */
export function judgeObjectSequential(parts: readonly Part[], judge: Judge, budget: Budget): Verdict {
  const [part, ...others] = parts
  if (part === undefined) return CHECKED
  if (others.length > 0) {
    const reason = notRecorded(
      `this model judges objects one at a time, so with ${parts.length} objects it knows this level only if every object is linearizable`,
    )
    return unknownBecause(reason)
  }
  return inTime(
    () => judgePart(part, judge, budget),
    () => unknownBecause(OUT_OF_TIME),
  )
}

/** @throws OutOfTime */
function judgePart(part: Part, judge: Judge, budget: Budget): Verdict {
  const answer = decide(part, judge, budget, Number.POSITIVE_INFINITY)
  if (answer.result === 'unknown') return answer
  if (answer.result === 'violated') {
    const beside = 'in every order that respects the order of each client'
    return { result: 'violated', counterexample: explain(part, judge, beside, budget) }
  }
  const { order } = answer
  const loose = looseReason(part.history)
  if (loose !== undefined) return unknownBecause(notRecorded(loose))
  const isPossible = simulateBy(judge.specification, part)
  if (!order.every(isPossible)) throw new Error('the order found is not a witness of sequential consistency')
  const orders = [orderOfRows(part.key, order.length, () => order.map((i) => part.row[i]))]
  return { result: 'met', witness: { kind: 'order', orders } }
}

export type Answer =
  | { readonly result: 'met'; readonly order: readonly number[] }
  | { readonly result: 'violated' }
  | { readonly result: 'unknown'; readonly reason: Reason }

export function decide(part: Part, { specification }: Judge, budget: Budget, steps: number): Answer {
  const search = createClientOrderSearch(part, machineOf(specification, part, budget), budget)
  try {
    for (let left = steps; left > 0; left -= SLICE) {
      const progress = search.run(Math.min(left, SLICE))
      if (progress === 'met') return { result: 'met', order: search.order() }
      if (progress === 'violated') return { result: 'violated' }
      if (progress === 'out of memory') return unknownBecause(outOf('memory'))
      if (budget.expired(STEPS_OF_MOVE * Math.min(left, SLICE))) break
    }
    return unknownBecause(outOf('time', 'neither an order of all operations nor a contradiction was found'))
  } finally {
    search.release()
  }
}

/** Time limit for reducing a counterexample; the verdict is already known. */
const EXPLAIN_MS = 2_000

export function explain(part: Part, judge: Judge, beside: string, whole: Budget): Counterexample {
  const watch = watched(whole.within(Math.min(EXPLAIN_MS, whole.left() / 2)))
  const { budget } = watch
  const violates = (some: readonly number[], within: Budget): boolean =>
    inTime(
      () => decide(choose(part, some), judge, within, stepsFor(part)).result === 'violated',
      () => false,
    )
  const all = range(0, part.length)
  const core = inTime(() =>
    reduce(
      {
        starts: [[], all],
        // This level ignores real time, so a result may depend on every operation that changes the object.
        complete: (some) => {
          const kept = new Set(some)
          return all.filter((i) => kept.has(i) || !judge.isRead(part.f[i]))
        },
        contradicts: (some) => violates(some, budget),
        prove: proving(part, judge, 'sequential', budget),
      },
      budget,
    ),
  )
  const makesSure = (some: readonly number[]): boolean => isSure((allowance) => violates(some, allowance))
  const { kept, uncut } = limit(core ?? all, part, { among: part.length, limit: watch.limit(), makesSure })
  const set = choose(part, kept)
  return {
    level: 'sequential',
    sentence: sentenceOf(set, judge.rule, (i) => (i === set.length - 1 ? beside : undefined)),
    ...operationsAndKeys(set),
    uncut,
  }
}
