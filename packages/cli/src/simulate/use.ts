import { resolve } from 'node:path'
import { consistency, type Level } from '@chaosproxy/checker'
import { requireSupportedFunctions } from '@chaosproxy/engine'
import {
  declaredService,
  isolationLevels,
  type ServiceDeclaration,
  type ServiceSpec,
  serviceMembers,
  serviceReference,
  USUAL_NODES,
} from '@chaosproxy/engine/references'
import { withPaths } from '@chaosproxy/engine/run'
import { type Loaded, searchedIn, unsupportedSql, type VirtualWorld } from '@chaosproxy/engine/worlds'
import type { FaultChoice, Nemesis } from '@chaosproxy/faults'
import { didYouMean, inputError, plural, type UserError, usageError } from '@chaosproxy/history'
import { mergeDrafts, nameIn, runMembers, settingsIn } from '@chaosproxy/runner'
import { NO_LEVEL, type TrialChoices } from '@chaosproxy/simulator'
import * as v from 'valibot'
import {
  asCount,
  asName,
  asRead,
  asText,
  flag,
  inGroup,
  unlessNot,
  valuesOf,
  word,
  words,
} from '../arguments/declare.ts'
import { namesOfProfile, requireFaults } from '../arguments/faults.ts'
import { type ParsedOptions, textOf } from '../command.ts'
import { configOption, type OwnConfig, readOwnConfig } from '../config/own.ts'
import {
  parseClientSettings,
  parseSearch,
  parseStrategies,
  parseTrialOptions,
  searchOptions,
  usualStrategyNames,
} from '../fuzz/options.ts'
import { chooseSharedWorkload, decidable, type FuzzSettings } from '../fuzz/use.ts'
import type { ValuesOf } from '../option.ts'
import { parseReporters, reporterOptions } from '../reporting/choice.ts'
import type { Use } from '../use.ts'
import { besidesWith, namedOf } from './besides.ts'

const USUAL_LEVEL: Level = 'linearizable'

const declared = {
  ...inGroup('What is simulated', ['nodes', 'routes', 'client', 'env'], {
    nodes: asCount(runMembers.nodes, { text: 'number of nodes that run the program', usual: USUAL_NODES }),
    routes: asText(serviceMembers.routes),
    client: asText(serviceMembers.client),
    env: words(
      'an environment variable of the program, such as PRIMARY=http://{peer.n1}; {peer.n1} is the address of n1; other placeholders: {node}, {number}, {nodes}, {port}, {peers}; programs of --beside do not get the variable',
    ),
    arg: words('an argument of the program'),
    redis: flag('add an in-memory Redis, which the program reaches at redis:6379 (REDIS_URL)'),
    beside: words(
      'start another program beside the nodes: payments=./fake.ts, which nodes reach at PAYMENTS_URL; or pg=postgres, a PostgreSQL in memory at pg:5432 (DATABASE_URL, PGHOST)',
    ),
    sql: word('file of SQL that the PostgreSQL executes before every run, such as schema.sql'),
    standby: flag(
      'add a read-only standby that gets the changes of the PostgreSQL late, at pg-standby:5432 (PG_STANDBY_URL)',
    ),
    calculator: flag(
      'let PGlite compute functions that the PostgreSQL in memory lacks, such as stddev (npm install @electric-sql/pglite; 0.7 GB for each thread)',
    ),
    'check-sql': flag('before the search, list every statement that the PostgreSQL in memory cannot execute'),
    http: asName(serviceMembers.http, 'form of requests', { usual: 'bytes' }),
    ...configOption,
  }),
  ...inGroup('What must hold', ['expect'], {
    expect: asName(runMembers.expect, 'level', {
      text: 'the level that histories must meet, or none (require no level; crashes and broken assertions are still failures); with a PostgreSQL, an isolation level such as serializable, or declared (each transaction must meet the level that it asked for)',
      usual: USUAL_LEVEL,
    }),
    unit: asName(v.optional(v.picklist(['request', 'connection'])), 'unit', {
      text: 'unit to judge as one transaction: request (all SQL of one request) or connection (all SQL of a connection until it is idle for 10 ms)',
      usual: 'each database transaction',
    }),
    'assert-sql': words(
      "a query whose result must be true once all operations have ended, such as 'select sum(balance) = 100 from accounts'",
    ),
    invariants: unlessNot('count a crash of the program as a failure; --no-invariants restarts the program instead'),
  }),
  ...searchOptions.trials,
  ...inGroup('How to search', [], {
    ...searchOptions.limits,
    strategy: asRead('how to choose faults, comma-separated, as in chaos fuzz', parseStrategies, 'several in turn'),
    ...searchOptions.search,
  }),
  ...inGroup('Output', [], { ...searchOptions.output, ...reporterOptions('search') }),
}

