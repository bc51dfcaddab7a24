import type { Encoded } from '../../encoding/encoded.ts'
import { type WeakLevel, weakDefinition } from '../../levels/levels.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import type { readsFrom } from '../sequential/reads-from.ts'
import { met, OUT_OF, type WeakAnswer } from './answer.ts'
import { createRelations } from './orders/contradiction.ts'
import { factsOf } from './orders/order.ts'
import { decideRepeated } from './repeated.ts'

export interface Weaker {
  readonly decide: (level: WeakLevel) => WeakAnswer
  readonly release: () => void
}

/**
 * Decides the levels below sequential consistency for reads and writes. Each level is decided on demand, and the levels
 * share results. Takes polynomial time if it is certain which write each read saw. Otherwise tries the possible writes,
 * limited by the budget and by `steps`, a number of passes over the whole history.
 *
 * @throws OutOfTime
 */
export function createWeaker(
  encoded: Encoded,
  sources: ReturnType<typeof readsFrom>,
  budget: Budget,
  steps: number = stepsFor(encoded.length),
): Weaker {
  if (sources.result === 'thin air') {
    return { decide: () => ({ result: 'violated', thinAir: sources.read }), release: () => {} }
  }
  if (sources.result === 'repeated values') {
    return {
      decide: (level) =>
        inTime(
          () => decideRepeated(encoded, weakDefinition(level), budget, steps),
          () => OUT_OF['out of time'],
        ),
      release: () => {},
    }
  }
  const { indices } = sources
  const relations = createRelations(factsOf(sources, budget), budget)
  return {
    decide: (level) => {
      const judged = weakDefinition(level).contradiction(relations)
      if (judged === 'out of memory' || judged === 'out of time') return OUT_OF[judged]
      if (judged === 'contradicted') return { result: 'violated' }
      if (judged !== 'none') return { result: 'violated', found: { relations, contradiction: judged, indices } }
      return met(relations, indices)
    },
    release: relations.release,
  }
}

/** Returns the maximum number of passes over the whole history. It limits a level to a few seconds. */
const stepsFor = (length: number): number => Math.ceil(3e6 / (length + 100))
