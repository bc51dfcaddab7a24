import { availableParallelism } from 'node:os'
import type { SearchSpec, SubjectName } from '@chaosproxy/engine'
import { requireAskable, USUAL_OUT, withPaths } from '@chaosproxy/engine'
import { UserError } from '@chaosproxy/history'
import { findProtocol, type ProtocolDefinition, promiseOf, protocols } from '@chaosproxy/protocols'
import { mergeDrafts, nameIn, settingsIn } from '@chaosproxy/runner'
import {
  type MistakeSetting,
  MOST_NODES_TRIED,
  mistakeSetting,
  NO_LEVEL,
  possibleNodes,
  SIMULATED,
  strategies,
  type TrialChoices,
  unpromisedOf,
  usualStrategies,
} from '@chaosproxy/simulator'
import { isDeclaration, isUserFile, loadProtocol } from '@chaosproxy/targets'
import { findWorkload, type Settings, type Workload } from '@chaosproxy/workloads'
import { parseLevel } from '../arguments/names.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { chooseTarget, parseBug, parseKnobs, requireSettings } from '../arguments/target.ts'
import { type ChosenWorkload, chooseWorkload, parseWorkloadSettings } from '../arguments/workload.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { type OwnConfig, readOwnConfig } from '../config/own.ts'
import { parseReporters, type ReporterChoice } from '../reporting/choice.ts'
import { parseTrialOptions } from './trial-options.ts'

/** The settings of `chaos fuzz`, validated and with defaults filled in. */
export interface FuzzSettings {
  readonly search: SearchSpec
  /** What nobody chose, and was taken because the mistake needs it. */
  readonly taken: Taken
  readonly reporters: readonly ReporterChoice[]
  readonly verbose: boolean
  /** The Redis through which others search. */
  readonly queue: string | undefined
}

export type Taken = Pick<MistakeSetting, 'knobs' | 'besides' | 'workload'>

export const FUZZ_DEFAULTS = { time: '30s', operations: '60', shrink: '3s' } as const

const MOST_SEEDS = 1_000_000_000

/** @throws UserError (usage) that names the option. */
export async function parseFuzzSettings(options: ParsedOptions): Promise<FuzzSettings> {
  const config = await readOwnConfig(options, 'chaos fuzz')
  const draft = withPaths(config.loaded?.config ?? {}, config.own)
  const { target, reference, protocol } = await chooseProtocol(options, config, nameIn(draft.target))
  if (nameIn(draft.target) === reference)
    requireSettings(target, settingsIn(draft.target), `${config.own.where}: target`)
  const typed = {
    name: reference,
    bug: parseBug(target, textOf(options, 'bug')),
    settings: parseKnobs(target, textsOf(options, 'set')),
  }
  const { target: subject, ...rest } = mergeDrafts(draft, { target: typed })
  const bug = parseBug(target, typeof subject === 'string' ? undefined : subject?.bug)
  const needed = mistakeSetting(protocol, bug, settingsIn(subject))
  const workload = await chooseSharedWorkload(options, config, nameIn(draft.workload) ?? needed.workload)
  const isWorkloadTaken = textOf(options, 'workload') === undefined && nameIn(draft.workload) === undefined
  const { workload: asked } = mergeDrafts(draft, {
    workload: { name: workload.reference, settings: parseClientSettings(workload.workload, options) },
  })
  const typedNodes = textOf(options, 'nodes')
  const nodes = typedNodes === undefined ? rest.nodes : parseCount('nodes', typedNodes, { min: 1, max: 15 })
  const knobs = { ...needed.knobs, ...settingsIn(subject) }
  refuseImpossible(protocol, knobs, nodes)
  const level = textOf(options, 'expect') ?? (rest.expect === NO_LEVEL ? undefined : rest.expect)
  const invariants = options['invariants'] !== false
  const held = heldTo(protocol, workload.workload.object, knobs, level, invariants)
  requireAskable({ ...held, protocol, workload: workload.workload, settings: settingsIn(asked) })
  const chosen = parseTrialOptions(options, workload.workload)
  if (held.level !== NO_LEVEL) refuseUnpromised(protocol, held.knobs, chosen, level)
  return {
    search: {
      subject: {
        target: reference,
        workload: workload.reference,
        settings: settingsIn(asked),
        bug,
        ...decidable(workload.workload, held),
        nodes,
        operations: parseCount('operations', textOf(options, 'operations'), { min: 1, max: 10_000 }),
        choices: { ...chosen, faults: chosen.faults ?? needed.faults },
      },
      name: protocol.name,
      ...parseSeeds(options),
      strategies: parseStrategies(textOf(options, 'strategy')),
      invariants,
      guide: options['guide'] !== false,
      keepGoing: flagOf(options, 'keep-going') || textOf(options, 'for') !== undefined,
      verifyDeterminism: flagOf(options, 'verify-determinism'),
      shrinkMs: parseDuration('shrink', textOf(options, 'shrink') ?? FUZZ_DEFAULTS.shrink),
      workers: parseCount('workers', textOf(options, 'workers') ?? availableParallelism(), { min: 1, max: 256 }),
      out: textOf(options, 'out') ?? USUAL_OUT,
    },
    taken: {
      knobs: needed.knobs,
      besides: chosen.faults === undefined ? needed.besides : [],
      workload: isWorkloadTaken ? needed.workload : undefined,
    },
    reporters: parseReporters(options, 'search'),
    verbose: flagOf(options, 'verbose'),
    queue: textOf(options, 'queue'),
  }
}