export const use: Use<FuzzSettings> = {
  name: 'simulate',
  positional: '<program>',
  needs:
    'the file of your Node program: chaos simulate ./server.ts --routes routes.json; or the name of a service in your configuration',
  summary: 'search simulated runs of your own Node program for a failure, and shrink the failure',
  options: declared,
  examples: [
    ['chaos simulate ./server.ts --nodes 3 --routes routes.json', 'every node runs server.ts, in virtual time'],
    ['chaos simulate ./server.ts --beside payments=./fake.ts', 'fake.ts plays a server that server.ts calls'],
    ['chaos simulate ./server.ts --beside pg=postgres --sql schema.sql', 'with a PostgreSQL in memory'],
    [
      'chaos simulate ./server.ts --beside pg=postgres --sql schema.sql --expect serializable',
      'finds SQL transactions that lose updates, or see half of another transaction',
    ],
    ['chaos simulate ./server.ts --client ./client.ts', 'your own code makes requests that no route table can make'],
    ['chaos simulate ./server.ts --nodes 1 --faults none --seeds 50', 'finds races across awaits, without faults'],
  ],
  read: parseSimulateSettings,
}

/**
 * Parses the settings of `chaos simulate`.
 *
 * @throws UserError (usage, input) that names the option.
 */
async function parseSimulateSettings(options: ParsedOptions): Promise<FuzzSettings> {
  const typed = valuesOf(options, declared)
  const { operations, terms } = parseSearch(options)
  const config = await readOwnConfig(options, 'chaos simulate')
  const draft = withPaths(config.loaded?.config ?? {}, config.own)
  const isolation = isolationIn(typed.expect)
  const { spec, nodes = USUAL_NODES } = parseService(options, { ...typed, isolation }, config, draft.nodes)
  const target = serviceReference(spec)
  const world = await searchedIn(target).open()
  const { workload, reference } = await chooseSharedWorkload(options, config, nameIn(draft.workload))
  const { workload: workloadDraft } = mergeDrafts(draft, {
    workload: { name: reference, settings: parseClientSettings(workload, options) },
  })
  const settings = settingsIn(workloadDraft)
  const level =
    isolation !== undefined && !workload.levels.includes(isolation)
      ? NO_LEVEL
      : (typed.expect ?? draft.expect ?? USUAL_LEVEL)
  const held = decidable(workload, { targetSettings: {}, level })
  const protocol = await world.outline(target)
  // Bundling takes seconds, so this is checked first.
  requireSupportedFunctions({ ...held, protocol, workload, settings })
  const loaded = await world.load(target)
  const named = { world, loaded, configured: draft.faults, where: `${config.own.where}: faults` }
  const choices = withFaults(
    parseTrialOptions(options, workload, (typed) => sufferable(typed, named)),
    named,
  )
  const subject = {
    ...held,
    ...{ target, bug: undefined, workload: reference, settings, nodes, operations, choices },
  }
  if (typed['check-sql']) await requireSupportedSql(subject)
  return {
    search: {
      subject,
      name: protocol.name,
      ...terms,
      strategies: strategiesOf(typed.strategy, spec, loaded),
      invariants: true,
      guide: false,
    },
    queue: undefined,
    taken: { targetSettings: {}, besides: [], workload: undefined },
    reporters: parseReporters(options, 'search'),
    verbose: typed.verbose,
  }
}

/** The level, if it is an isolation level of SQL transactions. */
const isolationIn = (level: string | undefined): string | undefined =>
  level !== undefined && isolationLevels.includes(level) && !consistency.levels.some((each) => each === level)
    ? level
    : undefined

/** @throws UserError (input) that lists the statements which are not simulated. */
async function requireSupportedSql(subject: Parameters<typeof unsupportedSql>[0]): Promise<void> {
  const found = await unsupportedSql(subject)
  if (found.size === 0) return
  const lines = Array.from(found, ([sql, construct]) => `  ${sql}: ${construct}`)
  throw inputError(
    [
      `--check-sql: the simulated PostgreSQL does not execute ${plural(found.size, 'statement')} of this program:`,
      ...lines,
      'Let the program skip these statements if the variable CHAOS_SIMULATED is set, or run the program against a real PostgreSQL with chaos run.',
    ].join('\n'),
  )
}

