import type { Json } from '@chaosproxy/history'
import { compact, type Encoded } from '../../../encoding/encoded.ts'
import type { Budget } from '../../../limits/budget.ts'
import { startsOf } from '../../start/candidates.ts'
import { decideInLinearTime } from '../distinct/linear-time.ts'
import { createPortfolio, STEPS_OF_MOVE } from './portfolio.ts'

const SLICE = 4096

/**
 * Reports whether a few operations on one key cannot be linearized. If their initial value is unknown, true means that
 * no initial value makes them linearizable. Returns `unknown` if `steps` steps per initial value are not enough.
 *
 * @throws OutOfTime
 */
export function violatesLinearizability(
  operations: Encoded,
  jsonOf: (name: number) => Json,
  budget: Budget,
  steps: number,
): boolean | 'unknown' {
  const part = compact(operations, budget)
  if (!part.anyStart) return violates(part, jsonOf, budget, steps)
  const { alternatives, isComplete } = startsOf(part, jsonOf)
  let isUnclear = !isComplete
  for (const each of alternatives) {
    const answer = violates(each, jsonOf, budget, steps)
    if (answer === false) return false
    if (answer === 'unknown') isUnclear = true
  }
  return isUnclear ? 'unknown' : true
}

/**
 * Returns the id of an initial value that makes one key linearizable. If none is found quickly, returns the id of some
 * possible initial value.
 */
export function likelyStart(part: Encoded, jsonOf: (name: number) => Json, budget: Budget): number {
  const { alternatives } = startsOf(part, jsonOf)
  const explains = (each: Encoded): boolean => violates(each, jsonOf, budget, FEW_STEPS * part.length) !== true
  const likely = alternatives.length === 1 ? alternatives[0] : (alternatives.find(explains) ?? alternatives[0])
  return likely.names[likely.initial]
}

/** For each operation. */
const FEW_STEPS = 20

function violates(part: Encoded, jsonOf: (name: number) => Json, budget: Budget, steps: number): boolean | 'unknown' {
  const byZones = decideInLinearTime(part, budget)
  if (byZones.result !== 'not applicable') return byZones.result === 'violated'
  const search = createPortfolio(part, jsonOf, budget)
  try {
    let progress = search.run(SLICE)
    for (
      let done = SLICE;
      progress === 'paused' && done < steps && !budget.expired(STEPS_OF_MOVE * SLICE);
      done += SLICE
    ) {
      progress = search.run(SLICE)
    }
    if (progress === 'violated') return true
    return progress === 'met' ? false : 'unknown'
  } finally {
    search.release()
  }
}
