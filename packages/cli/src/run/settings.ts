import { levelNames } from '@chaosproxy/checker'
import type { ChosenBaseline, Config, LoadedConfig } from '@chaosproxy/engine'
import { type NamedRegistries, readSpecFile, requireRun, USUAL_OUT, withPaths } from '@chaosproxy/engine'
import { type Millis, millis, UserError } from '@chaosproxy/history'
import {
  completeRun,
  mergeDrafts,
  nameIn,
  type PlannedRun,
  planRun,
  type RunDraft,
  type RunSpec,
  settingsIn,
  type Target,
  usualWorkload,
} from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator'
import { type Settings, type SettingValue, settingsFor, type Workload } from '@chaosproxy/workloads'
import { parseBaselineOptions, requireSameRun } from '../arguments/baseline.ts'
import { parseFaultChoices, requireFaults } from '../arguments/faults.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { parseRequire } from '../arguments/require.ts'
import { chooseTarget, parseBug, parseKnobs, requireSettings } from '../arguments/target.ts'
import { parseUi, type UiSettings } from '../arguments/ui.ts'
import { chooseWorkload, parseWorkloadSettings } from '../arguments/workload.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { type OwnConfig, readOwnConfig } from '../config/own.ts'
import { shownRecordings } from '../record/shown-recordings.ts'
import { isSilent, parseReporters, type ReporterChoice } from '../reporting/choice.ts'
import { admit, refuseOthers, withTypedSecrets } from '../trust/admit.ts'
import { broughtProbes, broughtTarget, broughtTraffic, broughtWorkload } from '../trust/brought.ts'
import { parseEvents } from './event-file.ts'
import type { Interrupts } from './interrupts.ts'

/** The settings of `chaos run`: the run itself, and how to show it. */
export interface RunSettings {
  readonly run: PlannedRun
  /** The same with the seeds that follow, if it is to be repeated. */
  readonly repeats?: readonly PlannedRun[] | undefined
  /** The configuration file, if there is one. */
  readonly config?: string | undefined
  /** Whether to perform a simulated run twice and compare. */
  readonly verifyDeterminism: boolean
  readonly reporters: readonly ReporterChoice[]
  /** Whether to tell all that happens on stderr. */
  readonly verbose?: boolean | undefined
  /** The file to write events to as they happen. */
  readonly events: string | undefined
  /** Its live page, if one is wanted. */
  readonly ui?: UiSettings | undefined
  /** An earlier result that this one must not fall behind. */
  readonly baseline?: ChosenBaseline | undefined
  /** Where to create run directories. */
  readonly out: string
  /** The command that repeats the run, where that is the one that was typed. */
  readonly again?: string | undefined
  /** What ends it early, where somebody else listens to it as well. */
  readonly interrupts?: Interrupts | undefined
}

/** Defaults as typed. Two cores can sustain the rate, and the clients suffice for it while some wait for an answer. */
export const RUN_DEFAULTS = {
  time: '20s',
  rate: 2000,
  clients: 20,
  keys: 20,
  timeout: '1s',
  faults: 'partition,kill,pause',
  checkTimeout: '60s',
} as const

/** Options that are part of a spec, and so cannot be combined with one. Others may repeat what it names. */
const OF_SPEC = [
  ...['nodes', 'time', 'rate', 'clients', 'workload-set', 'keys', 'operations', 'timeout', 'faults', 'seed'],
  ...['expect', 'bug', 'set', 'sim', 'check-timeout'],
]

/** @throws UserError (usage) naming the invalid option. */
export async function parseRunSettings(options: ParsedOptions): Promise<RunSettings> {
  const file = textOf(options, 'spec')
  const { loaded, own, registries: named } = await readOwnConfig(options, 'chaos run')
  const reporters = parseReporters(options, 'run')
  const registries = { ...named, traffic: shownRecordings(isSilent(reporters) ? 'stderr' : 'stdout') }
  const spec =
    file === undefined
      ? await specOfOptions(options, withPaths(baseDraft(options, loaded), own), {
          registries,
          whereIs: (member) => placeOf(member, loaded, textOf(options, 'run')),
        })
      : specOfFile(file, options, { loaded, own, registries })
  const run = await planRun(spec, registries, file ?? 'chaos run')
  const times = parseTimes(options)
  const ui = parseUi(options, run, times)
  const repeats = await plannedRepeats(times, run, (next) => planRun(next, registries, file ?? 'chaos run'))
  const baseline = parseBaselineOptions(options, loaded, textOf(options, 'run'))
  if (baseline !== undefined) requireSameRun(baseline, run)
  return {
    run,
    repeats,
    config: loaded?.path,
    verifyDeterminism: parseVerify(flagOf(options, 'verify-determinism'), run.target),
    reporters,
    verbose: flagOf(options, 'verbose'),
    events: parseEvents(options),
    ui,
    baseline,
    out: textOf(options, 'out') ?? loaded?.config.out ?? USUAL_OUT,
  }
}

