import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { requireAskable, USUAL_OUT } from '@chaosproxy/engine'
import { nemeses } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import {
  loadService,
  type ServiceSpec,
  serviceReference,
  serviceSuffers,
  usualServiceFaults,
} from '@chaosproxy/node-simulator'
import { NO_LEVEL, type TrialChoices } from '@chaosproxy/simulator'
import { parseLevel } from '../arguments/names.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { chooseWorkload } from '../arguments/workload.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import {
  decidable,
  FUZZ_DEFAULTS,
  type FuzzSettings,
  parseClientSettings,
  parseSeeds,
  parseStrategies,
} from '../fuzz/settings.ts'
import { parseTrialOptions } from '../fuzz/trial-options.ts'
import { parseReporters } from '../reporting/choice.ts'

export const SIMULATE_DEFAULTS = { nodes: '3', expect: 'linearizable' } as const

/** A search over runs of a service. @throws UserError (usage, input) that names the option. */
export async function parseSimulateSettings(options: ParsedOptions): Promise<FuzzSettings> {
  const spec = parseService(options)
  const { definition } = await loadService(spec)
  const { workload, reference } = await chooseWorkload(options)
  const settings = parseClientSettings(workload, options)
  const expected = textOf(options, 'expect') ?? SIMULATE_DEFAULTS.expect
  const level = expected === NO_LEVEL ? NO_LEVEL : parseLevel('expect', expected)
  const held = decidable(workload, { knobs: {}, level })
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
        nodes: parseCount('nodes', textOf(options, 'nodes') ?? SIMULATE_DEFAULTS.nodes, { min: 1, max: 15 }),
        operations: parseCount('operations', textOf(options, 'operations'), { min: 1, max: 10_000 }),
        choices,
      },
      name: definition.name,
      ...parseSeeds(options),
      strategies: parseStrategies(textOf(options, 'strategy')).filter((name) => name !== 'coverage'),
      invariants: options['invariants'] !== false,
      guide: false,
      keepGoing: flagOf(options, 'keep-going'),
      verifyDeterminism: flagOf(options, 'verify-determinism'),
      shrinkMs: parseDuration('shrink', textOf(options, 'shrink') ?? FUZZ_DEFAULTS.shrink),
      workers: parseCount('workers', textOf(options, 'workers') ?? availableParallelism(), { min: 1, max: 256 }),
      out: textOf(options, 'out') ?? USUAL_OUT,
    },
    queue: undefined,
    taken: { knobs: {}, besides: [], workload: undefined },
    reporters: parseReporters(options, 'search'),
    verbose: flagOf(options, 'verbose'),
  }
}

function parseService(options: ParsedOptions): ServiceSpec {
  const program = textOf(options, 'program') ?? ''
  const beside = join(dirname(program), 'routes.json')
  const routes = textOf(options, 'routes') ?? (existsSync(beside) ? beside : undefined)
  if (routes === undefined)
    throw new UserError(
      'usage',
      `chaos simulate needs a route table, which says what requests clients make: give its file with --routes, or put routes.json beside ${program}. chaos routes --help says how to write one.`,
    )
  const environment = Object.fromEntries(textsOf(options, 'env').map(variableOf))
  return {
    program: pathOf(program),
    routes: pathOf(routes),
    args: textsOf(options, 'arg'),
    environment,
    losesPower: flagOf(options, 'power-loss'),
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
  for (const name of choices.faults ?? []) {
    const suffers = serviceSuffers(nemeses.find((nemesis) => nemesis.name === name)?.kind ?? 'kill')
    if (suffers !== true)
      throw new UserError(
        'usage',
        `--faults ${name}: simulated programs cannot suffer it: ${suffers.not}; instead: ${suffers.instead}.`,
      )
  }
  return { ...choices, faults: choices.faults ?? usualServiceFaults }
}
