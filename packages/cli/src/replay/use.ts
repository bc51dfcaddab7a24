import { levelNames } from '@chaosproxy/checker'
import { readTextAt, withPaths } from '@chaosproxy/engine/run'
import { digestOfFile, locatedReference, type SubjectName, searchedIn } from '@chaosproxy/engine/worlds'
import { didYouMean, environmentError, inputError, usageError } from '@chaosproxy/history'
import { promiseOf } from '@chaosproxy/protocols'
import { count, nameIn, runMembers, type Scenario, type Target } from '@chaosproxy/runner'
import { NO_LEVEL, parseReplay, type Replay } from '@chaosproxy/simulator'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { workloadOf } from '@chaosproxy/targets/named'
import { levelFor, type Workload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { asCount, asName, flag, inGroup, unlessNot, valuesOf, word, words } from '../arguments/declare.ts'
import { printSettings } from '../arguments/names.ts'
import { parseBug, parseTargetSettings, targetOf, typedFile } from '../arguments/target.ts'
import { type ParsedOptions, textOf } from '../command.ts'
import { configOption, type OwnConfig, readOwnConfig } from '../config/own.ts'
import type { ValuesOf } from '../option.ts'
import { admit, trustOption } from '../trust/admit.ts'
import { broughtTarget, broughtWorkload } from '../trust/brought.ts'
import type { Use } from '../use.ts'

export interface ReplaySettings {
  readonly file: string
  readonly replay: Replay
  readonly subject: SubjectName
  /** Whether the user's protocol has changed since the search. */
  readonly changed: boolean
  readonly real: boolean
  readonly times: number
  readonly invariants: boolean
  readonly inspectPort: number | undefined
  readonly json: boolean
}

const MOST_TIMES = 10_000
const INSPECT_PORT = 9_229
const PROTOCOL = { noun: 'protocol', option: '--protocol' }
const WORKLOAD = { noun: 'workload', option: '--workload' }

const declared = {
  ...inGroup('How to replay', [], {
    real: flag('replay the same scenario on real processes with real faults; the interleaving differs'),
    times: asCount(v.optional(count('replay the failure this many times', 1, MOST_TIMES), 1)),
    expect: asName(runMembers.expect, 'level', {
      text: 'the level that the history must meet',
      usual: 'the level in the replay file; without one, the level that the target promises',
    }),
    invariants: unlessNot('if the search checked the invariants of the protocol, check them too'),
    protocol: word('new path of the protocol file, if it has moved'),
    program: word('allow chaos to run this Node program, which the replay names'),
    beside: words('allow chaos to run the program FILE beside the nodes; give NAME=FILE as in the replay'),
    client: word('allow chaos to run the clients in this file, which the replay names'),
    binary: word('the command that starts the program of the replay on this machine'),
    workload: word('new path of the workload file, if it has moved'),
    ...trustOption,
  }),
  ...inGroup('Debugging', [], {
    inspect: flag(
      'wait for a debugger; pause a Node program before and after the await at which one request overtook another',
    ),
    'inspect-port': asCount(v.optional(count('port for the debugger; 0: any free port', 0, 65_535), INSPECT_PORT)),
  }),
  ...inGroup('Output', [], { json: flag('print one JSON object on stdout instead of text'), ...configOption }),
}

export const use: Use<ReplaySettings> = {
  name: 'replay',
  positional: '<file>',
  needs: 'the file that chaos fuzz wrote: chaos replay FILE',
  summary: 'replay a failure that chaos fuzz found, in the simulator or on real processes',
  options: declared,
  examples: [
    ['chaos replay not-linearizable.json', 'the same history, to the byte'],
    ['chaos replay not-linearizable.json --real --times 10', 'the same faults at the same times, on real nodes'],
    [
      'chaos replay not-linearizable.json --inspect',
      'the same race under a debugger; virtual time stops at breakpoints',
    ],
  ],
  read: parseReplaySettings,
}

/** @throws UserError (usage, input) for an invalid option or file. */
export async function parseReplaySettings(options: ParsedOptions): Promise<ReplaySettings> {
  const given = valuesOf(options, declared)
  const { real } = given
  const file = textOf(options, 'file') ?? ''
  const replay = parseReplay(readTextAt(file), file)
  const { settings, bug, targetSettings, nodes, operations } = replay.scenario
  const config = await readOwnConfig(options, 'chaos replay')
  const typed = withPaths({ target: typedFile(given), workload: given.workload }, config.own)
  const reference = nameIn(typed.target) ?? locatedReference(replay.scenario.target, file, PROTOCOL)
  const workload = nameIn(typed.workload) ?? locatedReference(replay.scenario.workload, file, WORKLOAD)
  admit(file, [...broughtTarget(reference), ...broughtWorkload(workload)], options, config)
  const world = searchedIn(reference)
  const target = world.noun === 'program' ? undefined : (await targetOf(reference)).target
  const { protocol } = await (await world.open()).load(reference)
  const requested = await workloadOf(workload)
  refuseUnknownOperations(file, requested, operations)
  if (target !== undefined) {
    parseBug(target, bug)
    parseTargetSettings(target, printSettings(targetSettings))
  }
  if (real) await refuseImpossible(target ?? (await targetOf(reference)).target, replay.scenario)
  if (given.inspect) refuseUninspectable(file, reference, given)
  const level =
    given.expect ??
    knownLevel(replay.level, file) ??
    configuredLevel(config, reference) ??
    levelFor(requested, promiseOf(protocol, targetSettings, requested.object))
  const watched = replay.invariants && (protocol.invariants ?? []).length > 0 && !real
  if (level === NO_LEVEL && !watched)
    throw usageError(`${reference} promises no level. Give the level to check with --expect.`)
  return {
    file,
    replay,
    changed: replay.source !== undefined && replay.source !== digestOfFile(reference),
    subject: {
      target: reference,
      workload,
      settings,
      bug,
      targetSettings,
      level,
      nodes,
      operations: operations.length,
    },
    real,
    times: given.times,
    invariants: replay.invariants && given.invariants,
    inspectPort: given.inspect ? given['inspect-port'] : undefined,
    json: given.json,
  }
}

/** @throws UserError (usage) */
function refuseUninspectable(file: string, reference: string, { real, times }: ValuesOf<typeof declared>): void {
  if (searchedIn(reference).noun !== 'program')
    throw usageError(
      `--inspect: ${file} replays ${reference}, which is not a Node program. Debug a protocol with node --inspect-brk and its own tests.`,
    )
  if (real || times > 1)
    throw usageError(`--inspect needs a single replay in the simulator. Leave out ${real ? '--real' : '--times'}.`)
}

/** @throws UserError (input) if the file names an unknown level. */
function knownLevel(level: string | undefined, file: string): string | undefined {
  const known = [...levelNames(), NO_LEVEL]
  if (level === undefined || known.includes(level)) return level
  throw inputError(
    `${file}: "level" is ${JSON.stringify(level)}.${didYouMean(level, known)} Give one of ${known.join(', ')}.`,
  )
}

function configuredLevel({ loaded, own }: OwnConfig, reference: string): string | undefined {
  const { target, expect } = withPaths(loaded?.config ?? {}, own)
  const named = nameIn(target)
  return named === reference || named === `${SIMULATED}${reference}` ? expect : undefined
}

function refuseUnknownOperations(
  file: string,
  { name, functions }: Workload,
  operations: Scenario['operations'],
): void {
  for (const [place, { input }] of operations.entries()) {
    if (functions.includes(input.f)) continue
    throw inputError(
      `${file}: operations[${place}]: "f" is ${JSON.stringify(input.f)}, which is not an operation of the workload ${name}. Give ${functions.join(', ')}.`,
    )
  }
}

/** @throws UserError (usage) if the target does not support a fault; (environment) if this machine lacks a program. */
async function refuseImpossible(target: Target, { faults, besides = [] }: Scenario): Promise<void> {
  for (const { fault } of faults) {
    const support = target.supports(fault.kind)
    if (support !== true)
      throw usageError(
        `--real: ${target.name} cannot suffer ${fault.kind} when it runs as real processes: ${support.not}. Leave out --real to replay it in the simulator.`,
      )
    const text = JSON.stringify(fault)
    const hit = besides.find((node) => text.includes(JSON.stringify(node)))
    if (hit !== undefined)
      throw usageError(
        `--real: ${hit} suffers ${fault.kind} in this replay, but programs of "beside" suffer faults only in the simulator. Leave out --real to replay in the simulator.`,
      )
  }
  const [lacks] = (await target.missing?.()) ?? []
  if (lacks !== undefined)
    throw environmentError(`--real: this machine has no ${lacks.program}. Install it: ${lacks.install}`)
}