const MOST_TIMES = 1_000

const parseTimes = (options: ParsedOptions): number => {
  const typed = textOf(options, 'times')
  return typed === undefined ? 1 : parseCount('times', typed, { min: 1, max: MOST_TIMES })
}

async function plannedRepeats(
  times: number,
  { spec }: PlannedRun,
  plan: (spec: RunSpec) => Promise<PlannedRun>,
): Promise<readonly PlannedRun[]> {
  const repeats: PlannedRun[] = []
  while (repeats.length < times - 1) repeats.push(await plan({ ...spec, seed: spec.seed + repeats.length + 1 }))
  return repeats
}

function specOfFile(file: string, options: ParsedOptions, config: OwnConfig): RunSpec {
  const name = textOf(options, 'run')
  if (name !== undefined) throw new UserError('usage', `--spec ${file} says all of the run: leave ${name} out.`)
  const given = OF_SPEC.filter((option) => options[option] !== undefined && options[option] !== false)
  if (given.length > 0)
    throw new UserError(
      'usage',
      `--spec ${file} says all of the run: leave --${given.join(', --')} out, or edit the file.`,
    )
  const spec = readSpecFile(file)
  const { target, workload, require } = spec
  const brought = [
    ...broughtTarget(target.name),
    ...broughtTraffic(target.traffic),
    ...broughtWorkload(workload.name),
    ...broughtProbes(require ?? []),
  ]
  refuseOthers(file, brought, options)
  admit(file, brought, options, config)
  return withTypedSecrets(file, spec, options)
}

/** The configuration's defaults, overridden by the named run, if any. */
function baseDraft(options: ParsedOptions, loaded: LoadedConfig | undefined): RunDraft {
  const name = textOf(options, 'run')
  if (loaded === undefined) {
    if (name === undefined) return {}
    throw new UserError(
      'usage',
      `chaos run ${name}: runs are named in a chaos.config.ts, and there is none here. chaos init writes one; --target names what to test.`,
    )
  }
  const { runs = {}, ...config } = loaded.config
  const draft = draftOf(config)
  if (name === undefined) return draft
  requireRun(loaded.config, name, loaded.path)
  const { baseline, tolerance, ...named } = runs[name] ?? {}
  return mergeDrafts(draft, named)
}

/** Where the configuration has what a run uses of it: `chaos.config.ts: runs.nightly.target`. */
function placeOf(member: 'target' | 'faults', loaded: LoadedConfig | undefined, run: string | undefined): string {
  const isOfRun = run !== undefined && loaded?.config.runs?.[run]?.[member] !== undefined
  return `${loaded?.path ?? 'chaos run'}: ${isOfRun ? `runs.${run}.` : ''}${member}`
}

interface Surroundings {
  readonly registries: NamedRegistries
  readonly whereIs: (member: 'target' | 'faults') => string
}

/** The members of a configuration that are of a run. */
function draftOf({
  $schema,
  targets,
  workloads,
  upstreams,
  recording,
  out,
  baseline,
  tolerance,
  ...draft
}: Config): RunDraft {
  return draft
}

/** The whole run: options override the base, and defaults fill in the rest. */
async function specOfOptions(
  options: ParsedOptions,
  base: RunDraft,
  { registries, whereIs }: Surroundings,
): Promise<RunSpec> {
  requireFaults(base.faults ?? [], whereIs('faults'))
  const usual = nameIn(base.target)
  const { target, reference } = await chooseTarget(options, { registries, usual, usualIn: whereIs('target') })
  if (nameIn(base.target) === reference) requireSettings(target, settingsIn(base.target), whereIs('target'))
  const bug = parseBug(target, textOf(options, 'bug'))
  const settings = parseKnobs(target, textsOf(options, 'set'))
  const workload = await chooseWorkload(options, {
    find: registries.workload,
    usual:
      nameIn(base.workload) ??
      workloadUnder(target, bug, options) ??
      workloadServed(target, { ...settingsIn(base.target), ...settings }, options),
  })
  const draft = mergeDrafts(base, {
    target: { name: reference, bug, settings },
    workload: { name: workload.reference, settings: workloadSettings(workload.workload, options, target) },
    ...typedMembers(options),
  })
  const whole = flagOf(options, 'sim') ? simulatedDraft(draft, reference) : draft
  return completeRun(whole, registries, { where: 'chaos run', seed: Math.floor(Math.random() * 10_000) })
}

