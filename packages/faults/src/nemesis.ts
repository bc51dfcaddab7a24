import { type Millis, millis, millisToNanos } from '@chaos/history'
import type { FaultKind, NodeId } from './fault.ts'
import type { Random } from './random.ts'
import type { FaultPlan, Schedule, ScheduledFault } from './schedule.ts'

/** One way to make trouble, as `--faults` takes it. */
export interface Nemesis {
  readonly name: string
  readonly summary: string
  /** The kind of fault it injects: what a target must be able to suffer. */
  readonly kind: FaultKind
  /** What it does in its next turn; every choice is drawn from the stream given. */
  plan(random: Random, nodes: readonly NodeId[]): Turn
}

/** One turn of a nemesis: one fault as a rule, sometimes several that belong together. */
export interface Turn {
  readonly stages: readonly Stage[]
  /** How long it takes, in lengths of an ordinary fault. */
  readonly lengths: number
}

export interface Stage {
  /** Shares of the turn, from 0 to 1. */
  readonly from: number
  readonly to: number
  readonly plan: FaultPlan
}

/** A turn of one fault, from its first moment to its last. */
const just = (plan: FaultPlan): Turn => ({ stages: [{ from: 0, to: 1, plan }], lengths: 1 })

// Twice the leader: cut off, it is the one that can do harm.
const partitionShapes = ['halves', 'majority-ring', 'isolate-leader', 'isolate-leader', 'isolate-one'] as const
const partitionModes = ['hold', 'drop'] as const
const pauseChoices = ['one', 'minority', 'leader'] as const
// All at once is a power failure: what was acknowledged must be on disk, and so must what was promised.
const killChoices = ['one', 'minority', 'leader', 'all'] as const

const crashChoices = ['one', 'leader'] as const
const nodeEffects = ['persist', 'send', 'reply'] as const
const clockChoices = ['one', 'minority', 'leader'] as const
/** Whether it jumps, and whether it drifts. */
const clockTroubles = [
  [true, false],
  [false, true],
  [true, true],
] as const

