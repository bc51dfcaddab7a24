import {
  type ChosenSystem,
  type ComparedTarget,
  type ComparisonPlan,
  planSystem,
  USUAL_TERMS,
  withPaths,
} from '@chaosproxy/engine'
import { type Millis, UserError } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { nameIn, type Target } from '@chaosproxy/runner'
import { CALM, networks, parseSweep, requireSeveral } from '@chaosproxy/scenarios'
import { isDeclaration, isUserFile } from '@chaosproxy/targets'
import type { Settings } from '@chaosproxy/workloads'
import { parseNemeses } from '../arguments/faults.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { parseKnobs, requireSettings, targetOf } from '../arguments/target.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { type OwnConfig, readOwnConfig } from '../config/own.ts'
import { pageChoice, parseReporters, type ReporterChoice, refuseToLose } from '../reporting/choice.ts'
import { configuredSettings, configuredTargets, configuredTexts } from './configured.ts'
import { type NamedTarget, namedTargets } from './named-targets.ts'

/** The usual terms as they are typed. */
export const COMPARE_DEFAULTS: { readonly [option in Typed]: string } = {
  faults: USUAL_TERMS.faults.join(','),
  network: USUAL_TERMS.network,
  time: `${USUAL_TERMS.timeMs / 1000}s`,
  timeout: `${USUAL_TERMS.timeoutMs / 1000}s`,
  rate: String(USUAL_TERMS.rate),
  clients: String(USUAL_TERMS.clients),
  seeds: String(USUAL_TERMS.seeds),
  seed: String(USUAL_TERMS.seed),
}
type Typed = 'faults' | 'network' | 'time' | 'timeout' | 'rate' | 'clients' | 'seeds' | 'seed'

/** The settings of `chaos compare`, validated. */
export interface CompareSettings {
  readonly plan: ComparisonPlan
  readonly html: string | undefined
  readonly reporters: readonly ReporterChoice[]
  /** The configuration named with `--config`. */
  readonly configFile: string | undefined
  /** The Redis through whose queue workers take the runs. */
  readonly queue: string | undefined
}

/** @throws UserError (usage) naming the invalid option, or the combination that is impossible, and why. */
export async function parseCompareSettings(options: ParsedOptions): Promise<CompareSettings> {
  const config = await readOwnConfig(options, 'chaos compare')
  const configured = configuredTexts(config)
  const text = (name: Typed) => textOf(options, name) ?? configured[name] ?? COMPARE_DEFAULTS[name]
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
  const terms = {
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
    expect: config.loaded?.config.expect,
    checkMs: config.loaded?.config.checkMs,
    registries: config.registries,
  }
  const nemeses = parseNemeses(text('faults'))
  refuseTwice(
    'faults',
    nemeses.map(({ name }) => name),
  )
  const systems: ComparedTarget[] = []
  for (const each of await namedTargets(isTyped ? typed : configuredTargets(config), sweeps, naming))
    systems.push(await planSystem(await chosenSystem(each, config, real), nemeses, terms))
  for (const sweep of sweeps) requireSeveral(sweep)
  refuseTwice(
    'targets',
    systems.map(({ name }) => name),
  )
  const queue = textOf(options, 'queue')
  if (real && queue !== undefined)
    throw new UserError('usage', '--queue: workers do simulated runs, and --real is of this machine: give one of them.')
  const html = textOf(options, 'html')
  if (html !== undefined) refuseToLose([pageChoice(html, 'html')], flagOf(options, 'force'))
  return {
    plan: { ...terms, systems, conditions: [CALM, ...nemeses.map(({ name }) => name)] },
    html,
    reporters: parseReporters(options, 'comparison'),
    configFile: textOf(options, 'config'),
    queue,
  }
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
    throw new UserError(
      'usage',
      `--targets ${typed}: ${name} runs as real processes only: add --real, which takes as long as the clock says.`,
    )
  return { name: [name, ...written].join(' '), typed, value, curve, target, reference, settings }
}
