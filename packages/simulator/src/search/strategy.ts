import type { Nemesis, NodeId, Random, ScheduledFault } from '@chaosproxy/faults'
import { type Millis, millis, nanos } from '@chaosproxy/history'
import type { Moment } from '../moments.ts'
import type { PlannedHold } from '../replay/holds.ts'
import type { Disturbances } from './disturbances.ts'
import { aroundExpiry } from './expiries.ts'
import { type Harm, harms, type Reaction } from './reaction.ts'
import type { SearchedProtocol } from './subject.ts'
import type { Times } from './times.ts'

export interface Strategy {
  readonly name: string
  readonly summary: string
  /**
   * Plans the disturbances of a trial, with faults of the given nemeses. `awaits`: the awaits of a program at which
   * requests can be held.
   */
  plan(
    random: Random,
    nodes: readonly NodeId[],
    lengthMs: Millis,
    nemeses: readonly Nemesis[],
    times: () => Times,
    awaits?: readonly string[],
  ): Disturbances
  /** Whether most trials are variations of earlier trials that extended the coverage. The other trials are new. */
  readonly varies?: boolean | undefined
  /** The range of trial lengths; absent for the usual range. */
  readonly lengthsMs?: readonly [shortest: number, longest: number] | undefined
}

const SHORTEST_FAULT_MS = 20
const LONGEST_FAULT_MS = 900

const uniform: Strategy = {
  name: 'uniform',
  summary: 'any fault, at any time, of any duration',
  plan: (random, nodes, lengthMs, nemeses) => ({
    schedule: scatter(random, nemeses, 1 + random.integer(6), nodes, lengthMs),
    reactions: [],
  }),
}

const biased: Strategy = {
  name: 'biased',
  summary: 'faults hit a node when it is most vulnerable: when it becomes leader, writes to disk, or answers',
  plan: (random, nodes, lengthMs, nemeses) => ({
    schedule: scatter(random, nemeses, random.integer(3), nodes, lengthMs),
    reactions: react(random, 1 + random.integer(4), moments),
  }),
}

/**
 * Omits some kinds of fault from a run, so that the others can take effect (Groce, Zhang, Eide, Chen, Regehr: "Swarm
 * Testing", ISSTA 2012).
 */
const swarm: Strategy = {
  name: 'swarm',
  summary: 'many faults of only a few kinds, which are chosen for each trial',
  plan: (random, nodes, lengthMs, nemeses) => ({
    schedule: scatter(random, someOf(random, nemeses), 2 + random.integer(8), nodes, lengthMs),
    reactions: [],
  }),
}

const swarmBiased: Strategy = {
  name: 'swarm-biased',
  summary: 'both',
  plan: (random, nodes, lengthMs, nemeses) => ({
    schedule: scatter(random, someOf(random, nemeses), random.integer(6), nodes, lengthMs),
    reactions: react(random, 1 + random.integer(8), someOf(random, moments)),
  }),
}

/** Aims at several leaders in a row, each with log entries that the next one lacks (Raft, Figure 8). */
const leaders: Strategy = {
  name: 'leaders',
  summary: 'one leader after another is cut off, as it takes over or just after',
  plan: (random, nodes, lengthMs, nemeses) => ({
    schedule: scatter(random, nemeses.filter(unseats), 1 + random.integer(2), nodes, millis(lengthMs / 3)),
    reactions: Array.from({ length: 3 + random.integer(5) }, (_, i) => ({
      moment: 'leads' as const,
      occurrence: i + 1,
      harm: random.pick(unseatings),
      // The fault hits the new leader at once, or while it informs the other nodes.
      after: atMs(random.chance(0.5) ? AT_ONCE_MS : 8 * random.next()),
      // Long enough for the other nodes to elect a new leader.
      duration: atMs(300 + random.next() * 1_500),
    })),
  }),
}

/** Aims at acknowledged or promised data that is not on disk. */
const crashes: Strategy = {
  name: 'crashes',
  summary: 'power fails during writes, and one node stays down longer than the others',
  plan: (random, nodes, lengthMs, nemeses) => ({
    schedule: scatter(random, nemeses, random.integer(2), nodes, lengthMs),
    reactions: Array.from({ length: 1 + random.integer(4) }, () => powerFailure(random)).flat(),
  }),
}

