import { readFileSync } from 'node:fs'
import type { SubjectName } from '@chaosproxy/engine'
import { digestOfFile, locatedReference, withPaths } from '@chaosproxy/engine'
import { UserError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import { isService, loadService, parseServiceReference } from '@chaosproxy/node-simulator'
import { type ProtocolDefinition, promiseOf } from '@chaosproxy/protocols'
import { count, nameIn, runMembers, type Scenario, type Target } from '@chaosproxy/runner'
import { NO_LEVEL, parseReplay, type Replay, SIMULATED } from '@chaosproxy/simulator'
import { EXECUTED, loadProtocol, workloadOf } from '@chaosproxy/targets'
import type { Workload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { asCount, asName, flag, unlessNot, valuesOf, word } from '../arguments/declare.ts'
import type { Options, ValuesOf } from '../arguments/option.ts'
import { parseBug, parseKnobs, targetOf } from '../arguments/target.ts'
import { type ParsedOptions, textOf } from '../command.ts'
import { configOption, type OwnConfig, readOwnConfig } from '../config/own.ts'
import { admit, trustOption } from '../trust/admit.ts'
import { broughtTarget, broughtWorkload } from '../trust/brought.ts'

/** The settings of `chaos replay`, validated and with defaults filled in. */
export interface ReplaySettings {
  readonly file: string
  readonly replay: Replay
  readonly subject: SubjectName
  /** Whether the user's protocol is no longer the one that was searched. */
  readonly changed: boolean
  readonly real: boolean
  readonly times: number
  readonly invariants: boolean
  readonly json: boolean
}

const MOST_TIMES = 10_000
const PROTOCOL = { noun: 'protocol', option: '--protocol' }
const WORKLOAD = { noun: 'workload', option: '--workload' }

const declared = {
  real: flag('on real processes, with real faults: the same scenario, another interleaving'),
  times: asCount(v.optional(count('play it this many times', 1, MOST_TIMES), 1)),
  expect: asName(runMembers.expect, 'level', {
    text: 'the level to hold it to',
    usual: 'what the target promises',
  }),
  invariants: unlessNot("check the protocol's own invariants, too, where the file says so"),
  protocol: word('the file of your own protocol, if it moved'),
  workload: word('the file of your own workload, if it moved'),
  program: word('the file of your own Node program, to allow it'),
  binary: word('your own program, as it is started here'),
  json: flag('print one JSON object on stdout instead of the page'),
}

/** All options of `chaos replay`. */
export const replayOptions = (): Options => ({ ...declared, ...trustOption, ...configOption })

/** @throws UserError (usage, input) for an invalid option or file. */
export async function parseReplaySettings(options: ParsedOptions): Promise<ReplaySettings> {
  const given = valuesOf(options, declared)
  const { real } = given
  const file = textOf(options, 'file') ?? ''
  const replay = parseReplay(readText(file), file)
  const { settings, bug, knobs, nodes, operations } = replay.scenario
  const config = await readOwnConfig(options, 'chaos replay')
  const typed = withPaths({ target: typedTarget(given), workload: given.workload }, config.own)
  const reference = nameIn(typed.target) ?? locatedReference(replay.scenario.target, file, PROTOCOL)
  const workload = nameIn(typed.workload) ?? locatedReference(replay.scenario.workload, file, WORKLOAD)
  admit(file, [...broughtTarget(reference), ...broughtWorkload(workload)], options, config)
  const target = isService(reference) ? undefined : (await targetOf(reference)).target
  const protocol = target === undefined ? await definitionOf(reference) : await loadProtocol(reference)
  const asked = await workloadOf(workload)
  refuseUnknownOperations(file, asked, operations)
  if (target !== undefined) {
    parseBug(target, bug)
    parseKnobs(
      target,
      Object.entries(knobs).map(([name, value]) => `${name}=${value}`),
    )
  }
  if (real) refuseImpossible(target, replay.scenario)
  const level = given.expect ?? configuredLevel(config, reference) ?? promiseOf(protocol, knobs, asked.object)
  const watched = replay.invariants && (protocol.invariants ?? []).length > 0 && !real
  if (level === NO_LEVEL && !watched)
    throw new UserError('usage', `${reference} promises no level: say with --expect which one to judge by.`)
  return {
    file,
    replay,
    changed: replay.source !== undefined && replay.source !== digestOfFile(reference),
    subject: { target: reference, workload, settings, bug, knobs, level, nodes, operations: operations.length },
    real,
    times: given.times,
    invariants: replay.invariants && given.invariants,
    json: given.json,
  }
}

/** The protocol or the program that is named here, in place of the file's. @throws UserError (usage) */
function typedTarget({ protocol, binary }: ValuesOf<typeof declared>): string | undefined {
  if (protocol !== undefined && binary !== undefined)
    throw new UserError('usage', '--binary and --protocol both say what to test: give one of them.')
  return binary === undefined ? protocol : `${EXECUTED}${binary}`
}

/** What the configuration expects of its target, if that is what is replayed. */
function configuredLevel({ loaded, own }: OwnConfig, reference: string): string | undefined {
  const { target, expect } = withPaths(loaded?.config ?? {}, own)
  const named = nameIn(target)
  return named === reference || named === `${SIMULATED}${reference}` ? expect : undefined
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError('input', `${file}: ${whyUnreadable(error)}`)
  }
}

function refuseUnknownOperations(
  file: string,
  { name, functions }: Workload,
  operations: Scenario['operations'],
): void {
  for (const [place, { input }] of operations.entries()) {
    if (functions.includes(input.f)) continue
    throw new UserError(
      'input',
      `${file}: operations[${place}]: "f" is ${JSON.stringify(input.f)}, which clients of the workload ${name} do not ask for. Give ${functions.join(', ')}.`,
    )
  }
}

const definitionOf = async (reference: string): Promise<ProtocolDefinition> =>
  (await loadService(parseServiceReference(reference))).definition

function refuseImpossible(target: Target | undefined, scenario: Scenario): void {
  if (target === undefined)
    throw new UserError(
      'usage',
      '--real: programs are replayed in the simulator only. Start them as processes with chaos run, and a target that says how.',
    )
  for (const { fault } of scenario.faults) {
    const suffering = target.suffers(fault.kind)
    if (suffering !== true)
      throw new UserError(
        'usage',
        `--real: ${target.name} as real processes cannot suffer ${fault.kind}: ${suffering.not}. Without --real the simulator plays it.`,
      )
  }
}