/** Every nemesis there is: help, documentation and tests iterate over this list. */
export const nemeses: readonly Nemesis[] = [
  {
    name: 'partition',
    summary: 'cut the network between nodes: random halves, majority ring, or the leader alone',
    kind: 'partition',
    plan: (random) =>
      just({
        kind: 'partition',
        shape: random.pick(partitionShapes),
        mode: random.pick(partitionModes),
      }),
  },
  {
    name: 'halves',
    summary: 'cut the network in two at random',
    kind: 'partition',
    plan: (random) => just({ kind: 'partition', shape: 'halves', mode: random.pick(partitionModes) }),
  },
  {
    name: 'ring',
    summary: 'every node sees a majority, and no two see the same one',
    kind: 'partition',
    plan: (random) => just({ kind: 'partition', shape: 'majority-ring', mode: random.pick(partitionModes) }),
  },
  {
    name: 'isolate-leader',
    summary: 'cut the current leader off from all other nodes; clients still reach it',
    kind: 'partition',
    plan: (random) => just({ kind: 'partition', shape: 'isolate-leader', mode: random.pick(partitionModes) }),
  },
  {
    name: 'bridge',
    summary: 'two halves that see each other only through one node',
    kind: 'partition',
    plan: (random) => just({ kind: 'partition', shape: 'bridge', mode: random.pick(partitionModes) }),
  },
  {
    name: 'one-way',
    summary: 'one node is heard by nobody, yet hears all the others, or the other way round',
    kind: 'partition',
    plan: (random) => just({ kind: 'partition', shape: 'one-way', mode: random.pick(partitionModes) }),
  },
  {
    name: 'kill',
    summary:
      'kill -9 one node, a minority, the leader or all at once; restart them from their disks, all together or one majority after another',
    kind: 'kill',
    plan: (random, nodes) =>
      random.chance(SHIFTING_PROBABILITY)
        ? shiftMajority(random, nodes)
        : just({ kind: 'kill', nodes: random.pick(killChoices) }),
  },
  {
    name: 'shifting',
    summary:
      'kill all nodes; let one majority live for a while, then another, which shares as little with it as it can, and so on',
    kind: 'kill',
    plan: shiftMajority,
  },
  {
    name: 'pause',
    summary: 'stop one node, a minority or the leader in mid-step (SIGSTOP), and resume it',
    kind: 'pause',
    plan: (random) => just({ kind: 'pause', nodes: random.pick(pauseChoices) }),
  },
  {
    name: 'delay',
    summary: 'delay every message between nodes by 20 to 200 ms, with jitter',
    kind: 'latency',
    plan(random) {
      const latency = 20 + random.integer(181)
      return just({ kind: 'latency', latencyMs: millis(latency), jitterMs: millis(Math.round(latency / 2)) })
    },
  },
  {
    name: 'slow',
    summary: 'let only 2 to 20 KB a second pass between nodes',
    kind: 'bandwidth',
    plan: (random) => just({ kind: 'bandwidth', bytesPerSecond: 2_000 + random.integer(18_001) }),
  },
  {
    name: 'reset',
    summary: 'reset every connection between nodes at once',
    kind: 'reset',
    plan: () => just({ kind: 'reset' }),
  },
  {
    name: 'loss',
    summary: 'lose 5 to 30% of the messages between nodes',
    kind: 'loss',
    plan: (random) => just({ kind: 'loss', probability: 0.05 + 0.25 * random.next() }),
  },
  {
    name: 'duplicate',
    summary: 'deliver 5 to 30% of the messages between nodes twice',
    kind: 'duplicate',
    plan: (random) => just({ kind: 'duplicate', probability: 0.05 + 0.25 * random.next() }),
  },
  {
    name: 'reorder',
    summary: 'let 5 to 30% of the messages between nodes be overtaken, by up to 50 ms',
    kind: 'reorder',
    plan: (random) =>
      just({
        kind: 'reorder',
        probability: 0.05 + 0.25 * random.next(),
        withinMs: millis(1 + random.integer(50)),
      }),
  },
  {
    name: 'corrupt',
    summary: 'damage 1 to 10% of the messages between nodes, which breaks their connections',
    kind: 'corrupt',
    plan: (random) => just({ kind: 'corrupt', probability: 0.01 + 0.09 * random.next() }),
  },
  {
    name: 'crash',
    summary: 'kill one node or the leader just before it writes, sends or answers; restart it from its disk',
    kind: 'crash',
    plan: (random) =>
      just({
        kind: 'crash',
        nodes: random.pick(crashChoices),
        before: random.pick(nodeEffects),
        nth: 1 + random.integer(20),
      }),
  },
  {
    name: 'clock',
    summary: 'let the clock of one node, a minority or the leader jump by up to 2 s, drift by up to 5%, or both',
    kind: 'clock',
    plan(random) {
      const [jumps, drifts] = random.pick(clockTroubles)
      const upTo = (most: number) => random.integer(2 * most + 1) - most
      return just({
        kind: 'clock',
        nodes: random.pick(clockChoices),
        offsetMs: millis(jumps ? upTo(2_000) : 0),
        driftPpm: drifts ? upTo(50_000) : 0,
      })
    },
  },
]

const SHIFTING_PROBABILITY = 0.5

/** Between them they share a turn: when everything is down, and when each majority is up. */
const POWER_IS_BACK = 0.04
const MAJORITIES = 3
/** The leaving are killed before the coming are revived, or for a moment everyone would be there. */
const HANDOVER = 0.02

/**
 * A power failure after which machines come back in turns: one majority lives for a while, then the next, which shares
 * as few nodes with it as it can. What the first one acknowledged only those few can tell, so they had better remember
 * it, and what they promised.
 */
