import type { Nemesis } from '@chaosproxy/faults'
import { type Millis, UserError } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import {
  completeRun,
  type NamedPart,
  nameIn,
  planRun,
  type Registries,
  type RunDraft,
  type RunSpec,
  type Target,
  usualWorkload,
} from '@chaosproxy/runner'
import { CALM, conditionFaults, networkFaults, networks, parseSweep, requireSeveral } from '@chaosproxy/scenarios'
import { SIMULATED } from '@chaosproxy/simulator'
import { isDeclaration, isUserFile } from '@chaosproxy/targets'
import { type Settings, settingsFor } from '@chaosproxy/workloads'
import { parseNemeses } from '../arguments/faults.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { parseKnobs, requireSettings, targetOf } from '../arguments/target.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { type OwnConfig, readOwnConfig } from '../config/own.ts'
import { withPaths } from '../config/registries.ts'
import { parseReporters, type ReporterChoice } from '../reporting/choice.ts'
import { refuseToOverwriteOthers } from '../terminal/overwriting.ts'
import { configuredSettings, configuredTargets, configuredTexts } from './configured.ts'
import { type NamedTarget, namedTargets } from './named-targets.ts'

export const COMPARE_DEFAULTS = {
  faults: 'partition,isolate-leader,kill,pause,delay',
  network: 'local',
  time: '6s',
  timeout: '1s',
  rate: '300',
  clients: '15',
  seeds: '3',
  seed: '1',
} as const

/** The settings of `chaos compare`, validated: every run has been planned once, so none is impossible. */
export interface CompareSettings {
  readonly systems: readonly ComparedTarget[]
  readonly conditions: readonly string[]
  readonly sweep: string | undefined
  readonly network: string
  readonly real: boolean
  readonly nodes: number | undefined
  readonly clients: number
  readonly rate: number
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  readonly seeds: readonly number[]
  readonly html: string | undefined
  readonly reporters: readonly ReporterChoice[]
  /** The configuration named with `--config`. */
  readonly configFile: string | undefined
  /** What the names in specs stand for. */
  readonly registries: Registries
}

/** A target with settings, and its runs. */
export interface ComparedTarget {
  /** `primary-replica sync=majority`. */
  readonly name: string
  /** As typed: `primary-replica:sync=majority`. */
  readonly typed: string
  readonly value: string | undefined
  readonly curve: string | undefined
  readonly nodes: number
  readonly cells: readonly PlannedCell[]
}

/** Two runs of one seed, alike but for what clients do. */
export interface PlannedPair {
  /** Reads and writes of registers, from which everything but losses is measured. */
  readonly registers: RunSpec
  /** Additions to sets, none of which hides the loss of another; absent in calm, and if the target has no sets. */
  readonly sets: RunSpec | undefined
}

export interface PlannedCell {
  readonly condition: string
  /** A level, or `nothing`. */
  readonly promised: string
  /** The runs of each seed. */
  readonly pairs: readonly [PlannedPair, ...PlannedPair[]]
}

/** @throws UserError (usage) naming the invalid option, or the combination that is impossible, and why. */
export async function parseCompareSettings(options: ParsedOptions): Promise<CompareSettings> {
  const config = await readOwnConfig(options, 'chaos compare')
  const configured = configuredTexts(config)
  const text = (name: keyof typeof COMPARE_DEFAULTS) =>
    textOf(options, name) ?? configured[name] ?? COMPARE_DEFAULTS[name]
  const real = flagOf(options, 'real')
  if (real && flagOf(options, 'sim')) throw new UserError('usage', '--sim and --real exclude each other: give one.')
  const nodes = textOf(options, 'nodes') ?? configured['nodes']
  const first = parseCount('seed', text('seed'), { min: 0, max: Number.MAX_SAFE_INTEGER - 1_000 })
  const count = parseCount('seeds', text('seeds'), { min: 1, max: 1_000 })
  const sweeps = textsOf(options, 'sweep').map(parseSweep)
  const typed = textsOf(options, 'targets')
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
  const isTyped = typed.length > 0 || sweeps.length > 0
  const naming = { registries: config.registries, where: isTyped ? '--targets' : `${config.own.where}: target` }
  const common = {
    sweep: sweeps.length === 0 ? undefined : sweeps.map(({ subject }) => subject).join(' and '),
    network: oneOf(
      'network',
      'network',
      text('network'),
      networks.map(({ name }) => name),
    ),
    real,
    nodes: nodes === undefined ? undefined : parseCount('nodes', nodes, { min: 1, max: 15 }),
    clients: parseCount('clients', text('clients'), { min: 1, max: 200 }),
    rate: parseCount('rate', text('rate'), { min: 1, max: 100_000 }),
    timeMs: parseRunTime(text('time')),
    timeoutMs: parseDuration('timeout', text('timeout')),
    seeds: Array.from({ length: count }, (_, i) => first + i),
    html: textOf(options, 'html'),
    reporters: parseReporters(options, 'comparison'),
    configFile: textOf(options, 'config'),
    registries: config.registries,
    config,
  }
  const nemeses = parseNemeses(text('faults'))
  refuseTwice(
    'faults',
    nemeses.map(({ name }) => name),
  )
  const systems: ComparedTarget[] = []
  for (const each of await namedTargets(isTyped ? typed : configuredTargets(config), sweeps, naming))
    systems.push(await plannedTarget(each, nemeses, common))
  for (const sweep of sweeps) requireSeveral(sweep)
  refuseTwice(
    'targets',
    systems.map(({ name }) => name),
  )
  if (common.html !== undefined) refuseToOverwriteOthers(common.html, flagOf(options, 'force'), 'html')
  return { ...common, systems, conditions: [CALM, ...nemeses.map(({ name }) => name)] }
}

