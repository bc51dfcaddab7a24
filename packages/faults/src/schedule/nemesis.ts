import { millis } from '@chaos/history'
import type { FaultKind, NodeId } from '../fault.ts'
import type { Random } from '../random.ts'
import type { PartitionShape } from './schedule.ts'
import { shiftMajority } from './shifting-majorities.ts'
import { just, type Turn } from './turn.ts'

/** One way to make trouble, as `--faults` takes it. */
export interface Nemesis {
  readonly name: string
  readonly summary: string
  /** The kind of fault it injects: what a target must be able to suffer. */
  readonly kind: FaultKind
  /** What it does in its next turn; every choice is drawn from the stream given. */
  plan(random: Random, nodes: readonly NodeId[]): Turn
}

// Twice the leader: cut off, it is the one that can do harm.
const partitionShapes = ['halves', 'majority-ring', 'isolate-leader', 'isolate-leader', 'isolate-one'] as const
const partitionModes = ['hold', 'drop'] as const
const pauseChoices = ['one', 'minority', 'leader'] as const
// All at once is a power failure: what was acknowledged must be on disk, and so must what was promised.
const killChoices = ['one', 'minority', 'leader', 'all'] as const

/** How often killing means shifting majorities. */
const SHIFTING_PROBABILITY = 0.5

const crashChoices = ['one', 'leader'] as const
const nodeEffects = ['persist', 'send', 'reply'] as const
const clockChoices = ['one', 'minority', 'leader'] as const
/** Whether it jumps, and whether it drifts. */
const clockTroubles = [
  [true, false],
  [false, true],
  [true, true],
] as const

/** A nemesis that cuts the network in one shape only. */
const cutting = (name: string, shape: PartitionShape, summary: string): Nemesis => ({
  name,
  summary,
  kind: 'partition',
  plan: (random) => just({ kind: 'partition', shape, mode: random.pick(partitionModes) }),
})

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
  cutting('halves', 'halves', 'cut the network in two at random'),
  cutting('ring', 'majority-ring', 'every node sees a majority, and no two see the same one'),
  cutting(
    'isolate-leader',
    'isolate-leader',
    'cut the current leader off from all other nodes; clients still reach it',
  ),
  cutting('bridge', 'bridge', 'two halves that see each other only through one node'),
  cutting('one-way', 'one-way', 'one node is heard by nobody, yet hears all the others, or the other way round'),
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
