import { type Decoder, type Encoded, restrict } from '../../encoding/encoded.ts'
import type { WeakLevel } from '../../levels/levels.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { shrink } from '../../search/shrink.ts'
import type { Counterexample } from '../../verdict/verdict.ts'
import { rowsIn } from '../counterexample/involved.ts'
import { isSupported, writtenValues } from '../counterexample/sources.ts'
import { explainWeaker, violates } from './explain.ts'

/**
 * Converts a counterexample to a weaker level into a counterexample to `level`. The given operations violate both
 * levels, but fewer of them may suffice to violate `level`.
 */
export function borrowed(
  level: WeakLevel,
  lent: Counterexample,
  encoded: Encoded,
  decoder: Decoder,
  budget: Budget,
): Counterexample {
  return inTime(
    () => {
      const core = rowsIn(encoded, { ...lent, operations: lent.operations.filter(({ role }) => role === 'core') })
      if (core === undefined) return lent
      const few = restrict(encoded, core)
      const all = core.map((_, at) => at)
      const written = writtenValues(few, budget)
      const contradicts = (some: readonly number[]): boolean =>
        isSupported(few, some, written) && violates(level, restrict(few, some), decoder, budget)
      const needed = shrink(all, contradicts, budget)
      if (needed.length === core.length) return lent
      const involved = needed.map((at) => core[at])
      const own = explainWeaker(level, encoded, { result: 'violated', involved }, decoder, budget)
      return coreSize(own) < core.length ? own : lent
    },
    () => lent,
  )
}

export const coreSize = ({ operations }: Counterexample): number =>
  operations.filter(({ role }) => role === 'core').length
