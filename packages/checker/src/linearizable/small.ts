import type { Json } from '@chaos/history'
import type { Budget } from '../budget.ts'
import { compact, type Encoded } from '../encoded.ts'
import { decideInLinearTime } from './linear-time.ts'
import { createPortfolio } from './portfolio.ts'

const SLICE = 4096

/**
 * Whether a few operations on one key cannot be linearized; `unknown` where that took more than so many steps.
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
  const byZones = decideInLinearTime(part, budget)
  if (byZones.result !== 'not applicable') return byZones.result === 'violated'
  const search = createPortfolio(part, jsonOf, budget)
  try {
    let progress = search.run(SLICE)
    for (let done = SLICE; progress === 'paused' && done < steps && !budget.expired(); done += SLICE) {
      progress = search.run(SLICE)
    }
    if (progress === 'violated') return true
    return progress === 'met' ? false : 'unknown'
  } finally {
    search.release()
  }
}