export const parseSeeds = (options: ParsedOptions): Pick<SearchSpec, 'firstSeed' | 'limit'> => ({
  firstSeed: parseCount('seed', textOf(options, 'seed') ?? 1, { min: 0, max: Number.MAX_SAFE_INTEGER - MOST_SEEDS }),
  limit: parseLimit(options),
})

/**
 * The target, which is to be a protocol: its reference is one that worker threads can load.
 *
 * @throws UserError (usage) for a target that runs only for real.
 */
async function chooseProtocol(options: ParsedOptions, { own, registries }: OwnConfig, usual: string | undefined) {
  const chosen = await chooseTarget(options, { registries, usual, usualIn: `${own.where}: target` })
  const named = nameIn(withPaths({ target: chosen.reference }, own).target) ?? chosen.reference
  const reference = named.startsWith(SIMULATED) ? named.slice(SIMULATED.length) : named
  if (findProtocol(reference) !== undefined || (isUserFile(reference) && !isDeclaration(reference)))
    return { target: chosen.target, reference, protocol: await loadProtocol(reference) }
  throw new UserError(
    'usage',
    `chaos fuzz searches simulated runs, and only protocols can be simulated: ${chosen.target.name} is not one. Run it for real: chaos run --target ${chosen.reference}. Protocols: ${protocols.map(({ name }) => name).join(', ')}.`,
  )
}

/** `--keys` is short for a setting of workloads. */
export function parseClientSettings(workload: Workload, options: ParsedOptions): Settings {
  const settings = parseWorkloadSettings(workload, options)
  const keys = textOf(options, 'keys')
  if (keys === undefined) return settings
  if (!workload.settings.some(({ name }) => name === 'keys'))
    throw new UserError('usage', `--keys ${keys}: the workload ${workload.name} has no keys.`)
  return { ...settings, keys: parseCount('keys', keys, { min: 1, max: 10_000 }) }
}

/** The workload, which worker threads are to load by its name or its file. */
async function chooseSharedWorkload(
  options: ParsedOptions,
  { own, registries }: OwnConfig,
  usual: string | undefined,
): Promise<ChosenWorkload> {
  const { workload, reference: named } = await chooseWorkload(options, { find: registries.workload, usual })
  const reference = nameIn(withPaths({ workload: named }, own).workload) ?? named
  if (findWorkload(reference) !== undefined || isUserFile(reference)) return { workload, reference }
  throw new UserError(
    'usage',
    `${own.where}: workloads.${named} is written in the configuration itself, where the threads of a search cannot load it: put it in a file, and give the file's path.`,
  )
}

