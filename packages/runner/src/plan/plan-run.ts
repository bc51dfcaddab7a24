import { type FaultKind, type FaultPlan, type Nemesis, nameOfKind, type Schedule } from '@chaosproxy/faults'
import { didYouMean, environmentError, UserError, usageError } from '@chaosproxy/history'
import { decidedLevels, levelFor, type Settings, settingsFor, type Workload, workloads } from '@chaosproxy/workloads'
import type { Target } from '../ports/target.ts'
import type { RunExpectation } from '../result/requirements/judge-requirements.ts'
import { requireKnownFunctions } from '../result/requirements/known-functions.ts'
import type { RunSpec, TrafficSpec } from '../result/run-spec.ts'
import { type Shortage, shortageOf } from './least-time.ts'
import { missingNodeText, planFaults, promiseOf, unsupportedFaultText, withProfilesNamed } from './plan-faults.ts'

export interface Registries {
  /** @throws UserError (usage, input) for an unknown name or a missing file. */
  target(name: string): Promise<Target>
  /** @throws UserError (usage, input) for an unknown name or a missing file. */
  workload(name: string): Promise<Workload>
  /**
   * Returns the target and the workload of a recording; absent if the caller cannot record.
   *
   * @throws UserError (usage, input) for parts that cannot be recorded.
   */
  readonly traffic?: ((spec: TrafficRunSpec) => ObservedParts | Promise<ObservedParts>) | undefined
}

export interface TrafficRunSpec extends Omit<RunSpec, 'target'> {
  readonly target: RunSpec['target'] & { readonly traffic: TrafficSpec }
}

/** The target and the workload of a recording, which are derived from what is recorded. */
export interface ObservedParts {
  readonly target: Target
  readonly workload: Workload
}

/** A run that is ready to start. All names in its spec are resolved, and its seed has decided all random choices. */
export interface PlannedRun {
  /** The spec, completed with the target's defaults. */
  readonly spec: RunSpec & { readonly nodes: number }
  readonly target: Target
  readonly workload: Workload
  readonly targetSettings: Settings
  readonly workloadSettings: Settings
  readonly nemeses: readonly Nemesis[]
  /** The requested kinds of faults; each must occur. */
  readonly faultKinds: readonly FaultKind[]
  readonly schedule: Schedule
  /** Returns the faults for which the run is too short, and a sufficient time; undefined if there is time for all. */
  readonly shortage: () => Shortage | undefined
  /**
   * The expected level. Undefined if the user expects none, or if the workload cannot test what the target promises.
   */
  readonly expect: RunExpectation | undefined
}

/**
 * Finds everything that a spec names, and refuses what cannot work, before anything is started. Messages begin with
 * `where`: the name of a file or of the command.
 *
 * @param refuseMore Refuses what the caller cannot do with the run. It is called before the search for programs, so
 * that an invalid run is refused with one message on every machine.
 * @throws UserError: usage and input for what cannot work; environment for programs missing on this machine.
 */
