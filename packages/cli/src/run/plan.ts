import { createRandom, nodeNames, planSchedule, type Schedule } from '@chaos/faults'
import { type Header, millis } from '@chaos/history'
import type { RunConfig } from '@chaos/report'
import { isUserFile } from '@chaos/targets'
import { commandLine } from '../terminal/command-line.ts'
import { expectOption } from './expectation.ts'
import { RUN_DEFAULTS, type RunSettings, usualOperations } from './settings.ts'
import type { RunPlan } from './simulate.ts'

/** What a seed decides before anything is started. */
export const planFor = (settings: RunSettings): Schedule =>
  planSchedule({
    nemeses: settings.nemeses,
    nodes: nodeNames(settings.nodes),
    durationMs: settings.timeMs,
    random: createRandom(settings.seed).fork('schedule'),
  })

export const runPlanOf = (settings: RunSettings, schedule: Schedule): RunPlan => ({
  bug: settings.bug,
  knobs: settings.knobs,
  nodes: settings.nodes,
  keys: settings.keys,
  cas: settings.operations.includes('cas'),
  clients: settings.clients,
  rate: settings.rate,
  timeMs: settings.timeMs,
  timeoutMs: settings.timeoutMs,
  quietMs: QUIET_MS,
  seed: settings.seed,
  schedule,
})

/** For the replicas to agree, once all is healed. */
const QUIET_MS = millis(10_000)

export const configOf = (settings: RunSettings): RunConfig => ({
  target: settings.protocol.name,
  bug: settings.bug,
  knobs: settings.knobs,
  nodes: settings.nodes,
  clients: settings.clients,
  rate: settings.rate,
  keys: settings.keys,
  operations: settings.operations,
  timeMs: settings.timeMs,
  timeoutMs: settings.timeoutMs,
  faults: settings.nemeses.map(({ name }) => name),
  seed: settings.seed,
})

/** The first line of the history, so that the file explains itself. */
export const headerOf = (settings: RunSettings): Header => ({
  chaos: 1,
  model: 'register',
  initial: null,
  extra: { target: settings.protocol.name, nodes: settings.nodes, seed: settings.seed },
})

/** The command that has this run once more. */
export function againCommand(settings: RunSettings): string {
  const { reference } = settings
  const words = ['npx', 'chaos', 'run', isUserFile(reference) ? '--protocol' : '--target', reference]
  words.push('--seed', String(settings.seed))
  const unlessDefault = (option: string, value: string | number, usual: string | number) => {
    if (value !== usual) words.push(`--${option}`, String(value))
  }
  const seconds = (durationMs: number) => `${durationMs / 1000}s`
  const faults = settings.nemeses.map(({ name }) => name).join(',')
  unlessDefault('nodes', settings.nodes, settings.protocol.defaultNodes)
  unlessDefault('time', seconds(settings.timeMs), RUN_DEFAULTS.time)
  unlessDefault('rate', settings.rate, RUN_DEFAULTS.rate)
  unlessDefault('clients', settings.clients, RUN_DEFAULTS.clients)
  unlessDefault('keys', settings.keys, RUN_DEFAULTS.keys)
  unlessDefault('operations', settings.operations.join(','), usualOperations(settings.protocol).join(','))
  unlessDefault('timeout', seconds(settings.timeoutMs), RUN_DEFAULTS.timeout)
  unlessDefault('faults', faults === '' ? 'none' : faults, RUN_DEFAULTS.faults)
  if (settings.bug !== undefined) words.push('--bug', settings.bug)
  for (const [name, value] of Object.entries(settings.knobs)) words.push('--set', `${name}=${value}`)
  const expect = expectOption(settings)
  if (expect !== undefined) words.push('--expect', expect)
  if (settings.simulated) words.push('--sim')
  return commandLine(words)
}