/** Parses `program`: the name of a declared service, or the path of a file. Options override the declaration. */
function parseService(
  options: ParsedOptions,
  typed: ValuesOf<typeof declared> & { readonly isolation: string | undefined },
  { loaded, own }: OwnConfig,
  configured: number | undefined,
): { readonly spec: ServiceSpec; readonly nodes: number | undefined } {
  const program = textOf(options, 'program') ?? ''
  const services: { readonly [name: string]: ServiceDeclaration } = loaded?.config.services ?? {}
  const isNamed = Object.hasOwn(services, program)
  if (!isNamed && !/[./\\]/.test(program)) throw unknownService(program, Object.keys(services))
  const service = isNamed ? services[program] : undefined
  const place =
    service === undefined
      ? { where: 'chaos simulate', directory: '.', option: '--routes' }
      : { where: `${own.where}: services.${program}`, directory: own.directory }
  const { routes, client } = typed
  const environment = Object.fromEntries(typed.env.map((text) => namedOf('--env', text, 'TEXT')))
  // Paths in options are relative to the working directory; paths in the configuration, to the directory of its file.
  const ownPath = (file: string | undefined): string | undefined => file && resolve(file)
  const beside = besidesWith(service?.beside ?? {}, { ...typed, asserts: typed['assert-sql'] })
  const spec = declaredService(
    {
      entry: program,
      ...service,
      ...(routes === undefined && client === undefined ? {} : { routes: ownPath(routes), client: ownPath(client) }),
      ...(Object.keys(beside).length === 0 ? {} : { beside }),
    },
    place,
  )
  return {
    spec: {
      ...spec,
      args: typed.arg.length > 0 ? typed.arg : (spec.args ?? []),
      environment: { ...spec.environment, ...environment },
      ...(typed.redis ? { redis: 'simulated' as const } : {}),
      http: typed.http ?? spec.http,
      ...(typed.invariants ? {} : { mayEnd: true as const }),
    },
    nodes: typed.nodes ?? configured ?? service?.nodes,
  }
}

const unknownService = (name: string, known: readonly string[]): UserError =>
  usageError(
    `chaos simulate ${name}: there is no such service in the configuration.${didYouMean(name, known)} ${known.length === 0 ? 'It has no "services"' : `It has ${known.join(', ')}`}. For a program, give its file, such as ./${name}.ts.`,
  )

/** Whether profiles include a fault. A power loss is drawn only on request, because many programs never call fsync. */
const isInProfiles =
  ({ usualFaults = [] }: VirtualWorld) =>
  ({ name, kind }: Nemesis): boolean =>
    usualFaults.includes(name) || kind === 'power-loss'

/** @throws UserError (usage) if the service does not support a fault. */
function sufferable(typed: readonly string[], { world, loaded }: Named): readonly string[] {
  const named = namesOfProfile(typed, 'simulated programs', isInProfiles(world))
  if (named !== undefined) return named
  world.requireFaultSupport(typed, '--faults', loaded)
  return typed
}

/** @throws UserError (usage) if the service does not support a fault. */
function withFaults(choices: TrialChoices, named: Named): TrialChoices {
  const { world, configured } = named
  if (choices.faults !== undefined) return choices
  return { ...choices, faults: configured === undefined ? world.usualFaults : namesIn(configured, named) }
}

interface Named {
  readonly world: VirtualWorld
  readonly loaded: Loaded
  readonly configured: readonly FaultChoice[] | undefined
  readonly where: string
}

function namesIn(configured: readonly FaultChoice[], { world, loaded, where }: Named): readonly string[] {
  const names = configured.map((fault) => {
    if (typeof fault === 'string') return fault
    throw usageError(
      `${where}: a search chooses the times of faults itself. Give only kinds of faults, here or with --faults.`,
    )
  })
  requireFaults(names, where)
  world.requireFaultSupport(names, where, loaded)
  return names
}

/** @throws UserError (usage) if a strategy needs assertions or a database that the service lacks. */
function strategiesOf(
  typed: readonly string[] | undefined,
  { program }: ServiceSpec,
  loaded: Pick<Loaded, 'asserts' | 'nodesFor'>,
): readonly string[] {
  if (typed?.includes('coverage') && !loaded.asserts)
    throw usageError(
      `--strategy coverage follows the marked places that a program reaches, and ${program} marks none. Call sometimes() or reachable() of @chaosproxy/assertions where rare things happen, or leave the strategy out.`,
    )
  if (typed?.includes('databases') && loaded.nodesFor?.('lose-commit-reply')?.length === 0)
    throw usageError(
      `--strategy databases: ${program} has no PostgreSQL in the simulator. Add --beside pg=postgres, or leave the strategy out.`,
    )
  return typed ?? usualStrategyNames(loaded)
}
