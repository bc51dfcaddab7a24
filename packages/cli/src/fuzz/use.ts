import type { Priority, SearchSpec } from '@chaosproxy/engine'
import { requireSupportedFunctions, searchOf } from '@chaosproxy/engine'
import { withPaths } from '@chaosproxy/engine/run'
import { type SubjectName, searchedIn } from '@chaosproxy/engine/worlds'
import { type Millis, usageError } from '@chaosproxy/history'
import { findProtocol, type ProtocolDefinition, promiseOf, protocols } from '@chaosproxy/protocols'
import { duration, mergeDrafts, nameIn, runMembers, settingsIn } from '@chaosproxy/runner'
import {
  MOST_NODES_TRIED,
  NO_LEVEL,
  possibleNodes,
  type SettingForBug,
  settingForBug,
  strategies,
  type TrialChoices,
  unpromisedOf,
} from '@chaosproxy/simulator'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { isDeclaration, isUserFile, loadProtocol } from '@chaosproxy/targets/named'
import { findWorkload, levelFor, type Workload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { asCount, asDuration, asName, asRead, flag, inGroup, unlessNot, valuesOf, word } from '../arguments/declare.ts'
import { queueOption, requireQueued } from '../arguments/queue.ts'
import {
  chooseTarget,
  normalizeMaelstrom,
  parseBug,
  parseTargetSettings,
  requireSettings,
  targetOptions,
} from '../arguments/target.ts'
import { type ChosenWorkload, chooseWorkload } from '../arguments/workload.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { configOption, type OwnConfig, readOwnConfig } from '../config/own.ts'
import { parseReporters, type ReporterChoice, reporterOptions } from '../reporting/choice.ts'
import type { Use } from '../use.ts'
import {
  LONGEST_SEARCH_MS,
  parseClientSettings,
  parseSearch,
  parseStrategies,
  parseTrialOptions,
  searchOptions,
  usualStrategyNames,
} from './options.ts'

export interface FuzzSettings {
  readonly search: SearchSpec
  /** The settings, faults and workload that the bug needs, without those that an option has set. */
  readonly taken: Taken
  readonly reporters: readonly ReporterChoice[]
  readonly verbose: boolean
  readonly queue: string | undefined
  readonly priority?: Priority | undefined
  /** The name under which the queue stores the search. */
  readonly campaign?: string | undefined
}

type Taken = Pick<SettingForBug, 'targetSettings' | 'besides' | 'workload'>

const unlessNots = {
  invariants: unlessNot('also check the invariants that the protocol declares; --no-invariants checks only histories'),
  guide: unlessNot(
    'after a broken invariant, search until clients observe a violation; --no-guide stops at the broken invariant',
  ),
}

const declared = {
  ...inGroup('What is searched', ['protocol', 'bug'], {
    ...targetOptions,
    nodes: asCount(runMembers.nodes, { usual: 'three or five' }),
    ...configOption,
  }),
  ...inGroup('What must hold', ['expect'], {
    expect: asName(runMembers.expect, 'level', {
      text: 'the level that histories must meet; none: check only invariants',
      usual: 'what the target promises',
    }),
    invariants: unlessNots.invariants,
  }),
  ...searchOptions.trials,
  ...inGroup('How to search', ['workers'], {
    ...searchOptions.limits,
    for: asDuration(
      v.optional(
        duration(
          'search for this duration, such as 8h, and do not stop at failures; short for --time and --keep-going',
          0,
          LONGEST_SEARCH_MS,
        ),
      ),
    ),
    strategy: asRead(
      `how to choose faults, comma-separated: ${strategies.map(({ name }) => name).join(', ')}`,
      parseStrategies,
      'every strategy except coverage, in turn; windows and leaders more often',
    ),
    guide: unlessNots.guide,
    ...searchOptions.search,
    ...queueOption,
    campaign: word(
      "store the search in the queue's Redis under this name; the same command on any machine continues it",
    ),
    campaigns: flag('list the searches that --campaign stored in the queue, and their progress'),
  }),
  ...inGroup('Output', [], { ...searchOptions.output, ...reporterOptions('search') }),
}

/** A request to list the named searches (campaigns) that a queue stores. */
export interface CampaignsRequest {
  readonly campaignsOf: string | undefined
}

export const use: Use<FuzzSettings | CampaignsRequest> = {
  name: 'fuzz',
  positional: '',
  summary: 'search simulated runs for a failure of a protocol, and shrink the failure',
  options: declared,
  examples: [
    ['chaos fuzz --bug stale-read', 'finds a Raft that reads from a deposed leader, within a second'],
    ['chaos fuzz --target primary-replica --set sync=all --set reads=primary --time 60s', 'search for a minute'],
    ['chaos fuzz --protocol ./mine.ts --faults clock,kill --drift 20% --jump 0', 'clocks that drift and never jump'],
    ["chaos fuzz --binary 'python3 node.py' --seeds 50", 'nodes in any language, in virtual time'],
    ["chaos fuzz --target maelstrom --bin 'node ./node.js' -w kafka", 'a Node program of Maelstrom'],
    [
      'chaos fuzz --campaign nightly --for 8h --queue env:CHAOS_QUEUE',
      'a search by the workers of a queue, kept by name',
    ],
    ['chaos fuzz --seeds 20000 --json', 'for CI: exits with 1 when something was found'],
  ],
  normalize: (argv) => normalizeMaelstrom(argv, 'fuzz'),
  read: (options) =>
    flagOf(options, 'campaigns') ? { campaignsOf: textOf(options, 'queue') } : parseFuzzSettings(options),
}

/** @throws UserError (usage) that names the option. */
export async function parseFuzzSettings(options: ParsedOptions): Promise<FuzzSettings> {
  const given = valuesOf(options, declared)
  requireQueue(given.queue, given.campaign)
  requireQueued(options)
  const { operations, terms } = parseSearch(options)
  const kept = await keptSearch(options, given)
  if (kept !== undefined) return { ...kept, search: { ...terms, ...kept.search } }
  const config = await readOwnConfig(options, 'chaos fuzz')
  const draft = withPaths(config.loaded?.config ?? {}, config.own)
  const { target, reference, protocol } = await chooseProtocol(options, config, nameIn(draft.target))
  if (nameIn(draft.target) === reference)
    requireSettings(target, settingsIn(draft.target), `${config.own.where}: target`)
  const typed = {
    name: reference,
    bug: parseBug(target, textOf(options, 'bug')),
    settings: parseTargetSettings(target, textsOf(options, 'set')),
  }
  const { target: subject, ...rest } = mergeDrafts(draft, { target: typed })
  const bug = parseBug(target, typeof subject === 'string' ? undefined : subject?.bug)
  const needed = settingForBug(protocol, bug, settingsIn(subject))
  const workload = await chooseSharedWorkload(options, config, nameIn(draft.workload) ?? needed.workload)
  const isWorkloadTaken = textOf(options, 'workload') === undefined && nameIn(draft.workload) === undefined
  const { workload: workloadDraft } = mergeDrafts(draft, {
    workload: { name: workload.reference, settings: parseClientSettings(workload.workload, options) },
  })
  const nodes = given.nodes ?? rest.nodes
  const targetSettings = { ...needed.targetSettings, ...settingsIn(subject) }
  refuseImpossible(protocol, targetSettings, nodes)
  const level = given.expect ?? (rest.expect === NO_LEVEL ? undefined : rest.expect)
  const { invariants } = given
  const held = heldTo(protocol, workload.workload.object, targetSettings, level, invariants)
  requireSupportedFunctions({ ...held, protocol, workload: workload.workload, settings: settingsIn(workloadDraft) })
  const chosen = parseTrialOptions(options, workload.workload)
  if (held.level !== NO_LEVEL) refuseUnpromised(protocol, held.targetSettings, chosen, level)
  return {
    search: {
      subject: {
        target: reference,
        workload: workload.reference,
        settings: settingsIn(workloadDraft),
        bug,
        ...decidable(workload.workload, held),
        nodes,
        operations,
        choices: { ...chosen, faults: chosen.faults ?? needed.faults },
      },
      name: protocol.name,
      ...terms,
      ...withFor(terms, given.for, options),
      strategies: ofProtocols(given.strategy ?? usualStrategyNames()),
      invariants,
      guide: given.guide,
    },
    taken: {
      targetSettings: needed.targetSettings,
      besides: chosen.faults === undefined ? needed.besides : [],
      workload: isWorkloadTaken ? needed.workload : undefined,
    },
    reporters: parseReporters(options, 'search'),
    verbose: given.verbose,
    queue: given.queue,
    priority: given.priority,
    campaign: given.campaign,
  }
}

/**
 * Options that are not part of a search. If several machines share a search in a campaign, each machine sets these
 * options for itself.
 */
const NOT_OF_SEARCH: ReadonlySet<string> = new Set([
  ...['queue', 'priority', 'campaign', 'campaigns', 'workers', 'out', 'shrink', 'help'],
  ...Object.keys(reporterOptions()),
])

/** The stored search, if only its name is typed. @throws UserError as `searchOf` does. */
async function keptSearch(
  options: ParsedOptions,
  { queue, campaign }: { readonly queue: string | undefined; readonly campaign: string | undefined },
) {
  if (
    queue === undefined ||
    campaign === undefined ||
    Object.keys(declared).some(
      (name) => !NOT_OF_SEARCH.has(name) && options[name] !== undefined && options[name] !== name in unlessNots,
    )
  )
    return undefined
  return {
    search: await searchOf(queue, campaign),
    taken: { targetSettings: {}, besides: [], workload: undefined },
    reporters: parseReporters(options, 'search'),
    verbose: flagOf(options, 'verbose'),
    ...{ queue, campaign },
  }
}

/** @throws UserError (usage) for a campaign without a queue to keep it. */
function requireQueue(queue: string | undefined, campaign: string | undefined): void {
  if (campaign !== undefined && queue === undefined)
    throw usageError(
      `--campaign ${campaign}: campaigns are kept in the Redis of a queue: add --queue redis://host:6379.`,
    )
}

/**
 * The target, which must be a protocol.
 *
 * @throws UserError (usage) for a target that cannot run in virtual time.
 */
async function chooseProtocol(options: ParsedOptions, { own, registries }: OwnConfig, usual: string | undefined) {
  const chosen = await chooseTarget(options, { registries, usual, usualIn: `${own.where}: target` })
  const named = nameIn(withPaths({ target: chosen.reference }, own).target) ?? chosen.reference
  const reference = named.startsWith(SIMULATED) ? named.slice(SIMULATED.length) : named
  if (searchedIn(reference).noun === 'program')
    throw usageError(
      `chaos fuzz searches only protocols, and ${chosen.target.name} is a service. Use chaos simulate ${chosen.target.name}.`,
    )
  if (findProtocol(reference) !== undefined || (isUserFile(reference) && !isDeclaration(reference)))
    return { target: chosen.target, reference, protocol: await loadProtocol(reference) }
  throw usageError(
    `chaos fuzz searches simulated runs, and only protocols can be simulated: ${chosen.target.name} is not one. Run it for real: chaos run --target ${chosen.reference}. Protocols: ${protocols.map(({ name }) => name).join(', ')}.`,
  )
}

/** The workload, with a name or a file that worker threads can load. */
export async function chooseSharedWorkload(
  options: ParsedOptions,
  { own, registries }: OwnConfig,
  usual: string | undefined,
): Promise<ChosenWorkload> {
  const { workload, reference: named } = await chooseWorkload(options, { find: registries.workload, usual })
  const reference = nameIn(withPaths({ workload: named }, own).workload) ?? named
  if (findWorkload(reference) !== undefined || isUserFile(reference)) return { workload, reference }
  throw usageError(
    `${own.where}: the workload ${named} has no file of its own, so the threads of a search cannot load it. Export the workload from a file (export default), and give the path of that file: --workload ./${named}.ts.`,
  )
}

/**
 * Returns the protocol's settings, and the level that histories must meet. If the user gives neither settings nor a
 * level, uses the settings with the strongest promise.
 */
function heldTo(
  protocol: ProtocolDefinition,
  object: string,
  given: SubjectName['targetSettings'],
  expected: string | undefined,
  invariants: boolean,
): Pick<SubjectName, 'targetSettings' | 'level'> {
  const watched = invariants && (protocol.invariants ?? []).length > 0
  if (expected === NO_LEVEL && watched) return { targetSettings: given, level: NO_LEVEL }
  if (expected === NO_LEVEL)
    throw usageError(
      `--expect none makes a search check only invariants, but ${invariants ? `${protocol.name} declares none. Give a level with --expect` : '--no-invariants turns them off. Leave out one of the two options'}.`,
    )
  if (expected !== undefined) return { targetSettings: given, level: expected }
  const targetSettings = Object.keys(given).length === 0 ? (protocol.strictest ?? given) : given
  const level = promiseOf(protocol, targetSettings, object)
  if (level !== NO_LEVEL || watched) return { targetSettings, level }
  throw usageError('the target promises no level: say with --expect which level its histories must meet.')
}

/**
 * @throws UserError (usage) if the settings are impossible with the given number of nodes, or with every number that a
 * search would choose.
 */
function refuseImpossible(
  protocol: ProtocolDefinition,
  targetSettings: SubjectName['targetSettings'],
  nodes: number | undefined,
): void {
  if (nodes === undefined && possibleNodes(protocol, targetSettings).length > 0) return
  const reason = protocol.impossible?.(targetSettings, nodes ?? MOST_NODES_TRIED)
  if (reason === undefined) return
  const remedy = nodes === undefined ? ' Give more with --nodes.' : ''
  throw usageError(`${protocol.name}: ${reason}.${remedy}`)
}

/** @throws UserError (usage) if the protocol promises no level under the chosen faults, and no level is expected. */
function refuseUnpromised(
  protocol: ProtocolDefinition,
  targetSettings: SubjectName['targetSettings'],
  choices: TrialChoices,
  expected: string | undefined,
): void {
  const unpromised = unpromisedOf(protocol, targetSettings, choices)
  if (unpromised === undefined) return
  const { what, lacks } = unpromised
  if (lacks === 'strengths')
    throw usageError(`${what}: say with --drift and --jump how wrong clocks may be, such as --jump 1s.`)
  if (expected === undefined) throw usageError(`${what}. To check a level nevertheless, name it with --expect.`)
}

/** @throws UserError (usage) if the workload's histories cannot be judged by the level. */
export function decidable<Held extends Pick<SubjectName, 'level'>>(workload: Workload, given: Held): Held {
  const { name, levels } = workload
  const held = { ...given, level: levelFor(workload, given.level) }
  if (held.level === NO_LEVEL || levels.includes(held.level)) return held
  throw usageError(
    `histories of the workload ${name} cannot be judged by the level ${held.level}. Choose another level with --expect: ${levels.join(', ')}.`,
  )
}

/**
 * Returns the limit of the search, and whether it goes on after a failure. `--for` sets the limit, and makes the search
 * go on.
 *
 * @throws UserError (usage) if other options set the limit, too.
 */
function withFor(
  { limit, keepGoing }: Pick<SearchSpec, 'limit' | 'keepGoing'>,
  long: Millis | undefined,
  options: ParsedOptions,
): Pick<SearchSpec, 'limit' | 'keepGoing'> {
  if (long === undefined) return { limit, keepGoing }
  if (textOf(options, 'seeds') !== undefined || textOf(options, 'time') !== undefined)
    throw usageError('--for, --seeds and --time each limit the search: give one of them.')
  return { limit: { timeMs: long }, keepGoing: true }
}

/** @throws UserError (usage) if a strategy is only for programs. */
function ofProtocols(names: readonly string[]): readonly string[] {
  for (const [name, what] of [
    ['awaits', 'the awaits of a program'],
    ['databases', 'a database beside a program'],
  ] as const)
    if (names.includes(name))
      throw usageError(
        `--strategy ${name} needs ${what}, but chaos fuzz tests protocols. Leave the strategy out, or use chaos simulate.`,
      )
  return names
}