/** Only the register has operations to choose, so --operations implies that workload. */
const workloadUnder = (target: Target, bug: string | undefined, options: ParsedOptions): string | undefined =>
  textOf(options, 'operations') === undefined
    ? target.bugs.find(({ name }) => name === bug)?.under?.workload
    : undefined

const workloadServed = (target: Target, settings: Settings, options: ParsedOptions): string | undefined =>
  textOf(options, 'operations') === undefined ? usualWorkload(target, settings) : undefined

/** The given options that are members of a run. */
function typedMembers(options: ParsedOptions): RunDraft {
  const given = <Value>(name: string, parse: (typed: string) => Value): Value | undefined => {
    const typed = textOf(options, name)
    return typed === undefined ? undefined : parse(typed)
  }
  const whole = (name: string, min: number, max: number) =>
    given(name, (typed) => parseCount(name, typed, { min, max }))
  return {
    nodes: whole('nodes', 1, 15),
    clients: whole('clients', 1, 200),
    rate: whole('rate', 1, 1_000_000),
    timeMs: given('time', parseRunTime),
    timeoutMs: given('timeout', (typed) => parseDuration('timeout', typed)),
    faults: given('faults', parseFaultChoices),
    seed: whole('seed', 0, Number.MAX_SAFE_INTEGER),
    expect: given('expect', (typed) => oneOf('expect', 'level', typed, [...levelNames(), 'none'])),
    require: parseRequire(options),
    checkMs: given('check-timeout', (typed) => parseDuration('check-timeout', typed)),
  }
}

/** `--keys` and `--operations` are short for settings of workloads. */
function workloadSettings(workload: Workload, options: ParsedOptions, target: Target): Settings {
  const settings: { [name: string]: SettingValue } = { ...parseWorkloadSettings(workload, options) }
  const has = (name: string) => workload.settings.some((setting) => setting.name === name)
  const keys = textOf(options, 'keys')
  if (keys !== undefined) {
    if (!has('keys')) throw new UserError('usage', `--keys ${keys}: the workload ${workload.name} has no keys.`)
    settings['keys'] = parseCount('keys', keys, { min: 1, max: 10_000 })
  }
  const operations = textOf(options, 'operations')
  if (operations === undefined) return settings
  if (workload.name !== 'register')
    throw new UserError(
      'usage',
      `--operations ${operations}: only those of the workload register can be chosen; ${workload.name} has ${workload.functions.join(', ')}.`,
    )
  if (!parseOperations(operations).includes('cas')) return { cas: 0, ...settings }
  return usualOperations(target).includes('cas') ? settings : { cas: usualCas(workload), ...settings }
}

/** The default share of cas operations, where the register uses them. */
export const usualCas = ({ settings }: Workload): SettingValue =>
  settings.find(({ name }) => name === 'cas')?.default ?? 0

const simulatedDraft = (draft: RunDraft, reference: string): RunDraft => ({
  ...draft,
  target: { ...(typeof draft.target === 'string' ? {} : draft.target), name: simulated(reference) },
})

const simulated = (reference: string): string =>
  reference.startsWith(SIMULATED) ? reference : `${SIMULATED}${reference}`

function parseVerify(wanted: boolean, { tier }: Target): boolean {
  if (wanted && tier !== 'simulated')
    throw new UserError('usage', '--verify-determinism: real processes never do the same twice. Add --sim.')
  return wanted
}

const operationNames = ['read', 'write', 'cas'] as const
type Operation = (typeof operationNames)[number]

/** Below linearizability, a history of only reads and writes can be judged by more levels. */
export const usualOperations = (target: Target): readonly Operation[] =>
  target.promises({ workload: 'register', object: 'register', settings: settingsFor(target), faults: [] }) ===
  'linearizable'
    ? operationNames
    : ['read', 'write']

function parseOperations(typed: string): readonly Operation[] {
  const named = typed.split(',').map((name) => oneOf('operations', 'operation', name.trim(), operationNames))
  for (const needed of ['read', 'write'] as const)
    if (!named.includes(needed))
      throw new UserError(
        'usage',
        `--operations ${typed}: without ${needed}s nothing can be proved. Write read,write or read,write,cas.`,
      )
  return operationNames.filter((name) => named.includes(name))
}

const SHORTEST_RUN_MS = millis(100)
const LONGEST_RUN_MS = millis(24 * 3_600_000)

function parseRunTime(typed: string): Millis {
  const timeMs = parseDuration('time', typed)
  if (timeMs < SHORTEST_RUN_MS || timeMs > LONGEST_RUN_MS)
    throw new UserError('usage', `--time ${typed}: must be between 100ms and 24h.`)
  return timeMs
}
