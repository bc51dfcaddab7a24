import { firstDifference } from '../replay/difference.ts'
import { planTrial } from './plan.ts'
import type { SearchOptions } from './search-seeds.ts'
import type { SearchedProtocol } from './subject.ts'
import { runPlan } from './trial.ts'

/**
 * Runs trials twice, the second time in reverse order, which shows what is kept from one run to the next. Says how the
 * first that differs does; undefined if none does.
 */
export function unrepeatableSeed(
  subject: SearchedProtocol,
  { first, count, strategies, limits }: Pick<SearchOptions, 'first' | 'count' | 'strategies' | 'limits'>,
): string | undefined {
  const eventsOf = (seed: number) => {
    const strategy = strategies[seed % strategies.length]
    if (strategy === undefined) throw new RangeError('a search needs a strategy')
    return runPlan(subject, planTrial(subject, strategy, seed), limits).events
  }
  const seeds = Array.from({ length: count }, (_, i) => first + i)
  const before = new Map(seeds.map((seed) => [seed, eventsOf(seed)] as const))
  for (const seed of seeds.reverse()) {
    const difference = firstDifference(before.get(seed) ?? [], eventsOf(seed))
    if (difference !== undefined) return `seed ${seed} run again: ${difference}`
  }
  return undefined
}
