import { ALL_FAULTS, nemeses } from '@chaosproxy/faults'
import { millis, UserError } from '@chaosproxy/history'
import { count } from '@chaosproxy/runner'
import { simulatorSuffers, type TrialChoices } from '@chaosproxy/simulator'
import type { Settings, Workload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { asCount, asRead, valuesOf, word } from '../arguments/declare.ts'
import { parseNemeses } from '../arguments/faults.ts'
import { oneOf } from '../arguments/one-of.ts'
import type { Options } from '../arguments/option.ts'
import { parseDuration } from '../arguments/quantities.ts'
import { parseWorkloadSettings } from '../arguments/workload.ts'
import type { ParsedOptions } from '../command.ts'

const GREATEST_DRIFT_PPM = 500_000
const GREATEST_JUMP_MS = 3_600_000
const LONGEST_TRIAL_MS = 60_000

const declared = {
  faults: asRead(
    'faults to inject, comma-separated, all, or none; chaos targets --faults lists them',
    parseFaults,
    'all among nodes',
  ),
  drift: asRead(
    'how much faster or slower a clock may run, such as 20% or 200ppm',
    parseDrift,
    'what the protocol assumes, or 5%',
  ),
  jump: asRead(
    'how far a clock may jump, such as 500ms',
    (typed) => bounded('jump', typed, GREATEST_JUMP_MS),
    'what the protocol assumes, or 2s',
  ),
  keys: asCount(v.optional(count('how many keys clients use', 1, 10_000)), { usual: 'drawn' }),
  clients: asCount(v.optional(count('how many clients', 1, 1_000)), { usual: 'two to seven' }),
  mix: word('what clients ask for, by weight, such as read=5,write=3', 'the workload decides'),
  length: asRead(
    'virtual time of the operations and faults of a trial',
    (typed) => bounded('length', typed, LONGEST_TRIAL_MS),
    '0.3 s to 3 s',
  ),
}

/** The options that fix what each trial of a search otherwise draws. */
export const trialOptions: Options = declared

/** @throws UserError (usage) that names the option. */
export function parseTrialOptions(options: ParsedOptions, workload: Workload): TrialChoices {
  const { faults, drift, jump, clients, length, mix } = valuesOf(options, declared)
  const given: TrialChoices = {
    faults,
    clocks: drift === undefined && jump === undefined ? undefined : { driftPpm: drift, jumpMs: jump },
    clients,
    lengthMs: length,
    mix: mix === undefined ? undefined : parseMix(mix, workload),
  }
  refuseIdleClocks(given)
  return given
}

/** The settings of the clients. `--keys` is short for one of them. @throws UserError (usage) */
export function parseClientSettings(workload: Workload, options: ParsedOptions): Settings {
  const settings = parseWorkloadSettings(workload, options)
  const keys = declared.keys.valueIn(options, 'keys')
  if (keys === undefined) return settings
  if (!workload.settings.some(({ name }) => name === 'keys'))
    throw new UserError('usage', `--keys ${keys}: the workload ${workload.name} has no keys.`)
  return { ...settings, keys }
}

function parseFaults(typed: string): readonly string[] {
  if (typed === ALL_FAULTS) return nemeses.filter(({ kind }) => simulatorSuffers(kind) === true).map(({ name }) => name)
  const chosen = parseNemeses(typed)
  for (const { name, kind } of chosen) {
    const suffers = simulatorSuffers(kind)
    if (suffers !== true)
      throw new UserError(
        'usage',
        `--faults ${name}: simulated runs cannot suffer it: ${suffers.not}; instead: ${suffers.instead}.`,
      )
  }
  return chosen.map(({ name }) => name)
}

/** Strengths of clocks that no fault makes wrong would be ignored. */
function refuseIdleClocks({ faults, clocks }: TrialChoices): void {
  if (clocks === undefined || faults === undefined) return
  const clockFaults = nemeses.filter(({ kind }) => kind === 'clock').map(({ name }) => name)
  if (!faults.some((name) => clockFaults.includes(name)))
    throw new UserError('usage', `--drift and --jump are of wrong clocks: add ${clockFaults.join(' or ')} to --faults.`)
}

/** `20%` or `200ppm`, as parts per million. */
function parseDrift(typed: string): number {
  const match = /^(\d+(?:\.\d+)?)(%|ppm)$/.exec(typed)
  const ppm = match === null ? Number.NaN : Math.round(Number(match[1]) * (match[2] === '%' ? 10_000 : 1))
  if (ppm >= 0 && ppm <= GREATEST_DRIFT_PPM) return ppm
  throw new UserError(
    'usage',
    `--drift ${typed}: write a share up to ${GREATEST_DRIFT_PPM / 10_000}%, such as 20% or 200ppm.`,
  )
}

function bounded(option: string, typed: string, mostMs: number): ReturnType<typeof millis> {
  if (option === 'jump' && typed === '0') return millis(0)
  const ms = parseDuration(option, typed)
  if (ms <= mostMs && (ms > 0 || option === 'jump')) return ms
  throw new UserError('usage', `--${option} ${typed}: give more than 0 and at most ${mostMs / 1000}s.`)
}

function parseMix(typed: string, { functions }: Workload): { readonly [f: string]: number } {
  const mix: { [f: string]: number } = {}
  for (const part of typed.split(',')) {
    const [name = '', weight = '1'] = part.trim().split('=')
    const f = oneOf('mix', 'function of the workload', name, functions)
    if (!(Number(weight) > 0 && Number.isFinite(Number(weight))))
      throw new UserError('usage', `--mix ${typed}: the weight of ${f} is "${weight}": give a number above 0.`)
    mix[f] = Number(weight)
  }
  return mix
}

/** The same choices as they are typed. */
export function printTrialOptions({ faults, clocks, clients, lengthMs, mix }: TrialChoices): string[] {
  const weights = Object.entries(mix ?? {}).map(([f, weight]) => `${f}=${weight}`)
  return [
    ...(faults === undefined ? [] : ['--faults', faults.join(',') || 'none']),
    ...(clocks?.driftPpm === undefined ? [] : ['--drift', `${clocks.driftPpm}ppm`]),
    ...(clocks?.jumpMs === undefined ? [] : ['--jump', `${clocks.jumpMs}ms`]),
    ...(clients === undefined ? [] : ['--clients', String(clients)]),
    ...(lengthMs === undefined ? [] : ['--length', `${lengthMs}ms`]),
    ...(weights.length === 0 ? [] : ['--mix', weights.join(',')]),
  ]
}