/**
 * The protocol's settings and the level to hold histories to; without a level, invariants alone are watched. By default
 * the settings with the strongest promise.
 */
function heldTo(
  protocol: ProtocolDefinition,
  object: string,
  given: SubjectName['knobs'],
  expected: string | undefined,
  invariants: boolean,
): Pick<SubjectName, 'knobs' | 'level'> {
  const watched = invariants && (protocol.invariants ?? []).length > 0
  if (expected === NO_LEVEL && watched) return { knobs: given, level: NO_LEVEL }
  if (expected === NO_LEVEL)
    throw new UserError(
      'usage',
      `--expect none leaves a search only invariants to look at, and ${invariants ? `${protocol.name} declares none` : '--no-invariants leaves them out'}.`,
    )
  if (expected !== undefined) return { knobs: given, level: parseLevel('expect', expected) }
  const knobs = Object.keys(given).length === 0 ? (protocol.strictest ?? given) : given
  const level = promiseOf(protocol, knobs, object)
  if (level !== NO_LEVEL || watched) return { knobs, level }
  throw new UserError('usage', 'the target promises no level: say with --expect which one its histories are held to.')
}

/** @throws UserError (usage) if the knobs suit neither the number of nodes given nor any that a search would choose. */
function refuseImpossible(protocol: ProtocolDefinition, knobs: SubjectName['knobs'], nodes: number | undefined): void {
  if (nodes === undefined && possibleNodes(protocol, knobs).length > 0) return
  const reason = protocol.impossible?.(knobs, nodes ?? MOST_NODES_TRIED)
  if (reason === undefined) return
  const remedy = nodes === undefined ? ' Give more with --nodes.' : ''
  throw new UserError('usage', `${protocol.name}: ${reason}.${remedy}`)
}

/** @throws UserError (usage) for faults under which the protocol promises nothing, if nobody says what to hold it to. */
function refuseUnpromised(
  protocol: ProtocolDefinition,
  knobs: SubjectName['knobs'],
  choices: TrialChoices,
  expected: string | undefined,
): void {
  const unpromised = unpromisedOf(protocol, knobs, choices)
  if (unpromised === undefined) return
  const { what, lacks } = unpromised
  if (lacks === 'strengths')
    throw new UserError('usage', `${what}: say with --drift and --jump how wrong they are to be, such as --jump 1s.`)
  if (expected === undefined)
    throw new UserError('usage', `${what}: say with --expect which level its histories are held to nevertheless.`)
}

/** @throws UserError (usage) for a level that the workload's histories cannot be judged by. */
export function decidable<Held extends Pick<SubjectName, 'level'>>({ name, levels }: Workload, held: Held): Held {
  if (held.level === NO_LEVEL || levels.includes(held.level)) return held
  throw new UserError(
    'usage',
    `the workload ${name} cannot tell whether a history is ${held.level}: say with --expect which level to hold them to. It can tell: ${levels.join(', ')}.`,
  )
}

function parseLimit(options: ParsedOptions): SearchSpec['limit'] {
  const [seeds, time, long] = ['seeds', 'time', 'for'].map((name) => textOf(options, name))
  if (long !== undefined && (seeds ?? time) !== undefined)
    throw new UserError('usage', '--for says when to stop, as --seeds and --time do: give one of them.')
  if (long !== undefined) return { timeMs: parseDuration('for', long) }
  if (seeds !== undefined && time !== undefined)
    throw new UserError('usage', '--seeds and --time both say when to stop: give one of them.')
  if (seeds !== undefined) return { seeds: parseCount('seeds', seeds, { min: 1, max: MOST_SEEDS }) }
  return { timeMs: parseDuration('time', time ?? FUZZ_DEFAULTS.time) }
}

export function parseStrategies(typed: string | undefined): readonly string[] {
  const names = strategies.map(({ name }) => name)
  if (typed === undefined) return usualStrategies.map(({ name }) => name)
  return typed.split(',').map((name) => oneOf('strategy', 'strategy', name.trim(), names))
}