function powerFailure(random: Random): Reaction[] {
  const moment = random.pick(['persists', 'acknowledges', 'acknowledges'] as const)
  const occurrence = 1 + random.integer(OCCURRENCES[moment])
  const after = atMs(random.chance(0.6) ? AT_ONCE_MS : random.next() * 2)
  return [
    { moment, occurrence, harm: 'kill', after, duration: atMs(faultLengthMs(random)) },
    { moment, occurrence, harm: 'kill-others', after, duration: atMs(1 + random.next() * 60) },
  ]
}

/**
 * Aims at forgotten leases, forgotten promises and late answers. These bugs show only if one node restarts within a few
 * milliseconds of an action of another node.
 */
const windows: Strategy = {
  name: 'windows',
  summary: 'nodes restart within milliseconds of a message, a timer or a restart, while others are slow or cut off',
  // Trials are short, so that requests are frequent enough for clients to observe brief events.
  lengthsMs: [60, 1_000],
  plan(random, nodes, lengthMs, nemeses) {
    const schedule = scatter(random, someOf(random, nemeses.filter(slows)), random.integer(4), nodes, lengthMs)
    const count = 2 + random.integer(8)
    if (random.chance(0.5)) {
      const times = () => random.next() * lengthMs
      return { schedule, reactions: Array.from({ length: count }, () => shortRestart(random, times())).flat() }
    }
    // Faults and requests happen close together, so that clients observe what faults cause.
    const busy = momentsWithin(random, lengthMs, MOST_BUSY_MOMENTS)
    const times = () => random.pick(busy) + random.next() * WINDOW_MS
    return { schedule, reactions: Array.from({ length: count }, () => shortRestart(random, times())).flat(), busy }
  },
}

/** The maximum time between a busy moment and the planned start of a restart, a database fault or a hold. */
const WINDOW_MS = 20
const MOST_BUSY_MOMENTS = 3

function shortRestart(random: Random, fromMs: number): Reaction[] {
  const moment = random.pick(openings)
  const occurrence = 1 + random.integer(4)
  const notBefore = atMs(fromMs)
  const after = atMs(random.chance(0.4) ? AT_ONCE_MS : random.next() * 3)
  const harm = random.pick(killings)
  const restart: Reaction = { moment, occurrence, notBefore, harm, after, duration: atMs(between(random, 0.3, 30)) }
  const duration = atMs(between(random, 5, 200))
  const apart = random.pick(separations)
  const separation: Reaction = { moment, occurrence, notBefore, harm: apart, after: atMs(AT_ONCE_MS), duration }
  return random.pick([[restart], [separation], [restart, separation], [restart, separation]])
}

/** Uses times learned from the protocol: leases, elections and timers of any length. */
const expiries: Strategy = {
  name: 'expiries',
  summary: 'a leader is cut off, and clients are busiest just before and after its timers and leases run out',
  plan(random, _nodes, _lengthMs, nemeses, times) {
    const { schedule, ...rest } = aroundExpiry(random, times())
    const kinds: readonly string[] = nemeses.map(({ kind }) => kind)
    return { schedule: schedule.filter(({ plan }) => kinds.includes(plan.kind)), ...rest }
  },
}

/**
 * Holds a request between a read and a write that depends on the read, so that another request can write in between.
 * Other faults are rarely needed, and fewer faults make failures smaller.
 */
const awaits: Strategy = {
  name: 'awaits',
  summary: "a program's request is held at an await until another request has passed the same await or another one",
  lengthsMs: [60, 1_000],
  plan(random, nodes, lengthMs, nemeses, _times, places = []) {
    const busy = momentsWithin(random, lengthMs, MOST_BUSY_MOMENTS)
    const schedule = random.chance(0.3) ? scatter(random, nemeses, 1, nodes, lengthMs) : []
    const count = places.length === 0 ? 0 : 1 + random.integer(MOST_HOLDS)
    return { schedule, reactions: [], busy, holds: Array.from({ length: count }, () => hold(random, places, busy)) }
  },
}

/**
 * Leaves out faults that end requests in progress. They would hide a lost reply to a COMMIT, or an error that makes a
 * client retry its transaction.
 */