export async function planRun(
  spec: RunSpec,
  registries: Registries,
  where: string,
  refuseMore?: (run: PlannedRun) => void,
): Promise<PlannedRun> {
  const { target, workload } = await partsOf(spec, registries, where)
  const refuse = (problem: string): never => {
    throw usageError(`${where}: ${problem}`)
  }
  const { bug } = spec.target
  const bugs = target.bugs.map(({ name }) => name)
  if (bug !== undefined && !bugs.includes(bug)) refuse(`${target.name} has no bug ${bug}.${suggestion(bug, bugs)}`)
  const targetSettings = settingsOf(target, spec.target.settings, where)
  const workloadSettings = settingsOf(workload, spec.workload.settings, where)
  const nodes = spec.nodes ?? target.defaultNodes
  target.validate?.(targetSettings, bug, nodes)
  const needed = workload.uses?.(workloadSettings) ?? workload.functions
  const lacking = needed.filter((name) => !target.functions(targetSettings).includes(name))
  if (lacking.length > 0)
    refuse(
      `${target.name} does not support ${lacking.join(', ')}, which the workload ${workload.name} needs.${listText('Workloads for it', workloadsFor(target, targetSettings))}`,
    )
  if (!holds(target, workload))
    refuse(
      `${target.name} holds ${target.objects?.join(', ')}, but the workload ${workload.name} uses ${workload.object}.${listText('Workloads for it', workloadsFor(target, targetSettings))}`,
    )
  requireKnownFunctions(spec.require ?? [], workload.model, workload.functions)
  const named = withProfilesNamed(spec, { target, workload, settings: targetSettings })
  const planned = planFaults({ ...spec, nodes, faults: named }, { target, where, refuse })
  const { nemeses: chosen, schedule } = planned
  for (const fault of schedule) {
    const { id, plan } = fault
    const [{ kind }, among] = [plan, placeOf(plan)]
    const missing = target.offers === undefined ? missingNodeText(fault, nodes) : undefined
    if (missing !== undefined) refuse(missing)
    if (target.supports(kind, among) !== true)
      refuse(unsupportedFaultText(target, { kind, name: `${id} (${nameOfKind(kind, among)})`, among }))
  }
  const faults = requestedKinds(chosen, schedule)
  const promised = promiseOf(target, {
    workload: workload.name,
    object: workload.object,
    settings: targetSettings,
    faults,
  })
  const run: PlannedRun = {
    spec: { ...spec, nodes, faults: named },
    target,
    workload,
    targetSettings,
    workloadSettings,
    nemeses: chosen,
    faultKinds: faults,
    schedule,
    shortage: () => shortageOf({ ...spec, nodes, faults: named }, target, planned),
    expect: expectationOf(spec, { workload, settings: workloadSettings }, promised, (problem) =>
      refuse(`${problem}${distinguishingWorkloadsText(spec.expect ?? promised, target, targetSettings)}`),
    ),
  }
  refuseMore?.(run)
  await requirePrograms(target)
  return run
}

async function partsOf(spec: RunSpec, registries: Registries, where: string): Promise<ObservedParts> {
  const { traffic } = spec.target
  if (traffic === undefined) {
    const target = await registries.target(spec.target.name)
    const workload = await registries.workload(spec.workload.name)
    const { begins } = target
    if (begins === undefined || (begins.initial === undefined && workload.isInserted !== true))
      return { target, workload }
    const { beginningAs } = await import('./beginning.ts')
    return { target, workload: beginningAs(workload, begins) }
  }
  if (registries.traffic === undefined)
    throw usageError(`${where}: only chaos run can run a spec with "target.traffic".`)
  return registries.traffic({ ...spec, target: { ...spec.target, traffic } })
}

/** A fault that must occur in a run, by its name in `--faults`. */
export interface RequestedFault {
  readonly name: string
  readonly kind: FaultKind
  /** Whether the fault is one of the target's defaults. If such a fault takes no effect, the report only notes that. */
  readonly isUsual?: boolean
}

/** Returns the faults that must occur: those chosen by name, and the kinds that a schedule adds. */
export function requestedFaults({ nemeses: chosen, schedule, spec }: PlannedRun): readonly RequestedFault[] {
  const isUsual = spec.usualFaults === true
  const scheduled = schedule
    .filter(({ plan }) => chosen.every(({ kind }) => kind !== plan.kind))
    .map(({ plan }) => ({ name: nameOfKind(plan.kind, placeOf(plan)), kind: plan.kind }))
  const all = [...chosen.map(({ name, kind }) => ({ name, kind, isUsual })), ...scheduled]
  return all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i)
}

const requestedKinds = (chosen: readonly Nemesis[], schedule: Schedule): readonly FaultKind[] => [
  ...new Set([...chosen.map(({ kind }) => kind), ...schedule.map(({ plan }) => plan.kind)]),
]

const holds = ({ objects }: Target, { object }: Workload): boolean => objects?.includes(object) ?? true

