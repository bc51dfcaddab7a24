import { type Event, UserError } from '@chaosproxy/history'
import { firstDifference } from '../replay/difference.ts'
import { planTrial } from './plan.ts'
import type { SearchOptions } from './search-seeds.ts'
import { hurried, type SearchedProtocol } from './subject.ts'
import { runPlan } from './trial.ts'

/**
 * Runs the trials of a range of seeds twice, and compares the two runs of each trial. The second runs are made in the
 * reverse order of seeds, which reveals state that is kept between trials. They also use the subject's `Shortcut`, if
 * it has one. If the two runs of a trial differ, gives up the shortcut, and repeats the comparison without it. Returns
 * a description of the first difference that is found without the shortcut; undefined if there is none.
 */
export function unrepeatableSeed(subject: SearchedProtocol, options: Repeated): string | undefined {
  const { shortcut } = subject
  if (shortcut === undefined) return differentSeed(subject, subject, options)
  try {
    if (differentSeed(subject, hurried(subject), options) === undefined) return undefined
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
  shortcut.distrust()
  return differentSeed(subject, subject, options)
}

interface Repeated extends Pick<SearchOptions, 'first' | 'count' | 'strategies' | 'limits' | 'stopped'> {
  /**
   * Returns the elapsed share of this check's time. The check ends when the share exceeds 1 and a trial was run twice.
   */
  readonly share?: (() => number) | undefined
}

function differentSeed(
  subject: SearchedProtocol,
  again: SearchedProtocol,
  { first, count, strategies, limits, stopped = () => false, share = () => 0 }: Repeated,
): string | undefined {
  const before = new Map<number, readonly Event[]>()
  const eventsOf = (seed: number, run: SearchedProtocol): readonly Event[] | undefined => {
    const strategy = strategies[seed % strategies.length]
    if (strategy === undefined) throw new RangeError('a search needs a strategy')
    const { events, failure } = runPlan(run, planTrial(subject, strategy, seed), limits)
    return failure?.kind === 'broken' ? undefined : events
  }
  for (let seed = first; seed < first + count && !stopped(); seed++) {
    const events = eventsOf(seed, subject)
    // The search itself reports a broken trial, so this check ends the first runs here.
    if (events === undefined) break
    before.set(seed, events)
    // Half of the time is left for the second runs.
    if (share() > 1 / 2) break
  }
  let compared = 0
  for (const [seed, events] of [...before].reverse()) {
    if (stopped() || (compared > 0 && share() > 1)) return undefined
    compared++
    const other = eventsOf(seed, again)
    const difference = other === undefined ? undefined : firstDifference(events, other)
    if (difference !== undefined) return `seed ${seed} run again: ${difference}`
  }
  return undefined
}
