import { availableParallelism } from 'node:os'
import type { SearchSpec } from '@chaosproxy/engine'
import { USUAL_OUT } from '@chaosproxy/engine/run'
import { nemeses, profileNamed, refusalText } from '@chaosproxy/faults'
import { millis, usageError } from '@chaosproxy/history'
import { count, duration } from '@chaosproxy/runner'
import {
  type ProgramTraits,
  simulatorFaultSupport,
  strategies,
  type TrialChoices,
  usualStrategiesOf,
} from '@chaosproxy/simulator'
import type { Settings, Workload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { asCount, asDuration, asRead, common, flag, inGroup, valuesOf, word } from '../arguments/declare.ts'
import { namesOfProfile, parseNemeses, printFaults } from '../arguments/faults.ts'
import { listed, namesOf, oneOf, printSettings } from '../arguments/names.ts'
import { printDuration } from '../arguments/quantities.ts'
import { parseWorkloadSettings, workloadOptions } from '../arguments/workload.ts'
import type { ParsedOptions } from '../command.ts'
import type { Options, Typed } from '../option.ts'

/** The default number of operations: short trials find more in the same time. */
export const USUAL_OPERATIONS = 60

const USUAL_TIME_MS = millis(30_000)
const USUAL_SHRINK_MS = 3_000
/** The longest search; a larger number is a typing error. */
export const LONGEST_SEARCH_MS: number = 1_000 * 3_600_000
const MOST_SEEDS = 1_000_000_000
const MOST_WORKERS = 256
const GREATEST_DRIFT_PPM = 500_000
const GREATEST_JUMP_MS = 3_600_000
const LONGEST_TRIAL_MS = 60_000

const clients = {
  operations: asCount(
    v.optional(
      count('number of operations in each trial; short trials find more failures per minute', 1, 10_000),
      USUAL_OPERATIONS,
    ),
  ),
  keys: asCount(v.optional(count('number of keys that clients use', 1, 10_000)), {
    usual: 'drawn at random for each trial',
  }),
  clients: asCount(v.optional(count('number of clients', 1, 1_000)), { usual: 'two to seven' }),
  mix: word('weights of the operations that clients send, such as read=5,write=3', 'the workload decides'),
  length: asDuration(
    v.optional(duration('how long each trial performs operations and faults, in virtual time', 1, LONGEST_TRIAL_MS)),
    { usual: '0.3 s to 3 s' },
  ),
}

const faults = {
  faults: common(
    asRead(
      'faults to inject, comma-separated; or the word all; or the word none; chaos targets --faults lists the faults',
      parseFaults,
      'most of the faults of nodes and of links between nodes',
    ),
  ),
}

const clocks = {
  drift: asRead(
    'how much faster or slower a clock may run, such as 20% or 200ppm',
    parseDrift,
    'the drift that the protocol tolerates, or 5%',
  ),
  jump: asDuration(v.optional(duration('largest jump of a clock, such as 500ms', 0, GREATEST_JUMP_MS)), {
    usual: 'the jump that the protocol tolerates, or 2s',
  }),
}

const limits = {
  seed: common(
    asCount(
      v.optional(
        count(
          'seed of the first trial; each further trial takes the next seed',
          0,
          Number.MAX_SAFE_INTEGER - MOST_SEEDS,
        ),
        1,
      ),
    ),
  ),
  seeds: common(asCount(v.optional(count('stop after this many seeds', 1, MOST_SEEDS)))),
  time: asDuration(v.optional(duration('stop after this duration', 0, LONGEST_SEARCH_MS)), {
    usual: printDuration(USUAL_TIME_MS),
  }),
}

const search = {
  'keep-going': flag('do not stop at the first failure; show one failure for each cause'),
  shrink: asDuration(
    v.optional(
      duration(
        'time limit for shrinking a failure; if runs are slow, up to five times this limit',
        0,
        LONGEST_SEARCH_MS,
      ),
      USUAL_SHRINK_MS,
    ),
  ),
  'verify-determinism': flag('perform every trial twice, and compare the two histories byte for byte'),
  workers: asCount(v.optional(count('number of threads', 1, MOST_WORKERS)), { usual: 'one for each core' }),
}

const output = { out: common(word('directory for the failures found', USUAL_OUT)) }

/** The options of every search. Some of them fix a value that each trial would otherwise draw at random. */
export const searchOptions: {
  readonly [Part in 'trials' | 'limits' | 'search' | 'output']: Options
} = {
  trials: {
    ...inGroup('What clients do', [], { ...workloadOptions(), ...clients }),
    ...inGroup('What goes wrong', [], { ...faults, ...clocks }),
  },
  ...{ limits, search, output },
}

type SearchTerms = Pick<
  SearchSpec,
  'firstSeed' | 'limit' | 'keepGoing' | 'verifyDeterminism' | 'shrinkMs' | 'workers' | 'out'
>

/** Parses the options of every search, and the number of operations of each trial. */
export function parseSearch(options: ParsedOptions): { readonly operations: number; readonly terms: SearchTerms } {
  const typed = valuesOf(options, { ...limits, ...search, ...output })
  if (typed.seeds !== undefined && typed.time !== undefined)
    throw usageError('--seeds and --time both limit the search: give one of them.')
  return {
    operations: clients.operations.valueIn(options, 'operations'),
    terms: {
      firstSeed: typed.seed,
      limit: typed.seeds === undefined ? { timeMs: typed.time ?? USUAL_TIME_MS } : { seeds: typed.seeds },
      keepGoing: typed['keep-going'],
      verifyDeterminism: typed['verify-determinism'],
      shrinkMs: typed.shrink,
      workers: typed.workers ?? availableParallelism(),
      out: typed.out ?? USUAL_OUT,
    },
  }
}

const strategyNames = namesOf(strategies)

/** Parses names of strategies, separated by commas. @throws UserError (usage) */
export const parseStrategies = (typed: string): readonly string[] =>
  listed(typed).map((name) => oneOf('strategy', 'strategy', name, strategyNames))

export const usualStrategyNames = (program?: ProgramTraits): readonly string[] => namesOf(usualStrategiesOf(program))

/**
 * @param sufferable returns the faults that the value of `--faults` names, such as `all`. Throws if the subject does
 * not support one of them.
 * @throws UserError (usage) that names the option.
 */
export function parseTrialOptions(
  options: ParsedOptions,
  workload: Workload,
  sufferable: (typed: readonly string[]) => readonly string[] = ofProtocols,
): TrialChoices {
  const { drift, jump, length, mix, ...typed } = valuesOf(options, { ...clients, ...faults, ...clocks })
  const given: TrialChoices = {
    faults: typed.faults && sufferable(typed.faults),
    clocks: drift === undefined && jump === undefined ? undefined : { driftPpm: drift, jumpMs: jump },
    clients: typed.clients,
    lengthMs: length,
    mix: mix === undefined ? undefined : parseMix(mix, workload),
  }
  refuseIdleClocks(given)
  return given
}

/** The settings of the clients. @throws UserError (usage) */
export const parseClientSettings = (workload: Workload, options: ParsedOptions): Settings =>
  parseWorkloadSettings(workload, options, clients.keys.valueIn(options, 'keys'))

function parseFaults(typed: string): readonly string[] {
  return profileNamed(typed) === undefined ? namesOf(parseNemeses(typed)) : [typed]
}

function ofProtocols(typed: readonly string[]): readonly string[] {
  const named = namesOfProfile(typed, 'simulated runs', ({ kind }) => simulatorFaultSupport(kind) === true)
  if (named !== undefined) return named
  for (const { name, kind } of nemeses.filter((nemesis) => typed.includes(nemesis.name))) {
    const support = simulatorFaultSupport(kind)
    if (support !== true)
      throw usageError(`--faults ${name}: simulated runs cannot suffer this fault: ${refusalText(support)}`)
  }
  return typed
}

/** Rejects `--drift` and `--jump` unless a fault of clocks is chosen. */
function refuseIdleClocks({ faults, clocks }: TrialChoices): void {
  if (clocks === undefined || faults === undefined) return
  const clockFaults = namesOf(nemeses.filter(({ kind }) => kind === 'clock'))
  if (!faults.some((name) => clockFaults.includes(name)))
    throw usageError(`--drift and --jump need a fault of clocks: add ${clockFaults.join(' or ')} to --faults.`)
}

/** Parses `20%` or `200ppm` as parts per million. */
function parseDrift(typed: string): number {
  const match = /^(\d+(?:\.\d+)?)(%|ppm)$/.exec(typed)
  const ppm = match === null ? Number.NaN : Math.round(Number(match[1]) * (match[2] === '%' ? 10_000 : 1))
  if (ppm >= 0 && ppm <= GREATEST_DRIFT_PPM) return ppm
  throw usageError(`--drift ${typed}: write a share up to ${GREATEST_DRIFT_PPM / 10_000}%, such as 20% or 200ppm.`)
}

function parseMix(typed: string, { functions }: Workload): { readonly [f: string]: number } {
  const mix: { [f: string]: number } = {}
  for (const part of typed.split(',')) {
    const [name = '', weight = '1'] = part.trim().split('=')
    const f = oneOf('mix', 'function of the workload', name, functions)
    if (!(Number(weight) > 0 && Number.isFinite(Number(weight))))
      throw usageError(`--mix ${typed}: the weight of ${f} is "${weight}": give a number above 0.`)
    mix[f] = Number(weight)
  }
  return mix
}

export const trialTyped = ({
  faults: names,
  clocks: wrong,
  clients: many,
  lengthMs,
  mix,
}: TrialChoices): Typed<Options> => ({
  faults: printFaults(names),
  drift: wrong?.driftPpm === undefined ? undefined : `${wrong.driftPpm}ppm`,
  jump: wrong?.jumpMs === undefined ? undefined : `${wrong.jumpMs}ms`,
  clients: many,
  length: lengthMs === undefined ? undefined : `${lengthMs}ms`,
  mix: mix && (printSettings(mix).join(',') || undefined),
})