/** Returns the workloads whose functions the target's clients can call. */
function workloadsFor(target: Target, settings: Settings): readonly Workload[] {
  const functions = target.functions(settings)
  return workloads.filter(
    (workload) =>
      holds(target, workload) &&
      (workload.uses?.(settingsFor(workload, {}, true)) ?? workload.functions).every((name) =>
        functions.includes(name),
      ),
  )
}

/** Lists workloads: ` Workloads for it: lock, queue.` */
const listText = (what: string, list: readonly Workload[]): string =>
  list.length === 0 ? '' : ` ${what}: ${list.map(({ name }) => name).join(', ')}.`

/** Lists the workloads that can decide a level: the target's own workloads, or all if none of its own can. */
function distinguishingWorkloadsText(level: string, target: Target, settings: Settings): string {
  const telling = workloads.filter((workload) => decidedLevels(workload).includes(levelFor(workload, level)))
  const own = workloadsFor(target, settings).filter((workload) => telling.includes(workload))
  return own.length > 0
    ? listText('Workloads that can', own)
    : listText(`Workloads that can, which ${target.name} does not have`, telling)
}

/** Returns the options with which a workload distinguishes weaker levels: `--workload-set cas=0`. */
const weakerText = ({ settings }: Workload): string =>
  settings
    .flatMap(({ name, ifWeaker }) => (ifWeaker === undefined ? [] : [`--workload-set ${name}=${ifWeaker}`]))
    .join(' ')

/**
 * Returns the level that is expected of a run. Undefined if the user wants no expectation. Also undefined if the user
 * names no level, and the workload cannot test the target's promise.
 */
function expectationOf(
  { expect, stopOnViolation }: RunSpec,
  { workload, settings }: { readonly workload: Workload; readonly settings: Settings },
  promised: string,
  refuse: (problem: string) => never,
): RunExpectation | undefined {
  if (expect === 'none') return undefined
  const { name } = workload
  const levels = decidedLevels(workload, settings)
  const requested = levelFor(workload, expect ?? promised)
  // If a run stops on a violation, the expected level may be `linearizable` although the workload cannot decide it.
  // `linearizable` then means the strongest level that the workload decides.
  const isStrongest = stopOnViolation === true && expect === 'linearizable'
  const level = isStrongest && !levels.includes(requested) ? (levels[0] ?? requested) : requested
  if (levels.includes(level)) return { level, promised: expect === undefined }
  if (expect === undefined) return undefined
  const weaker = workload.levels.includes(level) ? weakerText(workload) : ''
  const remedy = weaker === '' ? '' : ` with these settings: give ${weaker}`
  return refuse(
    `the workload ${name} cannot check whether a run is ${expect}${remedy}. It can check: ${levels.join(', ')}.`,
  )
}

/** Returns `clients` if the plan affects links of clients, and otherwise `nodes`. */
function placeOf(plan: FaultPlan): 'nodes' | 'clients' {
  if ('nodes' in plan) return 'nodes'
  const { links } = plan
  const ofClients =
    typeof links === 'string'
      ? links.includes('clients')
      : links.every(({ from, to }) => from === 'clients' || to === 'clients')
  return ofClients ? 'clients' : 'nodes'
}

function settingsOf(
  declaring: Pick<Target | Workload, 'name' | 'settings'>,
  chosen: Settings,
  where: string,
): Settings {
  try {
    return settingsFor(declaring, chosen)
  } catch (error) {
    if (error instanceof UserError) throw new UserError(error.code, `${where}: ${error.message}`)
    throw error
  }
}

async function requirePrograms(target: Target): Promise<void> {
  const missing = (await target.missing?.()) ?? []
  if (missing.length === 0) return
  const lines = missing.map(({ program, install, found }) =>
    found === undefined ? `${program} (${install})` : `${program}, and ${found} (${install})`,
  )
  const what = missing.every(({ found }) => found !== undefined)
    ? 'what is too old here'
    : 'what is not on this machine'
  throw environmentError(`${target.name} needs ${what}: ${lines.join(', ')}`)
}

const suggestion = (typed: string, known: readonly string[]): string =>
  `${didYouMean(typed, known)} Known: ${known.join(', ') || 'none'}.`
