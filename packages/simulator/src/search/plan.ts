import { createRandom, type Nemesis, type NodeId, nodeNames, type Random, type Schedule } from '@chaosproxy/faults'
import { float64Array, type Input, type Millis, millis, millisToNanos } from '@chaosproxy/history'
import { functionsOf, type ProtocolSettingValue, stickinessOf } from '@chaosproxy/protocols'
import type { PlannedOperation, Scenario } from '@chaosproxy/runner'
import {
  EVEN_RANK,
  READING_RANK,
  type Settings,
  type SettingValue,
  settingsFor,
  usualValue,
  WRITING_RANK,
} from '@chaosproxy/workloads'
import type { Moment } from '../moments.ts'
import { clockStrengths, kindsLeftOut, withClocksWithin } from './clock-bounds.ts'
import type { Disturbances } from './disturbances.ts'
import { NODE_COUNTS, possibleNodes } from './possible-nodes.ts'
import { harms, type Reaction } from './reaction.ts'
import { withSlowClock } from './slow-clock.ts'
import { drawnReaction, momentsWithin, OCCURRENCES, type Strategy, scatter } from './strategy.ts'
import { isForLess, type SearchedProtocol, type SearchSubject } from './subject.ts'
import { timesOf } from './times.ts'
import { aimed, kindOf, mixed, nemesesOf, reactionsWithin } from './trial-choices.ts'

/** A trial before it is run. The run decides which nodes and links its faults hit. */
export interface Plan {
  readonly scenario: Scenario
  readonly schedule: Schedule
  readonly reactions: readonly Reaction[]
}

/**
 * The minimum and maximum length of a trial: the virtual time during which faults and operations happen. The minimum
 * suffices for one election, the maximum for several.
 */
const SHORTEST_MS = 300
const LONGEST_MS = 3_000
/** The timeouts of clients. With a long timeout, a request stays open across several changes of the leader. */
export const TIMEOUTS_MS: readonly number[] = [600, 600, 2_000]
const WORTH_TRYING_PROBABILITY = 0.5
const BURSTS_PROBABILITY = 0.4
const MOST_BURSTS = 4
const SHORTEST_BURST_MS = 5
const LONGEST_BURST_MS = 200

/** Plans a trial; the plan depends only on the subject, the strategy and the seed. */
export function planTrial(subject: SearchedProtocol, strategy: Strategy, seed: number): Plan {
  const random = createRandom(`trial ${seed}`)
  const counts = possibleNodes(subject.protocol, subject.targetSettings)
  const nodes = nodeNames(subject.nodes ?? random.fork('nodes').pick(counts.length > 0 ? counts : NODE_COUNTS))
  // The length is log-uniform: short trials are cheaper, but failures that need several elections require long ones.
  const [shortestMs, longestMs] = strategy.lengthsMs ?? [SHORTEST_MS, LONGEST_MS]
  const { choices = {}, besides = [] } = subject
  const lengthMs = choices.lengthMs ?? shortestMs * (longestMs / shortestMs) ** random.fork('length').next()
  const targetSettings = chooseTargetSettings(subject, random.fork('knobs'))
  const times = () => timesOf(subject, targetSettings)
  const [hit, nemeses] = [[...nodes, ...besides], aimed(nemesesOf(choices), subject)]
  const asPlanned = strategy.plan(random.fork('faults'), hit, millis(lengthMs), nemeses, times, subject.awaits)
  const drawn =
    subject.start === undefined
      ? asPlanned
      : fitting(asPlanned, { random: random.fork('fitting'), nemeses, nodes: hit, lengthMs: millis(lengthMs) })
  const planned = withSlowClock(
    { ...drawn, schedule: withClocksWithin(drawn.schedule, clockStrengths(subject, targetSettings)) },
    subject,
    { targetSettings, random: random.fork('clocks'), lengthMs },
  )
  const settings = chooseSettings(subject, random.fork('settings'))
  const scenario: Scenario = {
    target: subject.target,
    workload: subject.workloadReference ?? subject.workload.name,
    settings,
    bug: subject.bug,
    targetSettings,
    nodes: nodes.length,
    ...(besides.length === 0 ? {} : { besides }),
    seed,
    timeoutMs: millis(random.fork('timeout').pick(TIMEOUTS_MS)),
    operations: planOperations(subject, settings, targetSettings, random.fork('operations'), nodes, {
      lengthMs,
      busy: planned.busy,
      busyMs: planned.busyMs,
    }),
    faults: [],
    ...(planned.holds === undefined || planned.holds.length === 0 ? {} : { holds: planned.holds }),
  }
  return withinPromise(subject, { scenario, schedule: planned.schedule, reactions: planned.reactions })
}

/** Removes faults under which the protocol promises nothing, and faults that the user did not select. */
export function withinPromise(subject: SearchedProtocol, { scenario, schedule, reactions }: Plan): Plan {
  const { choices = {} } = subject
  const notUnder = kindsLeftOut(subject, scenario.targetSettings)
  return {
    scenario,
    schedule: schedule.filter(({ plan }) => !notUnder.includes(plan.kind)),
    reactions: reactionsWithin(reactions, choices).filter(({ harm }) => !notUnder.includes(kindOf[harm])),
  }
}

/**
 * Draws settings whose defaults hide bugs, unless the user has set them. Each of these settings keeps its default in
 * half of the trials.
 */
