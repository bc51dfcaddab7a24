import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Level } from '@chaosproxy/checker'
import { requireAskable } from '@chaosproxy/engine'
import { nemeses } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import {
  loadService,
  type ServiceSpec,
  serviceReference,
  serviceSuffers,
  usualServiceFaults,
} from '@chaosproxy/node-simulator'
import { runMembers } from '@chaosproxy/runner'
import { NO_LEVEL, type TrialChoices } from '@chaosproxy/simulator'
import * as v from 'valibot'
import { asCount, asName, asRead, flag, unlessNot, valuesOf, word, words } from '../arguments/declare.ts'
import type { Options, ValuesOf } from '../arguments/option.ts'
import { chooseWorkload, workloadOptions } from '../arguments/workload.ts'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'
import { parseSearch, parseStrategies, searchOptions, usualStrategyNames } from '../fuzz/search-options.ts'
import { decidable, type FuzzSettings } from '../fuzz/settings.ts'
import { parseClientSettings, parseTrialOptions, trialOptions } from '../fuzz/trial-options.ts'
import { parseReporters, reporterOptions } from '../reporting/choice.ts'

const declared = {
  nodes: asCount(v.optional(runMembers.nodes, 3), { text: 'how many nodes run the program' }),
  routes: word('the route table that makes the requests of clients', 'routes.json beside the program'),
  env: words('a variable of its environment, such as PEERS={peers}; {id}, {number}, {port}, {nodes} are filled in'),
  'power-loss': flag('kills also cut the power: data that was written but not fsynced may be lost or torn'),
  arg: words('an argument of the program'),
  expect: asName(v.optional(runMembers.expect, 'linearizable' satisfies Level), 'level', {
    text: 'the level that its histories must meet; none: only check that the program does not crash',
  }),
  strategy: asRead('how to choose faults, comma-separated, as in chaos fuzz', parseStrategies, 'several in turn'),
  invariants: unlessNot('a program that crashes is a failure; --no-invariants restarts it instead'),
}

/** All options of `chaos simulate`. */
export const simulateOptions = (): Options => ({
  ...declared,
  ...workloadOptions(),
  ...trialOptions,
  ...searchOptions,
  ...reporterOptions(),
})

/** A search over runs of a service. @throws UserError (usage, input) that names the option. */
export async function parseSimulateSettings(options: ParsedOptions): Promise<FuzzSettings> {
  const typed = valuesOf(options, declared)
  const { operations, terms } = parseSearch(options)
  const spec = parseService(options, typed)
  const { definition } = await loadService(spec)
  const { workload, reference } = await chooseWorkload(options)
  const settings = parseClientSettings(workload, options)
  const held = decidable(workload, { knobs: {}, level: typed.expect ?? NO_LEVEL })
  requireAskable({ ...held, protocol: definition, workload, settings })
  const choices = withFaults(parseTrialOptions(options, workload))
  return {
    search: {
      subject: {
        ...held,
        target: serviceReference(spec),
        bug: undefined,
        workload: reference,
        settings,
        nodes: typed.nodes,
        operations,
        choices,
      },
      name: definition.name,
      ...terms,
      strategies: withoutCoverage(typed.strategy ?? usualStrategyNames()),
      invariants: typed.invariants,
      guide: false,
    },
    queue: undefined,
    taken: { knobs: {}, besides: [], workload: undefined },
    reporters: parseReporters(options, 'search'),
    verbose: flagOf(options, 'verbose'),
  }
}

function parseService(options: ParsedOptions, typed: ValuesOf<typeof declared>): ServiceSpec {
  const program = textOf(options, 'program') ?? ''
  const beside = join(dirname(program), 'routes.json')
  const routes = typed.routes ?? (existsSync(beside) ? beside : undefined)
  if (routes === undefined)
    throw new UserError(
      'usage',
      `chaos simulate needs a route table, which says what requests clients make: give its file with --routes, or put routes.json beside ${program}. chaos routes --help says how to write one.`,
    )
  const environment = Object.fromEntries(typed.env.map(variableOf))
  return {
    program: pathOf(program),
    routes: pathOf(routes),
    args: typed.arg,
    environment,
    losesPower: typed['power-loss'],
  }
}

/** A name without a folder would be that of something built in. */
const pathOf = (file: string): string => (/[\\/]/.test(file) ? file : `./${file}`)

function variableOf(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UserError('usage', `--env ${text}: write NAME=TEXT.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** @throws UserError (usage) for a fault that programs cannot suffer. */
function withFaults(choices: TrialChoices): TrialChoices {
  const { faults } = choices
  if (faults === undefined) return { ...choices, faults: usualServiceFaults }
  for (const { name, kind } of nemeses.filter((nemesis) => faults.includes(nemesis.name))) {
    const suffers = serviceSuffers(kind)
    if (suffers !== true)
      throw new UserError(
        'usage',
        `--faults ${name}: simulated programs cannot suffer it: ${suffers.not}; instead: ${suffers.instead}.`,
      )
  }
  return choices
}

/** @throws UserError (usage) for the strategy that follows the states of a protocol. */
function withoutCoverage(names: readonly string[]): readonly string[] {
  if (names.includes('coverage'))
    throw new UserError(
      'usage',
      '--strategy coverage: it follows the states of a protocol, which a program does not show. Leave it out.',
    )
  return names
}
