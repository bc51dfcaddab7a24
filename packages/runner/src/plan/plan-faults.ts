import {
  createRandom,
  type FaultChoice,
  type FaultProfile,
  isResolved,
  type Nemesis,
  nemeses,
  nodeNames,
  parseSchedule,
  placesOf,
  planSchedule,
  profileNamed,
  type Random,
  refusalText,
  type Schedule,
  type ScheduledFault,
  type SchedulePlan,
  voidsPromises,
} from '@chaosproxy/faults'
import { didYouMean, inputError, millis, millisToNanos, nanos, printable, usageError } from '@chaosproxy/history'
import type { Settings, Workload } from '@chaosproxy/workloads'
import type { Offer, PromiseQuestion, Target } from '../ports/target.ts'
import type { RunSpec } from '../result/run-spec.ts'

export interface PlannedFaults {
  /** The faults chosen by name, without duplicates. */
  readonly nemeses: readonly Nemesis[]
  readonly schedule: Schedule
}

/** The parts of a spec on which its schedule depends. The schedule also depends on the target. */
export type Scheduling = Pick<RunSpec, 'timeMs' | 'seed' | 'faults'> & { readonly nodes: number }

type Refuse = (problem: string) => never

interface FaultsOptions {
  readonly target: Target
  readonly where: string
  readonly refuse: Refuse
}

/**
 * Plans the faults that a spec names; its seed decides when they occur.
 *
 * @throws UserError (input) for an invalid schedule of faults with explicit times.
 */
export function planFaults(spec: Scheduling, { target, where, refuse }: FaultsOptions): PlannedFaults {
  const names = spec.faults.filter((fault) => typeof fault === 'string')
  const offers = offersOf(target, spec.nodes)
  const missing = names.find((name) => offers.every((offer) => named(offer, name) === undefined))
  if (missing !== undefined) return refuse(target.refusal?.(missing) ?? refusalOf(missing, target))
  const groups = offers.map((offer) => ({ ...offer, nemeses: names.flatMap((name) => named(offer, name) ?? []) }))
  const random = createRandom(spec.seed).fork('schedule')
  const planned =
    target.clients === 'observed'
      ? planRounds(groups, spec.timeMs, random)
      : planOnce(groups, { durationMs: spec.timeMs, longestFault: target.longestFault }, random)
  const all = groups.flatMap((group) => group.nemeses)
  return {
    nemeses: all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i),
    schedule: withScheduled(spec, planned, where),
  }
}

/** Returns the faults that a target's nodes support, by group. */
const offersOf = (target: Target, nodes: number): readonly Offer[] =>
  target.offers?.() ?? [{ nodes: nodeNames(nodes), nemeses: nemesesFor(target) }]

const named = (offer: Offer, name: string): Nemesis | undefined => offer.nemeses.find((each) => each.name === name)

const nemesesFor = (target: Target): readonly Nemesis[] =>
  nemeses.filter(({ kind, among }) => target.supports(kind, among) === true)

/** Returns why a fault is refused. A fault is never weakened silently. */
function refusalOf(name: string, target: Target): string {
  const nemesis = nemeses.find((each) => each.name === name)
  if (nemesis !== undefined) return unsupportedFaultText(target, nemesis)
  const known = nemeses.map((each) => each.name)
  return `there is no fault ${printable(name)}.${didYouMean(name, known)} Known: ${known.join(', ')}.`
}

/** Returns why the target does not support a fault, and which faults it supports. */
export function unsupportedFaultText(
  target: Target,
  { kind, name, among }: Pick<Nemesis, 'kind' | 'name'> & Partial<Nemesis>,
): string {
  const support = target.supports(kind, among)
  if (support === true) throw new Error(`${target.name} can suffer ${name}`)
  const possible = nemesesFor(target).map((each) => each.name)
  return `${target.name} cannot suffer ${name}: ${refusalText(support)} Faults it can suffer: ${possible.join(', ')}.`
}

const planOnce = (
  groups: readonly Offer[],
  run: Pick<SchedulePlan, 'durationMs' | 'longestFault'>,
  random: Random,
): Schedule =>
  inOrder(
    groups.flatMap(({ nodes, nemeses: kinds }, i) =>
      planSchedule({ ...run, nemeses: kinds, nodes, random: i === 0 ? random : random.fork(`group ${i}`) }),
    ),
  )

/**
 * The length of a round. How long observed clients run is unknown, so their faults repeat in short rounds. Clients that
 * finish early then meet some faults, too.
 */
