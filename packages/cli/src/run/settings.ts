import { levelNames } from '@chaosproxy/checker'
import { type Millis, millis, UserError } from '@chaosproxy/history'
import { type PlannedRun, planRun, type RunSpec, type Target } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator'
import { type Settings, type SettingValue, settingsFor, type Workload } from '@chaosproxy/workloads'
import { parseFaultChoices } from '../arguments/faults.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { chooseTarget, parseBug, parseKnobs } from '../arguments/target.ts'
import { chooseWorkload, parseWorkloadSettings } from '../arguments/workload.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import type { Performer } from './apart.ts'
import { registries } from './registries.ts'
import { readSpecFile } from './spec-file.ts'

/** Everything `chaos run` was told: the run itself, and how to show it. */
export interface RunSettings {
  readonly run: PlannedRun
  /** Whether a simulated run is made twice, to see that it is the same. */
  readonly verifyDeterminism: boolean
  readonly json: boolean
  /** Where to write what happens as it happens. */
  readonly events: string | undefined
  /** Where run directories are made. */
  readonly out: string
  /** Performs it otherwise than `chaos run` does, and says how to have it once more. */
  readonly special?: SpecialRun | undefined
}

/** A run that no spec says all of. */
export interface SpecialRun {
  readonly performer: Performer
  readonly title: string
  readonly again: string
}

/** As they are typed. The rate is what two cores carry; clients are enough to keep it up while some wait for an answer. */
export const RUN_DEFAULTS = {
  time: '20s',
  rate: 2000,
  clients: 20,
  keys: 20,
  timeout: '1s',
  faults: 'partition,kill,pause',
  checkTimeout: '60s',
} as const

/** Options that a spec holds: they are not given together with one. */
const OF_SPEC = [
  ...[
    'target',
    'protocol',
    'nodes',
    'time',
    'rate',
    'clients',
    'workload',
    'workload-set',
    'keys',
    'operations',
    'timeout',
    'faults',
    'seed',
  ],
  ...['expect', 'bug', 'set', 'sim', 'check-timeout'],
]

/** Throws a usage error that names the option, for anything that cannot be. */
export async function parseRunSettings(options: ParsedOptions): Promise<RunSettings> {
  const file = textOf(options, 'spec')
  const spec = file === undefined ? await parseSpecOptions(options) : specOfFile(file, options)
  const run = await planRun(spec, registries, file ?? 'chaos run')
  return {
    run,
    verifyDeterminism: parseVerify(flagOf(options, 'verify-determinism'), run.target),
    json: flagOf(options, 'json'),
    events: textOf(options, 'events'),
    out: textOf(options, 'out') ?? 'chaos-results',
  }
}

function specOfFile(file: string, options: ParsedOptions): RunSpec {
  const given = OF_SPEC.filter((name) => options[name] !== undefined && options[name] !== false)
  if (given.length > 0)
    throw new UserError(
      'usage',
      `--spec ${file} says all of the run: leave --${given.join(', --')} out, or edit the file.`,
    )
  return readSpecFile(file)
}

async function parseSpecOptions(options: ParsedOptions): Promise<RunSpec> {
  const { target, reference } = await chooseTarget(options)
  const bug = parseBug(target, textOf(options, 'bug'))
  const under = target.bugs.find(({ name }) => name === bug)?.under
  // Operations can be chosen for registers only: whoever chooses them wants those.
  const workload = await chooseWorkload(
    options,
    textOf(options, 'operations') === undefined ? under?.workload : undefined,
  )
  const settings: Settings = { ...under?.settings, ...parseKnobs(target, textsOf(options, 'set')) }
  const faults = textOf(options, 'faults') ?? under?.faults?.join(',') ?? RUN_DEFAULTS.faults
  const optional = (name: string, usual: string | number) => textOf(options, name) ?? String(usual)
  const nodes = textOf(options, 'nodes')
  const expect = textOf(options, 'expect')
  return {
    target: { name: flagOf(options, 'sim') ? simulated(reference) : reference, bug, settings },
    workload: { name: workload.reference, settings: workloadSettings(workload.workload, options, target) },
    nodes: nodes === undefined ? target.defaultNodes : parseCount('nodes', nodes, { min: 1, max: 15 }),
    clients: parseCount('clients', optional('clients', RUN_DEFAULTS.clients), { min: 1, max: 200 }),
    rate: parseCount('rate', optional('rate', RUN_DEFAULTS.rate), { min: 1, max: 1_000_000 }),
    timeMs: parseRunTime(optional('time', RUN_DEFAULTS.time)),
    timeoutMs: parseDuration('timeout', optional('timeout', RUN_DEFAULTS.timeout)),
    faults: parseFaultChoices(faults),
    seed: parseCount('seed', textOf(options, 'seed') ?? Math.floor(Math.random() * 10_000), {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    }),
    expect: expect === undefined ? undefined : oneOf('expect', 'level', expect, [...levelNames(), 'none']),
    checkMs: parseDuration('check-timeout', optional('check-timeout', RUN_DEFAULTS.checkTimeout)),
  }
}

/** `--keys` and `--operations` are short for settings that workloads have. */
function workloadSettings(workload: Workload, options: ParsedOptions, target: Target): Settings {
  const settings: { [name: string]: SettingValue } = { ...parseWorkloadSettings(workload, options) }
  const has = (name: string) => workload.settings.some((setting) => setting.name === name)
  const keys = textOf(options, 'keys')
  if (keys !== undefined) {
    if (!has('keys')) throw new UserError('usage', `--keys ${keys}: the workload ${workload.name} has no keys.`)
    settings['keys'] = parseCount('keys', keys, { min: 1, max: 10_000 })
  }
  const operations = textOf(options, 'operations')
  if (workload.name !== 'register') {
    if (operations === undefined) return settings
    const known = workload.functions.join(', ')
    throw new UserError(
      'usage',
      `--operations ${operations}: only those of the workload register can be chosen; ${workload.name} has ${known}.`,
    )
  }
  if (parseOperations(operations, target).includes('cas')) return settings
  return { cas: 0, ...settings }
}

const simulated = (reference: string): string =>
  reference.startsWith(SIMULATED) ? reference : `${SIMULATED}${reference}`

function parseVerify(wanted: boolean, { tier }: Target): boolean {
  if (wanted && tier !== 'simulated')
    throw new UserError('usage', '--verify-determinism: real processes never do the same twice. Add --sim.')
  return wanted
}

const operationNames = ['read', 'write', 'cas'] as const
type Operation = (typeof operationNames)[number]

/** What promises less than one order for all is judged more finely by reads and writes alone. */
export const usualOperations = (target: Target): readonly Operation[] =>
  target.promises({ workload: 'register', settings: settingsFor(target), faults: [] }) === 'linearizable'
    ? operationNames
    : ['read', 'write']

function parseOperations(typed: string | undefined, target: Target): readonly Operation[] {
  if (typed === undefined) return usualOperations(target)
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
