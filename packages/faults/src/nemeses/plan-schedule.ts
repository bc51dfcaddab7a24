import { type Millis, millis, millisToNanos } from '@chaosproxy/history'
import type { NodeId } from '../definition/link.ts'
import { outageNanos, RESTART_NANOS } from '../schedule/outage.ts'
import type { Random } from '../schedule/random.ts'
import type { PlannedFault, Schedule } from '../schedule/schedule.ts'
import type { Episode, Nemesis } from './nemesis.ts'

export interface SchedulePlan {
  readonly nemeses: readonly Nemesis[]
  readonly nodes: readonly NodeId[]
  /** The time during which clients operate. */
  readonly durationMs: Millis
  readonly random: Random
  /** The longest fault as a share of the run. Some systems take seconds to notice a fault. */
  readonly longestFault?: number | undefined
}

// The parts of the run without faults, as shares of its duration: a baseline at the start, and recovery under load at
// the end.
const CALM_START = 0.1
const CALM_END = 0.05
const SHORTEST_FAULT_MS = 500
const LONGEST_FAULT_MS = 1_400
const SHORTEST_GAP_MS = 200
const LONGEST_GAP_MS = 600
const OVERLAP_PROBABILITY = 0.2
/** In a shorter run, faults and gaps shrink, so that every kind is still injected. */
const FULL_LENGTH_RUN_MS = 15_000
/** A shorter fault would end before the system noticed it. */
const SMALLEST_SCALE = 0.4

/**
 * The maximum number of draws for an episode. If every draw exceeds the outage budget, the episode is usually skipped.
 */
const DRAWS = 6

/**
 * Plans a run's faults as a pure function of its arguments. Kinds come in random order, and all kinds come once before
 * any comes again. Sometimes two faults overlap.
 */
export function planSchedule({ nemeses: kinds, nodes, durationMs, random, longestFault }: SchedulePlan): Schedule {
  const schedule: PlannedFault[] = []
  if (kinds.length === 0) return []
  const scale = Math.min(1, Math.max(SMALLEST_SCALE, durationMs / FULL_LENGTH_RUN_MS))
  const between = (shortest: number, longest: number) => scale * (shortest + random.next() * (longest - shortest))
  const lastEnd = durationMs * (1 - CALM_END)
  const lengthFrom = (from: number): number => {
    if (longestFault === undefined) return between(SHORTEST_FAULT_MS, LONGEST_FAULT_MS)
    const shortest = scale * SHORTEST_FAULT_MS
    return spread(shortest, Math.max(shortest, Math.min(durationMs * longestFault, lastEnd - from)), random)
  }
  const draw = (nemesis: Nemesis, from: number): Turn => {
    const episode = nemesis.plan(random, nodes)
    const to = from + episode.lengths * lengthFrom(from)
    return { from, to, parts: partsBetween(episode, from, to) }
  }
  const budget = createOutageBudget({ kinds: kinds.length, nodes, durationMs })
  let waiting: Nemesis[] = []
  let from = durationMs * CALM_START
  let lastTo = from
  let passedOver = 0
  while (true) {
    if (waiting.length === 0) waiting = random.shuffle(kinds)
    const nemesis = waiting.pop()
    if (nemesis === undefined) break
    let turn = draw(nemesis, from)
    for (let drawn = 1; drawn < DRAWS && !budget.allows(turn.parts); drawn++)
      turn = draw(nemesis, Math.max(from, lastTo + LONGEST_GAP_MS))
    if (turn.to > lastEnd) break
    // A fault that does not fit the outage budget is left out, and the next kind of fault is tried. If as many faults
    // in a row as there are kinds were left out, the next one is injected even if it does not fit, because the user
    // chose these kinds.
    if (!budget.allows(turn.parts) && passedOver++ < kinds.length) continue
    passedOver = 0
    budget.spend(turn.parts)
    schedule.push(...turn.parts)
    from = random.chance(OVERLAP_PROBABILITY)
      ? (turn.from + turn.to) / 2
      : turn.to + between(SHORTEST_GAP_MS, LONGEST_GAP_MS)
    lastTo = turn.to
  }
  // A very short run gets one fault in its middle.
  if (schedule.length === 0)
    schedule.push(...partsBetween(random.pick(kinds).plan(random, nodes), durationMs / 3, (durationMs * 2) / 3))
  return schedule.sort((a, b) => a.from - b.from).map((fault, i) => ({ id: `fault-${i + 1}`, ...fault }))
}

/** Draws a duration between the shortest and the longest. The median is the geometric mean of these two. */
const spread = (shortest: number, longest: number, random: Random): number =>
  shortest * (longest / shortest) ** random.next()

/** An episode with its times in milliseconds since the start of the run. */
interface Turn {
  readonly from: number
  readonly to: number
  readonly parts: readonly PlannedFault[]
}

const partsBetween = ({ parts }: Episode, fromMs: number, toMs: number): PlannedFault[] =>
  parts.map(({ from, to, plan }) => ({
    from: millisToNanos(millis(fromMs + from * (toMs - fromMs))),
    to: millisToNanos(millis(fromMs + to * (toMs - fromMs))),
    plan,
  }))

/**
 * A schedule of at least this many kinds of faults is a mix. A mix leaves a majority up most of the time, because a
 * system without a majority can only refuse requests. Fewer kinds were chosen for their own effects, so their outages
 * are not limited.
 */
const KINDS_IN_A_MIX = 3
/**
 * In a mix of faults, the nodes may lack a majority for at most this share of the run. In a short run, the limit is
 * `LEAST_OUTAGE_MS`, which is enough for one power failure.
 */
const OUTAGE_SHARE = 0.1
const LEAST_OUTAGE_MS = 1_000 as Millis
/** If the cluster has fewer nodes than this, outages are not limited, because each fault takes away the majority. */
const FEWEST_NODES = 3

/** For how long the nodes may still be without a majority that is up and connected. */
interface OutageBudget {
  /** Whether the budget allows these faults. Calls must be in order of time. */
  allows(faults: readonly PlannedFault[]): boolean
  spend(faults: readonly PlannedFault[]): void
}

interface OutageBudgetOptions {
  readonly kinds: number
  readonly nodes: readonly NodeId[]
  readonly durationMs: Millis
}

function createOutageBudget({ kinds, nodes, durationMs }: OutageBudgetOptions): OutageBudget {
  if (kinds < KINDS_IN_A_MIX || nodes.length < FEWEST_NODES) return { allows: () => true, spend() {} }
  let left = millisToNanos(Math.max(LEAST_OUTAGE_MS, durationMs * OUTAGE_SHARE) as Millis) as number
  let recent: readonly PlannedFault[] = []
  const overlapping = (faults: readonly PlannedFault[]): readonly PlannedFault[] => {
    const from = Math.min(...faults.map((fault) => fault.from))
    return recent.filter(({ to }) => to + RESTART_NANOS > from)
  }
  const cost = (faults: readonly PlannedFault[]): number => {
    const others = overlapping(faults)
    return outageNanos([...others, ...faults], nodes) - outageNanos(others, nodes)
  }
  return {
    allows: (faults) => cost(faults) <= Math.max(0, left),
    spend(faults) {
      left -= cost(faults)
      recent = [...overlapping(faults), ...faults]
    },
  }
}