const ROUND_MS = millis(5_000)
/** Milliseconds from the beginning of a round to its first fault, approximately. */
const FIRST_MS = millis(500)

/** Plans rounds of faults for `longestMs`, counted from the first traffic of observed clients. */
function planRounds(groups: readonly Offer[], longestMs: number, random: Random): Schedule {
  const schedule = groups.flatMap(({ nodes, nemeses: kinds, calm = 1 }, i) => {
    const rounds = Math.max(1, Math.ceil(longestMs / ROUND_MS / calm))
    return Array.from({ length: rounds }, (_, round) => {
      const drawn = random.fork(i === 0 ? `round ${round}` : `round ${round} of group ${i}`)
      return planSchedule({ nemeses: kinds, nodes, durationMs: ROUND_MS, random: drawn }).map((fault) => {
        const first = millisToNanos(FIRST_MS)
        const from = first + calm * (round * millisToNanos(ROUND_MS) + fault.from - first)
        return { ...fault, from: nanos(from), to: nanos(from + fault.to - fault.from) }
      })
    }).flat()
  })
  return inOrder(schedule)
}

const inOrder = (schedule: Schedule): Schedule =>
  schedule.toSorted((a, b) => a.from - b.from).map((fault, i) => ({ ...fault, id: `fault-${i + 1}` }))

function withScheduled({ faults }: Scheduling, planned: Schedule, where: string): Schedule {
  const scheduled = parseSchedule(
    faults.filter((fault) => typeof fault !== 'string'),
    `${where}: scheduled faults`,
    'scheduled',
  )
  const taken = scheduled.find(({ id }) => planned.some((other) => other.id === id))
  if (taken !== undefined)
    throw inputError(`${where}: the id ${taken.id} belongs to a fault that chaos draws from the seed. Give another id.`)
  return [...scheduled, ...planned].sort((a, b) => a.from - b.from)
}

/**
 * Returns why a scheduled fault cannot find its nodes. Only names like `n3` are checked, because services with other
 * names may run beside the nodes.
 */
export function missingNodeText({ id, plan }: ScheduledFault, nodes: number): string | undefined {
  if (!isResolved(plan)) return undefined
  const known = nodeNames(nodes)
  const missing = placesOf(plan).find((name) => /^n\d+$/.test(name) && !known.includes(name))
  return missing && `${id} (${plan.kind}) names the node ${missing}, but the nodes are ${known.join(', ')}.`
}

/**
 * Returns the level by which a run is judged by default: the promise of its target, or `nothing` if a fault voids all
 * promises.
 */
export const promiseOf = (target: Pick<Target, 'promises'>, question: PromiseQuestion): string =>
  question.faults.some(voidsPromises) ? 'nothing' : target.promises(question)

interface Parts {
  readonly target: Target
  readonly workload: Workload
  readonly settings: Settings
}

/**
 * Replaces each profile of faults by names of its faults: one fault of each kind. Leaves out the kinds of faults under
 * which the target promises no level, unless no kind would be left.
 *
 * @throws UserError (usage) for a profile without a fault that the target supports.
 */
export function withProfilesNamed({ faults, nodes }: RunSpec, parts: Parts): readonly FaultChoice[] {
  const { target, workload, settings } = parts
  const namesIn = (profile: FaultProfile): readonly string[] => {
    const offered = offersOf(target, nodes ?? target.defaultNodes)
      .flatMap((offer) => offer.nemeses)
      .filter(({ kind }) => profile.has(kind))
    if (offered.length === 0) throw usageError(noneOf(profile, target))
    const question = { workload: workload.name, object: workload.object, settings }
    const kept = offered.filter(({ kind }) => promiseOf(target, { ...question, faults: [kind] }) !== 'nothing')
    const possible = kept.length > 0 ? kept : offered
    return possible
      .filter(({ kind }, i) => possible.findIndex((other) => other.kind === kind) === i)
      .map(({ name }) => name)
  }
  const named = faults.flatMap((fault): readonly FaultChoice[] => {
    const profile = profileNamed(fault)
    return profile === undefined ? [fault] : namesIn(profile)
  })
  return [...new Set(named)]
}

/** Returns why a profile has no fault for the target. */
function noneOf({ name, has }: FaultProfile, target: Target): string {
  const first = nemeses.find(({ kind }) => has(kind))
  const why =
    first === undefined || target.supports(first.kind, first.among) === true
      ? ''
      : ` ${unsupportedFaultText(target, first)}`
  return `--faults ${name}: ${target.name} cannot suffer any fault of this profile.${why}`
}