const databases: Strategy = {
  name: 'databases',
  summary: 'a database loses replies to COMMIT, or suffers another fault of its own, while clients are busy',
  lengthsMs: [60, 1_000],
  plan(random, nodes, lengthMs, nemeses, times, places) {
    const own = nemeses.filter(({ name }) => OF_DATABASES.includes(name))
    // If the user selected no fault of databases, this strategy plans the same as `awaits`.
    if (own.length === 0) return awaits.plan(random, nodes, lengthMs, nemeses, times, places)
    const busy = momentsWithin(random, lengthMs, MOST_BUSY_MOMENTS)
    const losing = random.chance(LOSING_PROBABILITY) ? own.filter(({ name }) => name === LOSING) : []
    const kinds = losing.length > 0 ? losing : someOf(random, own)
    const from = () => random.pick(busy) - random.next() * WINDOW_MS
    return { schedule: episodes(random, kinds, { count: 1 + random.integer(3), nodes, from }), reactions: [], busy }
  },
}

const LOSING = 'lose-commit-reply'
const LOSING_PROBABILITY = 0.7
const OF_DATABASES = [LOSING, 'serialization-failure', 'refuse-sessions', 'slow-statements', 'failover', 'restart']

const MOST_HOLDS = 3
/** During a shorter hold, no request can overtake the held one. During a longer hold, clients give up. */
const [SHORTEST_HOLD_MS, LONGEST_HOLD_MS] = [5, 300]

function hold(random: Random, places: readonly string[], busy: readonly number[]): PlannedHold {
  const at = random.pick(places)
  return {
    at,
    from: atMs(Math.max(0, random.pick(busy) + (random.next() - 0.3) * WINDOW_MS)),
    until: random.chance(0.5) ? at : random.pick(places),
    times: random.pick([1, 1, 1, 2]),
    most: atMs(between(random, SHORTEST_HOLD_MS, LONGEST_HOLD_MS)),
  }
}

const coverage: Strategy = {
  name: 'coverage',
  summary:
    'varies trials in which an event had a new effect on the role of a node; for programs, trials that were the first to reach an assertion of the kind sometimes or reachable',
  // For programs, half of the plans make requests overtake each other at an await.
  plan: (random, nodes, lengthMs, nemeses, times, places = []) =>
    (places.length > 0 && random.chance(0.5) ? awaits : swarmBiased).plan(
      random,
      nodes,
      lengthMs,
      nemeses,
      times,
      places,
    ),
  varies: true,
}

export const strategies: readonly Strategy[] = [
  uniform,
  biased,
  swarm,
  swarmBiased,
  leaders,
  crashes,
  windows,
  expiries,
  awaits,
  databases,
  coverage,
]

/**
 * The default strategies of a search, which seeds use in turn. The strategy that alone finds the rarest bugs occurs
 * more often. `coverage` is not included: it makes a trial a quarter more expensive, and has found no bug sooner. The
 * branches that programs take are not counted either: V8 takes 20% to 40% more time to count them, and after about 20
 * trials of an example, no new branches are found.
 */
export const usualStrategies: readonly Strategy[] = [
  uniform,
  windows,
  leaders,
  swarmBiased,
  expiries,
  windows,
  crashes,
  swarm,
  windows,
  leaders,
  biased,
  expiries,
]

/** The strategies for programs, which have no leaders and no known timers. */
const usualOfPrograms: readonly Strategy[] = usualStrategies.map((strategy) =>
  strategy === leaders || strategy === expiries ? awaits : strategy,
)

/** The properties of a program that decide which strategies suit it. */
export type ProgramTraits = Pick<SearchedProtocol, 'asserts' | 'nodesFor'>

/** Returns the default strategies for a protocol or, if traits are given, for a program. */
export function usualStrategiesOf(program?: ProgramTraits): readonly Strategy[] {
  if (program === undefined) return usualStrategies
  const hasDatabase = (program.nodesFor?.(LOSING) ?? []).length > 0
  return [
    ...(hasDatabase ? usualOfPrograms.flatMap(withDatabases) : usualOfPrograms),
    // For programs, `coverage` is the set of assertions reached. Measuring it costs no time.
    ...(program.asserts === true ? [coverage, coverage, coverage] : []),
  ]
}

const withDatabases = (strategy: Strategy, i: number): readonly Strategy[] =>
  i % 2 === 1 ? [strategy, databases] : [strategy]