function shiftMajority(random: Random, nodes: readonly NodeId[]): Turn {
  const size = Math.floor(nodes.length / 2) + 1
  const majorities = [random.shuffle(nodes).slice(0, size)]
  while (majorities.length < MAJORITIES) {
    const last = majorities.at(-1) ?? []
    const others = nodes.filter((node) => !last.includes(node))
    majorities.push([...others, ...random.shuffle(last).slice(0, size - others.length)])
  }
  const length = (1 - POWER_IS_BACK) / MAJORITIES
  const victims = new Map<string, { from: number; to: number; nodes: NodeId[] }>()
  const down = (node: NodeId, from: number, to: number) => {
    const interval = victims.get(`${from}-${to}`) ?? { from, to, nodes: [] }
    interval.nodes.push(node)
    victims.set(`${from}-${to}`, interval)
  }
  for (const node of nodes) {
    let since: number | undefined = 0
    for (const [i, majority] of majorities.entries()) {
      const begins = POWER_IS_BACK + i * length
      if (!majority.includes(node)) since ??= begins - HANDOVER
      else if (since !== undefined) {
        down(node, since, begins)
        since = undefined
      }
    }
    if (since !== undefined) down(node, since, 1)
  }
  const stages = [...victims.values()].map(
    ({ from, to, nodes: together }): Stage => ({ from, to, plan: { kind: 'kill', nodes: { nodes: together } } }),
  )
  return { stages, lengths: 4 }
}

export interface SchedulePlan {
  readonly nemeses: readonly Nemesis[]
  readonly nodes: readonly NodeId[]
  /** How long clients will be at work. */
  readonly durationMs: Millis
  readonly random: Random
}

// Shares of a run. A tenth of it is calm at the start, so that there is something to compare with, and a twentieth at
// the end, so that the last fault's recovery is seen under load.
const CALM_START = 0.1
const CALM_END = 0.05
const SHORTEST_FAULT_MS = 500
const LONGEST_FAULT_MS = 1_400
const SHORTEST_GAP_MS = 200
const LONGEST_GAP_MS = 600
const OVERLAP_PROBABILITY = 0.2
/** A run shorter than this has its faults and gaps shortened in proportion, so that every kind still gets its turn … */
const FULL_LENGTH_RUN_MS = 15_000
/** … down to where a fault would be over before anybody noticed it. */
const SMALLEST_SCALE = 0.4

/**
 * Decides which faults happen when: a function of its arguments alone. Kinds take turns in random order, so that each
 * comes before any comes again; now and then two overlap.
 */
export function planSchedule({ nemeses: kinds, nodes, durationMs, random }: SchedulePlan): Schedule {
  const schedule: Omit<ScheduledFault, 'id'>[] = []
  if (kinds.length === 0) return []
  const scale = Math.min(1, Math.max(SMALLEST_SCALE, durationMs / FULL_LENGTH_RUN_MS))
  const between = (shortest: number, longest: number) => scale * (shortest + random.next() * (longest - shortest))
  const lastEnd = durationMs * (1 - CALM_END)
  let waiting: Nemesis[] = []
  let from = durationMs * CALM_START
  while (true) {
    if (waiting.length === 0) waiting = random.shuffle(kinds)
    const nemesis = waiting.pop()
    if (nemesis === undefined) break
    const turn = nemesis.plan(random, nodes)
    const length = turn.lengths * between(SHORTEST_FAULT_MS, LONGEST_FAULT_MS)
    if (from + length > lastEnd) break
    schedule.push(...stagesBetween(turn, from, from + length))
    from += random.chance(OVERLAP_PROBABILITY) ? length / 2 : length + between(SHORTEST_GAP_MS, LONGEST_GAP_MS)
  }
  // A run too short for the usual lengths still has one turn, in its middle.
  if (schedule.length === 0)
    schedule.push(...stagesBetween(random.pick(kinds).plan(random, nodes), durationMs / 3, (durationMs * 2) / 3))
  return schedule.sort((a, b) => a.from - b.from).map((fault, i) => ({ id: `fault-${i + 1}`, ...fault }))
}

const stagesBetween = ({ stages }: Turn, fromMs: number, toMs: number): Omit<ScheduledFault, 'id'>[] =>
  stages.map(({ from, to, plan }) => ({
    from: millisToNanos(millis(fromMs + from * (toMs - fromMs))),
    to: millisToNanos(millis(fromMs + to * (toMs - fromMs))),
    plan,
  }))
