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

/** The settings of `chaos run`: the run itself, and how to show it. */
export interface RunSettings {
  readonly run: PlannedRun
  /** Whether to perform a simulated run twice and compare. */
  readonly verifyDeterminism: boolean
  readonly json: boolean
  /** The file to write events to as they happen. */
  readonly events: string | undefined
  /** Where to create run directories. */
  readonly out: string
  /** Another way to perform the run, and the command that repeats it. */
  readonly special?: SpecialRun | undefined
}

/** A run that a spec cannot describe completely. */
export interface SpecialRun {
  readonly performer: Performer
  readonly title: string
  readonly again: string
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

/** Options that are part of a spec, and so cannot be combined with one. */
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

/** @throws UserError (usage) naming the invalid option. */
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
  // Only the register has operations to choose, so --operations implies that workload.
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

/** Below linearizability, a history of only reads and writes can be judged by more levels. */
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
