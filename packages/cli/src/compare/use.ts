import {
  type ChosenSystem,
  type ComparedRun,
  type ComparedTarget,
  type ComparisonPlan,
  type Priority,
  planSystem,
  USUAL_TERMS,
} from '@chaosproxy/engine'
import { commandLine, withPaths } from '@chaosproxy/engine/run'
import { UserError, usageError } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { count, duration, nameIn, runMembers, type Target } from '@chaosproxy/runner'
import { CALM, networks, parseSweep, requireSeveral } from '@chaosproxy/scenarios'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { isDeclaration, isUserFile } from '@chaosproxy/targets/named'
import { type Settings, settingsFor, type Workload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import {
  asCount,
  asDuration,
  asName,
  asRead,
  flag,
  inGroup,
  typedMembers,
  valuesOf,
  word,
  words,
  wordsFor,
} from '../arguments/declare.ts'
import { parseNemeses } from '../arguments/faults.ts'
import { listed } from '../arguments/names.ts'
import { queueOption, requireQueued } from '../arguments/queue.ts'
import { parseTargetSettings, requireSettings, targetOf } from '../arguments/target.ts'
import {
  chooseWorkload,
  parseWorkloadSettings,
  requireNoWorkloadSettings,
  workloadOptions,
  workloadTyped,
} from '../arguments/workload.ts'
import { type ParsedOptions, textOf } from '../command.ts'
import { configOption, type OwnConfig, readOwnConfig } from '../config/own.ts'
import { pageChoice, parseReporters, type ReporterChoice, refuseToLose, reporterOptions } from '../reporting/choice.ts'
import type { Use } from '../use.ts'
import { configuredSettings, configuredTargets, configuredTexts } from './configured.ts'
import { type NamedTarget, namedTargets } from './named-targets.ts'

const LAST_SEED = Number.MAX_SAFE_INTEGER - 1_000
/** A shorter run has no time to inject a fault, to detect it and to recover from it. */
const SHORTEST_MS = 1_000
const DAY_MS = 24 * 3_600_000

const { force, json, verbose: _, ...reporting } = reporterOptions('comparison')

const declared = {
  ...inGroup('What is compared', ['targets', 'sweep', 'nodes'], {
    targets: words(
      'the systems to compare, comma-separated; add settings after colons, as in raft,primary-replica:sync=1:reads=primary',
      'the targets of chaos.config.ts, or all systems; with --sweep, the system that has the setting',
    ),
    sweep: words(
      'values of a setting to compare; may be repeated: sync=0..4, reads=primary,replica, or quorum=R1W3..R3W1, which sets r and w together',
    ),
    nodes: asCount(runMembers.nodes, { usual: 'the default of each system', member: 'nodes' }),
    network: asName(v.optional(v.picklist(networks.map(({ name }) => name)), USUAL_TERMS.network), 'network', {
      text: `the network between the nodes: ${networks.map(({ name }) => name).join(', ')}`,
    }),
    sim: flag('run in virtual time, which is the default'),
    real: flag('run on real processes, one run at a time'),
    ...queueOption,
  }),
  ...inGroup('What clients do', ['workload', 'time'], {
    ...workloadOptions('register and, in separate runs, set'),
    clients: asCount(v.optional(runMembers.clients, USUAL_TERMS.clients), { member: 'clients' }),
    rate: asCount(v.optional(count('operations per second, counted over all clients', 1, 100_000), USUAL_TERMS.rate), {
      member: 'rate',
    }),
    time: asDuration(v.optional(duration('how long each run lasts', SHORTEST_MS, DAY_MS), USUAL_TERMS.timeMs), {
      member: 'timeMs',
    }),
    timeout: asDuration(v.optional(runMembers.timeoutMs, USUAL_TERMS.timeoutMs), { member: 'timeoutMs' }),
  }),
  ...inGroup('What goes wrong', ['faults', 'seeds'], {
    faults: asRead(
      'faults to inject, one in each run, during its middle half; none: no faults',
      parseNemeses,
      USUAL_TERMS.faults.join(','),
    ),
    seeds: asCount(v.optional(count('number of runs of each system under each fault', 1, 1_000), USUAL_TERMS.seeds)),
    seed: asCount(
      v.optional(count('seed of the first run; each further run takes the next seed', 0, LAST_SEED), USUAL_TERMS.seed),
      { member: 'seed' },
    ),
  }),
  ...inGroup('Output', ['html'], {
    html: word('write the comparison to this file as an HTML page'),
    force,
    json,
    ...configOption,
    ...reporting,
  }),
}

export const use: Use<CompareSettings> = {
  name: 'compare',
  positional: '',
  summary: 'measure systems side by side under the same faults: levels, availability, latency, losses',
  options: declared,
  examples: [
    ['chaos compare --html compare.html', 'every system under the usual faults'],
    ['chaos compare --targets raft,master-master --faults partition', 'two systems, one fault'],
    [
      'chaos compare --targets primary-replica:reads=primary --sweep sync=0..4 --network geo',
      'the price of each replica',
    ],
    ['chaos compare --workload write-skew --targets two-phase-commit,sharded', 'transactions, by levels of isolation'],
    ['chaos compare --sweep quorum=R1W3..R3W1 --sweep sync=0..4', 'two curves in one page'],
  ],
  read: parseCompareSettings,
}

export interface CompareSettings {
  readonly plan: ComparisonPlan
  readonly html: string | undefined
  /** The command that repeats every run and overwrites the page. */
  readonly again: string
  readonly reporters: readonly ReporterChoice[]
  /** The configuration named with `--config`. */
  readonly configFile: string | undefined
  /** The address of the Redis with the queue. */
  readonly queue: string | undefined
  readonly priority: Priority
}

/** @throws UserError (usage) that names the invalid option, or the impossible combination and the reason. */
export async function parseCompareSettings(options: ParsedOptions): Promise<CompareSettings> {
  const config = await readOwnConfig(options, 'chaos compare')
  const given = valuesOf({ ...configuredTexts(config, declared), ...options }, declared)
  const { real, queue, html, priority } = given
  requireQueued(options)
  if (real && given.sim) throw usageError('--sim and --real exclude each other: give one.')
  const sweeps = given.sweep.map(parseSweep)
  const typed = given.targets.flatMap(listed)
  const isTyped = typed.length > 0 || sweeps.length > 0
  const naming = { registries: config.registries, where: isTyped ? '--targets' : `${config.own.where}: target` }
  const chosen = await chosenWorkload(options, config)
  const terms = {
    sweep: sweeps.length === 0 ? undefined : sweeps.map(({ subject }) => subject).join(' and '),
    network: given.network,
    real,
    nodes: given.nodes,
    clients: given.clients,
    rate: given.rate,
    timeMs: given.time,
    timeoutMs: given.timeout,
    seeds: Array.from({ length: given.seeds }, (_, i) => given.seed + i),
    workload: chosen?.part,
    expect: config.loaded?.config.expect,
    checkMs: config.loaded?.config.checkMs,
    registries: config.registries,
  }
  const nemeses = given.faults ?? parseNemeses(USUAL_TERMS.faults.join(','))
  refuseTwice(
    'faults',
    nemeses.map(({ name }) => name),
  )
  const systems: ComparedTarget[] = []
  const references = (isTyped ? typed : configuredTargets(config)).map((each) => referenceOf(each, real))
  for (const each of await namedTargets(references, sweeps, naming)) {
    const system = await chosenSystem(each, config, real)
    if (references.length > 0 || chosen === undefined || canServe(system, chosen.workload))
      systems.push(await planSystem(system, nemeses, terms))
  }
  for (const sweep of sweeps) requireSeveral(sweep)
  refuseTwice(
    'targets',
    systems.map(({ name }) => name),
  )
  if (real && queue !== undefined)
    throw usageError(
      '--queue: workers perform only simulated runs, and --real uses real processes. Leave out one of the two options.',
    )
  if (html !== undefined) refuseToLose([pageChoice(html, 'html')], given.force)
  return {
    plan: { ...terms, systems, conditions: [CALM, ...nemeses.map(({ name }) => name)] },
    reporters: parseReporters(options, 'comparison'),
    configFile: given.config,
    again: commandLine(['npx', 'chaos', 'compare', ...wordsFor<typeof declared>(repeated(options, html))]),
    ...{ html, queue, priority },
  }
}

/**
 * Returns the given options for the command that repeats the comparison: without `--json` and `--reporter`. If the
 * comparison writes a page, adds `--force`, because the file of the page then exists.
 */
const repeated = (options: ParsedOptions, html: string | undefined) =>
  ({ ...options, json: undefined, reporter: undefined, force: html !== undefined }) as Partial<typeof options>

/** The command that performs a single run: one system, one fault, one seed. */
export function againCommand({ plan, configFile }: CompareSettings, { system, cell, spec }: ComparedRun): string {
  const words = wordsFor<typeof declared>({
    targets: system.typed,
    faults: cell.condition === 'calm' ? 'none' : cell.condition,
    seeds: 1,
    ...typedMembers({ ...plan, nodes: system.nodes, seed: spec.seed }, declared),
    network: plan.network === 'local' ? undefined : plan.network,
    ...workloadTyped(plan.workload?.name, plan.workload?.settings ?? {}),
    real: plan.real,
    config: configFile,
  })
  return commandLine(['npx', 'chaos', 'compare', ...words])
}

/** @throws UserError (usage, input) */
async function chosenWorkload(options: ParsedOptions, { registries }: OwnConfig) {
  if (textOf(options, 'workload') === undefined) {
    requireNoWorkloadSettings(options)
    return undefined
  }
  const { workload, reference } = await chooseWorkload(options, { find: registries.workload })
  return { workload, part: { name: reference, settings: parseWorkloadSettings(workload, options) } }
}

const canServe = ({ target, settings }: ChosenSystem, workload: Workload): boolean => {
  const functions = target.functions(settingsFor(target, settings))
  return workload.functions.every((name) => functions.includes(name))
}

function refuseTwice(option: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw usageError(`--${option}: ${twice} is given twice. Give it once.`)
}

/** @throws UserError (usage) that names the option as it was typed here. */
function settingsOf(target: Target, written: readonly string[], option: string): Settings {
  let targetSettings: Settings
  try {
    targetSettings = parseTargetSettings(target, written)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(error.code, `${option}: ${error.message.replace(/^--set /, '')}`)
  }
  return requireSettings(target, targetSettings, option)
}

/** The reference of a system. `sim:raft` is raft in virtual time, the default. */
function referenceOf(named: string, real: boolean): string {
  if (!named.startsWith(SIMULATED)) return named
  if (real) throw usageError(`${named} and --real exclude each other: give one.`)
  return named.slice(SIMULATED.length)
}

async function chosenSystem(
  { typed, option, where, value, curve }: NamedTarget,
  config: OwnConfig,
  real: boolean,
): Promise<ChosenSystem> {
  const [name = '', ...written] = typed.split(':')
  const { target } = await targetOf(name, config.registries, where)
  const reference = nameIn(withPaths({ target: name }, config.own).target) ?? name
  const configured = requireSettings(target, configuredSettings(config, name), `${config.own.where}: target`)
  const settings = { ...configured, ...settingsOf(target, written, option) }
  if (!real && findProtocol(reference) === undefined && (!isUserFile(reference) || isDeclaration(reference)))
    throw usageError(`--targets ${typed}: ${name} cannot be simulated. Add --real, which runs it on real processes.`)
  return { name: [name, ...written].join(' '), typed, value, curve, target, reference, settings }
}