const SHORTEST_MS = 1_000

function parseRunTime(typed: string): Millis {
  const timeMs = parseDuration('time', typed)
  if (timeMs < SHORTEST_MS)
    throw new UserError('usage', `--time ${typed}: in less than a second nothing can break, be noticed and recover.`)
  return timeMs
}

function refuseTwice(option: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new UserError('usage', `--${option}: ${twice} is given twice; once is enough.`)
}

/** @throws UserError (usage) that names the option as it was typed here. */
function settingsOf(target: Target, written: readonly string[], option: string): Settings {
  let knobs: Settings
  try {
    knobs = parseKnobs(target, written)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(error.code, `${option}: ${error.message.replace(/^--set /, '')}`)
  }
  return requireSettings(target, knobs, option)
}

interface Common extends Omit<CompareSettings, 'systems' | 'conditions'> {
  readonly config: OwnConfig
}

async function plannedTarget(
  { typed, option, where: named, value, curve }: NamedTarget,
  nemeses: readonly Nemesis[],
  common: Common,
): Promise<ComparedTarget> {
  const [name = '', ...written] = typed.split(':')
  const { config, registries } = common
  const { target: plain } = await targetOf(name, config.registries, named)
  const path = nameIn(withPaths({ target: name }, config.own).target) ?? name
  const configured = requireSettings(plain, configuredSettings(config, name), `${config.own.where}: target`)
  const settings = { ...configured, ...settingsOf(plain, written, option) }
  if (!common.real && findProtocol(path) === undefined && (!isUserFile(path) || isDeclaration(path)))
    throw new UserError(
      'usage',
      `--targets ${typed}: ${name} runs as real processes only: add --real, which takes as long as the clock says.`,
    )
  const reference = common.real ? path : `${SIMULATED}${path}`
  const nodes = common.nodes ?? plain.defaultNodes
  const network = networkFaults(common.network, nodes, common.timeMs)
  const planned = async (condition: string, nemesis: Nemesis | undefined): Promise<PlannedCell> => {
    const draftOf = (seed: number, workload: NamedPart): RunDraft => ({
      target: { name: reference, settings },
      workload,
      nodes,
      clients: common.clients,
      rate: common.rate,
      timeMs: common.timeMs,
      timeoutMs: common.timeoutMs,
      faults: [
        ...network,
        ...(nemesis === undefined ? [] : conditionFaults(nemesis, { nodes, timeMs: common.timeMs, seed })),
      ],
      seed,
      checkMs: config.loaded?.config.checkMs,
    })
    const where = `chaos compare: ${typed} under ${condition}`
    const complete = (draft: RunDraft, seed: number) => completeRun(draft, registries, { where, seed })
    const functions = plain.functions(settingsFor(plain, settings))
    const hasSets = SET_FUNCTIONS.every((name) => functions.includes(name))
    const isReadOnly = usualWorkload(plain, settings) === READS.name
    const pairs = await Promise.all(
      common.seeds.map(async (seed): Promise<PlannedPair> => {
        const { expect } = config.loaded?.config ?? {}
        const registers = await complete({ ...draftOf(seed, isReadOnly ? READS : REGISTERS), expect }, seed)
        const sets =
          nemesis === undefined || !hasSets ? undefined : await complete({ ...draftOf(seed, SETS), expect }, seed)
        return { registers, sets }
      }),
    )
    const [first, ...others] = pairs
    if (first === undefined) throw new Error('there is at least one seed')
    const { expect } = await planRun(first.registers, registries, where)
    return { condition, promised: expect?.level ?? 'nothing', pairs: [first, ...others] }
  }
  const cells = [await planned(CALM, undefined)]
  for (const nemesis of nemeses) cells.push(await planned(nemesis.name, nemesis))
  return { name: [name, ...written].join(' '), typed, value, curve, nodes, cells }
}

/** Few enough for clients to meet on them. Without cas, every level is decided. */
const REGISTERS: NamedPart = { name: 'register', settings: { cas: 0, keys: 5 } }
/** For a system that can only be read. */
const READS = { name: 'read-only', settings: { keys: 5 } } as const
const SETS: NamedPart = { name: 'set', settings: { removes: 0, reads: 0.2 } }
/** What the workload may ask for, whatever its settings. */
const SET_FUNCTIONS = ['add', 'remove', 'read']