function chooseTargetSettings(
  subject: SearchedProtocol,
  random: Random,
): { readonly [name: string]: ProtocolSettingValue } {
  const targetSettings: { [name: string]: ProtocolSettingValue } = { ...subject.targetSettings }
  for (const { name, worthTrying } of subject.protocol.settings) {
    if (worthTrying === undefined || Object.hasOwn(targetSettings, name)) continue
    if (random.chance(WORTH_TRYING_PROBABILITY)) targetSettings[name] = random.pick(worthTrying)
  }
  return targetSettings
}

/**
 * Returns why clients of the protocol cannot run the workload, such as `does not support add`; undefined if they can.
 */
export function whyUnaskable(subject: SearchSubject): string | undefined {
  const { workload, settings, protocol, targetSettings } = subject
  const functions = functionsOf(protocol, targetSettings)
  const needed = workload.uses?.(settingsFor(workload, settings, isForLess(subject))) ?? workload.functions
  const lacking = needed.filter((name) => !functions.includes(name))
  if (lacking.length > 0) return `does not support ${lacking.join(', ')}`
  if (protocol.objects.includes(workload.object)) return undefined
  return `replicates ${protocol.objects.join(', ')} and no ${workload.object}`
}

/** Draws the workload settings that are worth varying, unless the user has set them. */
function chooseSettings(subject: SearchedProtocol, random: Random): Settings {
  const { workload, settings: chosen } = subject
  const isWeaker = isForLess(subject)
  const drawn: { [name: string]: SettingValue } = {}
  for (const setting of workload.settings) {
    const { name, worthTrying } = setting
    const usual = usualValue(setting, isWeaker)
    // If the target promises less than linearizability, a setting with `ifWeaker` has this value, and is not varied.
    if (worthTrying !== undefined && usual === setting.default) drawn[name] = random.pick(worthTrying)
  }
  return settingsFor(workload, { ...drawn, ...chosen }, isWeaker)
}

function planOperations(
  { operations, workload, protocol, choices = {} }: SearchedProtocol,
  settings: Settings,
  targetSettings: SearchedProtocol['targetSettings'],
  random: Random,
  nodes: readonly NodeId[],
  { lengthMs, busy, busyMs }: Pick<Disturbances, 'busy' | 'busyMs'> & { readonly lengthMs: number },
): PlannedOperation[] {
  const crew = workload.create(settings, 0)
  const isApart = busyMs !== undefined
  const count = choices.clients ?? (isApart ? 2 * nodes.length : 2 + random.integer(6))
  const clients: ReturnType<typeof crew.client>[] = []
  while (clients.length < count) {
    const rank = clients.length < nodes.length ? READING_RANK : WRITING_RANK
    clients.push(crew.client(random, isApart ? rank : EVEN_RANK))
  }
  const timeOf =
    busy !== undefined || random.chance(BURSTS_PROBABILITY)
      ? inBursts(random, busy ?? momentsWithin(random, lengthMs, MOST_BURSTS), busyMs)
      : () => random.next() * lengthMs
  // These are plain loops: thousands of trials are planned, and iterators would cost more time than the random numbers.
  const times = float64Array(operations)
  for (let i = 0; i < operations; i++) times[i] = timeOf()
  times.sort()
  const isSticky = isApart || stickinessOf(protocol, targetSettings) === true
  const planned: PlannedOperation[] = []
  for (let i = 0; i < operations; i++) {
    const client = random.integer(clients.length)
    const next = (): Input | undefined => clients[client]?.next()
    const input = choices.mix === undefined ? next() : mixed(next, choices.mix, () => random.next())
    if (input === undefined) continue
    const picked = random.pick(nodes)
    const node = isSticky ? (nodes[client % nodes.length] ?? picked) : picked
    planned.push({ at: millisToNanos(millis(times[i] ?? 0)), client, node, input })
  }
  return planned
}

/** Returns times clustered around a few moments: some bugs need many simultaneous operations on one key. */
function inBursts(random: Random, bursts: readonly number[], longestMs: number = LONGEST_BURST_MS): () => number {
  const spreadMs = SHORTEST_BURST_MS * Math.max(1, longestMs / SHORTEST_BURST_MS) ** random.next()
  return () => random.pick(bursts) + random.next() * spreadMs
}

/** The moments in the middle of a program's request, between its reads and its writes. */
const WITHIN_REQUESTS = ['sends', 'sends', 'rings', 'acknowledges'] as const satisfies readonly Moment[]
/** The probability of busy moments: requests overtake each other only when many are in progress. */
const BUSY_PROBABILITY = 0.7
const MOST_BUSY_MOMENTS = 4
const MOST_REACTIONS = 6
const MOST_EPISODES = 3

/**
 * Adapts a strategy's plan to programs, which have no leader, and to the available faults. A plan that waits for a
 * leader, or uses only unselected faults, would have no effect.
 */
export function fitting(
  { schedule, reactions, busy: usual, busyMs, holds }: Disturbances,
  { random, nemeses, nodes, lengthMs }: Fitting,
): Disturbances {
  const busy =
    usual ?? (random.chance(BUSY_PROBABILITY) ? momentsWithin(random, lengthMs, MOST_BUSY_MOMENTS) : undefined)
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
