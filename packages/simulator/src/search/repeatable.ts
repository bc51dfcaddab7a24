import type { Event } from '@chaosproxy/history'
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
  {
    first,
    count,
    strategies,
    limits,
    stopped = () => false,
  }: Pick<SearchOptions, 'first' | 'count' | 'strategies' | 'limits' | 'stopped'>,
): string | undefined {
  const before = new Map<number, readonly Event[]>()
  const eventsOf = (seed: number): readonly Event[] | undefined => {
    const strategy = strategies[seed % strategies.length]
    if (strategy === undefined) throw new RangeError('a search needs a strategy')
    const { events, failure } = runPlan(subject, planTrial(subject, strategy, seed), limits)
    // How far it came until its memory was full is not the seed's doing.
    return failure?.kind === 'broken' ? undefined : events
  }
  for (let seed = first; seed < first + count && !stopped(); seed++) {
    const events = eventsOf(seed)
    // The search tells of it.
    if (events === undefined) break
    before.set(seed, events)
  }
  for (const [seed, events] of [...before].reverse()) {
    if (stopped()) return undefined
    const again = eventsOf(seed)
    const difference = again === undefined ? undefined : firstDifference(events, again)
    if (difference !== undefined) return `seed ${seed} run again: ${difference}`
  }
  return undefined
}
