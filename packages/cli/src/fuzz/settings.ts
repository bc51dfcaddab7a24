import { availableParallelism } from 'node:os'
import { type Millis, UserError } from '@chaosproxy/history'
import { type ProtocolDefinition, promiseOf } from '@chaosproxy/protocols'
import { MOST_NODES_TRIED, possibleNodes, strategies, usualStrategies } from '@chaosproxy/simulator'
import { loadProtocol } from '@chaosproxy/targets'
import type { Workload } from '@chaosproxy/workloads'
import { parseLevel } from '../arguments/names.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { chooseTarget, parseBug, parseKnobs } from '../arguments/target.ts'
import { chooseWorkload, parseWorkloadSettings } from '../arguments/workload.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { parseReporters, type ReporterChoice } from '../reporting/choice.ts'
import type { SubjectName } from './subject-name.ts'

/** The settings of `chaos fuzz`, validated and with defaults filled in. */
export interface FuzzSettings {
  readonly subject: SubjectName
  /** The protocol's own name. */
  readonly name: string
  readonly firstSeed: number
  readonly limit: { readonly seeds: number } | { readonly timeMs: Millis }
  readonly strategies: readonly string[]
  readonly invariants: boolean
  /** Whether to search on from a broken invariant until a client sees the failure. */
  readonly guide: boolean
  readonly keepGoing: boolean
  readonly verifyDeterminism: boolean
  readonly shrinkMs: Millis
  readonly workers: number
  readonly reporters: readonly ReporterChoice[]
  readonly out: string
}

export const FUZZ_DEFAULTS = { time: '30s', operations: '60', shrink: '3s', out: 'chaos-results' } as const

const MOST_SEEDS = 1_000_000_000

/** @throws UserError (usage) that names the option. */
export async function parseFuzzSettings(options: ParsedOptions): Promise<FuzzSettings> {
  const { target, reference } = await chooseTarget(options)
  const protocol = await loadProtocol(reference)
  const workload = await chooseWorkload(options)
  const typedNodes = textOf(options, 'nodes')
  const nodes = typedNodes === undefined ? undefined : parseCount('nodes', typedNodes, { min: 1, max: 15 })
  const knobs = parseKnobs(target, textsOf(options, 'set'))
  refuseImpossible(protocol, knobs, nodes)
  const held = heldTo(protocol, workload.workload.object, knobs, textOf(options, 'expect'))
  const invariants = options['invariants'] !== false
  return {
    subject: {
      target: reference,
      workload: workload.reference,
      settings: parseWorkloadSettings(workload.workload, options),
      bug: parseBug(target, textOf(options, 'bug')),
      ...decidable(workload.workload, held),
      nodes,
      operations: parseCount('operations', textOf(options, 'operations'), { min: 1, max: 10_000 }),
    },
    name: protocol.name,
    firstSeed: parseCount('seed', textOf(options, 'seed') ?? 1, { min: 0, max: Number.MAX_SAFE_INTEGER - MOST_SEEDS }),
    limit: parseLimit(textOf(options, 'seeds'), textOf(options, 'time')),
    strategies: parseStrategies(textOf(options, 'strategy')),
    invariants,
    guide: options['guide'] !== false,
    keepGoing: flagOf(options, 'keep-going'),
    verifyDeterminism: flagOf(options, 'verify-determinism'),
    shrinkMs: parseDuration('shrink', textOf(options, 'shrink') ?? FUZZ_DEFAULTS.shrink),
    workers: parseCount('workers', textOf(options, 'workers') ?? availableParallelism(), { min: 1, max: 256 }),
    reporters: parseReporters(options, 'search'),
    out: textOf(options, 'out') ?? FUZZ_DEFAULTS.out,
  }
}

/** The protocol's settings and the level to hold histories to. By default the settings with the strongest promise. */
function heldTo(
  protocol: ProtocolDefinition,
  object: string,
  given: SubjectName['knobs'],
  expected: string | undefined,
): Pick<SubjectName, 'knobs' | 'level'> {
  if (expected !== undefined) return { knobs: given, level: parseLevel('expect', expected) }
  const knobs = Object.keys(given).length === 0 ? (protocol.strictest ?? given) : given
  const level = promiseOf(protocol, knobs, object)
  if (level !== 'none') return { knobs, level }
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

/** @throws UserError (usage) for a level that the workload's histories cannot be judged by. */
function decidable<Held extends Pick<SubjectName, 'level'>>({ name, levels }: Workload, held: Held): Held {
  if (levels.includes(held.level)) return held
  throw new UserError(
    'usage',
    `the workload ${name} cannot tell whether a history is ${held.level}: say with --expect which level to hold them to. It can tell: ${levels.join(', ')}.`,
  )
}

function parseLimit(seeds: string | undefined, time: string | undefined): FuzzSettings['limit'] {
  if (seeds !== undefined && time !== undefined)
    throw new UserError('usage', '--seeds and --time both say when to stop: give one of them.')
  if (seeds !== undefined) return { seeds: parseCount('seeds', seeds, { min: 1, max: MOST_SEEDS }) }
  return { timeMs: parseDuration('time', time ?? FUZZ_DEFAULTS.time) }
}

function parseStrategies(typed: string | undefined): readonly string[] {
  const names = strategies.map(({ name }) => name)
  if (typed === undefined) return usualStrategies.map(({ name }) => name)
  return typed.split(',').map((name) => oneOf('strategy', 'strategy', name.trim(), names))
}
