import { millis } from '@chaosproxy/history'
import { minoritySize } from '../schedule/outage.ts'
import type { Random } from '../schedule/random.ts'
import { amongNodes, just, type Nemesis } from './nemesis.ts'
import { shiftMajority } from './shifting-majorities.ts'
import { inAllTraffic, killServer, pauseServer } from './traffic.ts'

// Killing all nodes is a power failure: everything acknowledged must be on disk.
const killChoices = ['one', 'minority', 'leader', 'all'] as const
const pauseChoices = ['one', 'minority', 'leader'] as const
const onSomeNodes = (random: Random) => ({ nodes: random.pick(pauseChoices) })
/**
 * The probability that a `kill` fault is planned as a shift of majorities: all nodes are killed, and then several
 * different majorities of the nodes run, one majority at a time.
 */
const SHIFTING_PROBABILITY = 0.5

export const processes: readonly Nemesis[] = [
  {
    name: 'kill',
    summary:
      'kill -9 one node, a minority, the leader or all at once; restart them from their disks, all together or one majority after another',
    kind: 'kill',
    among: 'nodes',
    plan: (random, nodes) =>
      random.chance(SHIFTING_PROBABILITY)
        ? shiftMajority(random, nodes)
        : just({ kind: 'kill', nodes: random.pick(killChoices) }),
    inTraffic: inAllTraffic(killServer),
  },
  {
    name: 'shifting',
    summary:
      'kill all nodes, then run one majority at a time; each majority shares as few nodes as possible with the previous one',
    kind: 'kill',
    among: 'nodes',
    plan: shiftMajority,
  },
  amongNodes('pause', {
    summary: 'suspend one node, a minority or the leader (SIGSTOP), and resume it',
    plan: onSomeNodes,
    inTraffic: inAllTraffic(pauseServer),
  }),
]

const BITS = 8
/** The number of different positions at which a bit of a node's files may flip. */
const PLACES = 10_000

const SLOW_FSYNC_MS = [20, 100, 500] as const

/**
 * The length of a restart, as a share of an ordinary fault's length. A restart is short, because the node starts again
 * at once.
 */
const RESTARTS_FOR = 0.05

/** Shares of the processor that slow a node slightly, clearly, and almost completely. */
const shares = [0.5, 0.2, 0.05] as const

const crashChoices = ['one', 'leader'] as const
const effects = ['persist', 'send', 'reply'] as const

/** Each pair says whether the clock jumps, and whether it drifts. */
const clockTroubles = [
  [true, false],
  [false, true],
  [true, true],
] as const

export const machines: readonly Nemesis[] = [
  amongNodes('crash', {
    name: 'crash-point',
    summary: 'kill one node or the leader just before it writes, sends or replies; restart it from its disk',
    plan: (random) => ({ nodes: random.pick(crashChoices), before: random.pick(effects), nth: 1 + random.integer(20) }),
  }),
  // Unlike a kill, a power loss loses what was written but not fsynced.
  amongNodes('power-loss', {
    summary:
      'cut the power of one node, a minority, the leader or all at once: what was not fsynced is lost, or torn; restart them from their disks',
    plan: (random) => ({ nodes: random.pick(killChoices), unsynced: random.pick(['lost', 'torn'] as const) }),
  }),
  // Damage is permanent, so all flips hit the same minority.
  amongNodes('flip-bit', {
    summary: 'kill a node, flip a bit of its files and restart it; a run hits only one minority of the nodes',
    plan(random, nodes) {
      const decaying = random.fork('decaying disks').shuffle(nodes).slice(0, minoritySize(nodes.length))
      return {
        nodes: [random.pick(decaying)],
        at: random.integer(PLACES) / PLACES,
        bit: random.integer(BITS),
      }
    },
  }),
  amongNodes('slow-fsync', {
    summary: 'make every fsync of one node, a minority or the leader 20, 100 or 500 ms slower',
    plan: (random) => ({ nodes: random.pick(pauseChoices), delayMs: millis(random.pick(SLOW_FSYNC_MS)) }),
  }),
  amongNodes('fail-fsync', {
    summary:
      'make every fsync of one node, a minority or the leader fail (EIO); restart a process that ends because of it',
    plan: onSomeNodes,
  }),
  amongNodes('freeze-disk', {
    summary: 'block every write and fsync of one node, a minority or the leader for a while',
    plan: onSomeNodes,
  }),
  amongNodes('clock', {
    summary: 'make the clock of one node, a minority or the leader jump by up to 2 s, drift by up to 5%, or both',
    plan(random) {
      const [jumps, drifts] = random.pick(clockTroubles)
      const upTo = (most: number) => random.integer(2 * most + 1) - most
      return {
        nodes: random.pick(pauseChoices),
        offsetMs: millis(jumps ? upTo(2_000) : 0),
        driftPpm: drifts ? upTo(50_000) : 0,
      }
    },
  }),
  amongNodes('failover', {
    summary: "fail over to a node that does not lead, with the system's own command",
    plan: () => ({ nodes: 'follower' }),
  }),
  amongNodes('stop', {
    summary:
      'stop one node, a minority or the leader cleanly through the container engine (SIGTERM), and start it again',
    plan: onSomeNodes,
  }),
  {
    name: 'restart',
    summary: 'stop one node, a minority or the leader cleanly through the container engine, and start it at once',
    kind: 'restart',
    among: 'nodes',
    plan: (random) => ({
      parts: [{ from: 0, to: RESTARTS_FOR, plan: { kind: 'restart', nodes: random.pick(pauseChoices) } }],
      lengths: 1,
    }),
  },
  amongNodes('limit-cpu', {
    summary:
      'limit one node, a minority or the leader to between 5% and 50% of one processor, through the container engine',
    plan: (random) => ({ nodes: random.pick(pauseChoices), share: random.pick(shares) }),
  }),
  amongNodes('fill-disk', {
    summary: 'fill the disk of one node, a minority or the leader; containers need a disk of their own ("disk")',
    plan: onSomeNodes,
  }),
]

const shareChoices = [0.1, 0.3, 1] as const

/** Delays in milliseconds. Some are below and others above the usual values of `statement_timeout`. */
const SLOWER_MS = [20, 200, 2_000] as const

export const databases: readonly Nemesis[] = [
  amongNodes('lose-commit-reply', {
    summary: 'lose the reply of a simulated PostgreSQL to 10%, 30% or all commits: clients see a broken connection',
    plan: (random) => ({ nodes: 'one', share: random.pick(shareChoices) }),
  }),
  amongNodes('serialization-failure', {
    summary: 'let a simulated PostgreSQL abort 10%, 30% or all transactions that can fail with 40001',
    plan: (random) => ({ nodes: 'one', share: random.pick(shareChoices) }),
  }),
  amongNodes('refuse-sessions', {
    summary: 'let a simulated PostgreSQL refuse new sessions (53300, too many clients)',
    plan: () => ({ nodes: 'one' }),
  }),
  amongNodes('slow-statements', {
    summary: 'make 10%, 30% or all statements of a simulated PostgreSQL 20 ms, 200 ms or 2 s slower',
    plan: (random) => ({ nodes: 'one', delayMs: millis(random.pick(SLOWER_MS)), share: random.pick(shareChoices) }),
  }),
]