/**
 * Returns the strategies with these names. A repeated name repeats its strategy, which is then used for a larger share
 * of the seeds.
 */
export const strategiesNamed = (names: readonly string[]): readonly Strategy[] =>
  names.flatMap((name) => strategies.filter((strategy) => strategy.name === name))

const unseatings: readonly Harm[] = ['isolate', 'silence']
const unseats = ({ name }: Nemesis): boolean => name === 'isolate-leader' || name === 'kill'
const openings: readonly Moment[] = ['sends', 'sends', 'rings', 'persists', 'acknowledges', 'restarts']
const killings: readonly Harm[] = ['kill', 'kill', 'kill-others', 'kill-others', 'kill-all']
const separations: readonly Harm[] = ['isolate', 'isolate', 'pause', 'deafen', 'silence']
const SLOWING = ['pause', 'delay', 'slow', 'loss', 'reorder', 'duplicate', 'one-way', 'partition', 'clock']
const slows = ({ name }: Nemesis): boolean => SLOWING.includes(name)
/** A nanosecond: shorter than any fsync, and than the transit of any message. */
const AT_ONCE_MS = 0.000_001

const moments: readonly Moment[] = ['leads', 'persists', 'acknowledges']

/**
 * By kind of moment: its approximate number of occurrences in a trial. The `occurrence` that starts a reaction is drawn
 * from 1 to this number.
 */
export const OCCURRENCES: { readonly [moment in Moment]: number } = {
  leads: 4,
  persists: 60,
  acknowledges: 30,
  sends: 300,
  rings: 60,
  restarts: 4,
}

function someOf<T>(random: Random, items: readonly T[]): T[] {
  if (items.length === 0) return []
  const kept = items.filter(() => random.chance(0.3))
  return kept.length > 0 ? kept : [random.pick(items)]
}

export function scatter(
  random: Random,
  kinds: readonly Nemesis[],
  count: number,
  nodes: readonly NodeId[],
  lengthMs: Millis,
): ScheduledFault[] {
  return episodes(random, kinds, { count, nodes, from: () => random.next() * lengthMs })
}

interface Episodes {
  readonly count: number
  readonly nodes: readonly NodeId[]
  readonly from: () => number
}

function episodes(
  random: Random,
  kinds: readonly Nemesis[],
  { count, nodes, from: begin }: Episodes,
): ScheduledFault[] {
  if (kinds.length === 0) return []
  const faults: Omit<ScheduledFault, 'id'>[] = []
  for (let i = 0; i < count; i++) {
    const { parts, lengths } = random.pick(kinds).plan(random, nodes)
    const startMs = Math.max(0, begin())
    const episodeMs = lengths * faultLengthMs(random)
    for (const { from, to, plan } of parts)
      faults.push({ from: atMs(startMs + from * episodeMs), to: atMs(startMs + to * episodeMs), plan })
  }
  return faults.sort((one, other) => one.from - other.from).map((fault, i) => ({ id: `fault-${i + 1}`, ...fault }))
}

const react = (random: Random, count: number, to: readonly Moment[]): Reaction[] =>
  Array.from({ length: count }, () => drawnReaction(random, to, harms))

export function drawnReaction(random: Random, to: readonly Moment[], possible: readonly Harm[]): Reaction {
  const moment = random.pick(to)
  return {
    moment,
    occurrence: 1 + random.integer(OCCURRENCES[moment]),
    harm: random.pick(possible),
    // The fault begins immediately, or within 5 ms, while the node's messages are in transit.
    after: atMs(random.chance(0.5) ? AT_ONCE_MS : random.next() * 5),
    duration: atMs(faultLengthMs(random)),
  }
}

/** The length is log-uniform, because bugs appear at both short and long durations. */
const faultLengthMs = (random: Random): number => between(random, SHORTEST_FAULT_MS, LONGEST_FAULT_MS)

/** Log-uniform. */
const between = (random: Random, least: number, most: number): number => least * (most / least) ** random.next()

const atMs = (time: number) => nanos(time * 1e6)

/** Draws at least one moment of a trial, and at most `most`. */
export const momentsWithin = (random: Random, lengthMs: number, most: number): readonly Millis[] =>
  Array.from({ length: 1 + random.integer(most) }, () => millis(random.next() * lengthMs))
