import { type Millis, millis, millisToNanos, nanos } from '@chaos/history'
import type { FaultKind } from './fault.ts'
import type { Random } from './random.ts'
import type { FaultPlan, Schedule, ScheduledFault } from './schedule.ts'

/** One way to make trouble, as `--faults` takes it. */
export interface Nemesis {
  readonly name: string
  readonly summary: string
  /** The kind of fault it injects: what a target must be able to suffer. */
  readonly kind: FaultKind
  /** The next fault of this kind; every choice is drawn from the stream given. */
  plan(random: Random): FaultPlan
}

const partitionModes = ['hold', 'drop'] as const
const nodeChoices = ['one', 'minority', 'leader'] as const

/** Every nemesis there is: help, documentation and tests iterate over this list. */
export const nemeses: readonly Nemesis[] = [
  {
    name: 'partition',
    summary: 'cut the network between nodes: random halves, majority ring, or the leader alone',
    kind: 'partition',
    plan: (random) => ({
      kind: 'partition',
      shape: random.pick(['halves', 'majority-ring', 'isolate-leader', 'isolate-one'] as const),
      mode: random.pick(partitionModes),
    }),
  },
  {
    name: 'halves',
    summary: 'cut the network in two at random',
    kind: 'partition',
    plan: (random) => ({ kind: 'partition', shape: 'halves', mode: random.pick(partitionModes) }),
  },
  {
    name: 'ring',
    summary: 'every node sees a majority, and no two see the same one',
    kind: 'partition',
    plan: (random) => ({ kind: 'partition', shape: 'majority-ring', mode: random.pick(partitionModes) }),
  },
  {
    name: 'isolate-leader',
    summary: 'cut the current leader off from all other nodes; clients still reach it',
    kind: 'partition',
    plan: (random) => ({ kind: 'partition', shape: 'isolate-leader', mode: random.pick(partitionModes) }),
  },
  {
    name: 'bridge',
    summary: 'two halves that see each other only through one node',
    kind: 'partition',
    plan: (random) => ({ kind: 'partition', shape: 'bridge', mode: random.pick(partitionModes) }),
  },
  {
    name: 'one-way',
    summary: 'one node is heard by nobody, yet hears all the others, or the other way round',
    kind: 'partition',
    plan: (random) => ({ kind: 'partition', shape: 'one-way', mode: random.pick(partitionModes) }),
  },
  {
    name: 'kill',
    summary: 'kill -9 one node, a minority or the leader; restart it from its disk',
    kind: 'kill',
    plan: (random) => ({ kind: 'kill', nodes: random.pick(nodeChoices) }),
  },
  {
    name: 'pause',
    summary: 'stop one node, a minority or the leader in mid-step (SIGSTOP), and resume it',
    kind: 'pause',
    plan: (random) => ({ kind: 'pause', nodes: random.pick(nodeChoices) }),
  },
  {
    name: 'delay',
    summary: 'delay every message between nodes by 20 to 200 ms, with jitter',
    kind: 'latency',
    plan(random) {
      const latency = 20 + random.integer(181)
      return { kind: 'latency', latencyMs: millis(latency), jitterMs: millis(Math.round(latency / 2)) }
    },
  },
  {
    name: 'slow',
    summary: 'let only 2 to 20 KB a second pass between nodes',
    kind: 'bandwidth',
    plan: (random) => ({ kind: 'bandwidth', bytesPerSecond: 2_000 + random.integer(18_001) }),
  },
  {
    name: 'reset',
    summary: 'reset every connection between nodes at once',
    kind: 'reset',
    plan: () => ({ kind: 'reset' }),
  },
  {
    name: 'loss',
    summary: 'lose 5 to 30% of the messages between nodes (simulator only: TCP loses nothing)',
    kind: 'loss',
    plan: (random) => ({ kind: 'loss', probability: 0.05 + 0.25 * random.next() }),
  },
]

export interface SchedulePlan {
  readonly nemeses: readonly Nemesis[]
  /** How long clients will be at work. */
  readonly durationMs: Millis
  readonly random: Random
}

// Shares of a run. A tenth of it is calm at the start, so that there is something to compare with, and a twentieth at
// the end, so that the last fault's recovery is seen under load.
const CALM_START = 0.1
const CALM_END = 0.05
const SHORTEST_FAULT_MS = 800
const LONGEST_FAULT_MS = 2_200
const SHORTEST_GAP_MS = 300
const LONGEST_GAP_MS = 1_000
const OVERLAP_PROBABILITY = 0.2
/** A run shorter than this has its faults and gaps shortened in proportion, so that every kind still gets its turn. */
const FULL_LENGTH_RUN_MS = 15_000

/**
 * Decides which faults happen when: a function of its arguments alone. Kinds take turns in random order, so that each
 * comes before any comes again; now and then two overlap.
 */
export function planSchedule({ nemeses: kinds, durationMs, random }: SchedulePlan): Schedule {
  const schedule: ScheduledFault[] = []
  if (kinds.length === 0) return schedule
  const scale = Math.min(1, durationMs / FULL_LENGTH_RUN_MS)
  const between = (shortest: number, longest: number) => scale * (shortest + random.next() * (longest - shortest))
  const lastEnd = durationMs * (1 - CALM_END)
  let turn: Nemesis[] = []
  let from = durationMs * CALM_START
  while (true) {
    const length = between(SHORTEST_FAULT_MS, LONGEST_FAULT_MS)
    if (from + length > lastEnd) break
    if (turn.length === 0) turn = random.shuffle(kinds)
    const nemesis = turn.pop()
    if (nemesis === undefined) break
    schedule.push({
      id: `fault-${schedule.length + 1}`,
      from: millisToNanos(millis(from)),
      to: millisToNanos(millis(from + length)),
      plan: nemesis.plan(random),
    })
    from += random.chance(OVERLAP_PROBABILITY) ? length / 2 : length + between(SHORTEST_GAP_MS, LONGEST_GAP_MS)
  }
  return schedule.length > 0 ? schedule : [onlyFault(kinds, durationMs, random)]
}

/** A run too short for the usual lengths still has one fault, in its middle. */
function onlyFault(kinds: readonly Nemesis[], durationMs: Millis, random: Random): ScheduledFault {
  return {
    id: 'fault-1',
    from: nanos((durationMs * 1e6) / 3),
    to: nanos((durationMs * 2e6) / 3),
    plan: random.pick(kinds).plan(random),
  }
}
