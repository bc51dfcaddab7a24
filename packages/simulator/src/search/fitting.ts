import type { Nemesis, NodeId, Random } from '@chaosproxy/faults'
import { type Millis, millis } from '@chaosproxy/history'
import type { Moment } from '../moments.ts'
import type { Disturbances } from './disturbances.ts'
import { harms, type Reaction } from './reaction.ts'
import { drawnReaction, OCCURRENCES, scatter } from './strategy.ts'
import { kindOf } from './trial-choices.ts'

/** The part of a request during which programs run: between its reads and its writes. */
const WITHIN_REQUESTS = ['sends', 'sends', 'rings', 'acknowledges'] as const satisfies readonly Moment[]
/** Requests overtake one another only when many are in progress at once. */
const BUSY_PROBABILITY = 0.7
const MOST_BUSY_MOMENTS = 4
const MOST_REACTIONS = 6
const MOST_EPISODES = 3

/**
 * Adapts a strategy's plan to programs, which have no leader, and to the available faults: a plan that waits for a
 * leader, or uses only faults that were not chosen, would have no effect.
 */
export function fitting(
  { schedule, reactions, busy: usual, busyMs, holds }: Disturbances,
  { random, nemeses, nodes, lengthMs }: Fitting,
): Disturbances {
  const busy =
    usual ??
    (random.chance(BUSY_PROBABILITY)
      ? Array.from({ length: 1 + random.integer(MOST_BUSY_MOMENTS) }, () => millis(random.next() * lengthMs))
      : undefined)
  const kinds: ReadonlySet<string> = new Set(nemeses.map(({ kind }) => kind))
  const possible = harms.filter((harm) => kinds.has(kindOf[harm]))
  const fits = (reaction: Reaction): Reaction => {
    const harm = possible.includes(reaction.harm) ? reaction.harm : random.pick(possible)
    if (reaction.moment !== 'leads') return { ...reaction, harm }
    const moment = random.pick(WITHIN_REQUESTS)
    return { ...reaction, harm, moment, occurrence: 1 + random.integer(OCCURRENCES[moment]) }
  }
  const fitted = possible.length === 0 ? [] : reactions.map(fits)
  const planned = schedule.length + fitted.length + (holds?.length ?? 0)
  if (planned > 0) return { busy, busyMs, schedule, reactions: fitted, holds }
  const count = possible.length === 0 ? 0 : 1 + random.integer(MOST_REACTIONS)
  return {
    ...{ busy, busyMs },
    schedule: scatter(random, nemeses, 1 + random.integer(MOST_EPISODES), nodes, lengthMs),
    reactions: Array.from({ length: count }, () => drawnReaction(random, WITHIN_REQUESTS, possible)),
  }
}

interface Fitting {
  readonly random: Random
  readonly nemeses: readonly Nemesis[]
  readonly nodes: readonly NodeId[]
  readonly lengthMs: Millis
}
