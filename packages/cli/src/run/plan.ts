import { createRandom, planSchedule, type Schedule } from '@chaos/faults'
import type { Header } from '@chaos/history'
import type { RunConfig } from '@chaos/report'
import type { RunSettings } from './settings.ts'

/** What a seed decides before anything is started. */
export const planFor = (settings: RunSettings): Schedule =>
  planSchedule({
    nemeses: settings.nemeses,
    durationMs: settings.timeMs,
    random: createRandom(settings.seed).fork('schedule'),
  })

export const configOf = (settings: RunSettings): RunConfig => ({
  target: settings.protocol.name,
  bug: settings.bug,
  knobs: settings.knobs,
  nodes: settings.nodes,
  clients: settings.clients,
  rate: settings.rate,
  keys: settings.keys,
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
  const words = ['npx chaos run', '--target', settings.protocol.name, '--seed', String(settings.seed)]
  const unlessDefault = (option: string, value: string | number, usual: string | number) => {
    if (value !== usual) words.push(`--${option}`, String(value))
  }
  unlessDefault('nodes', settings.nodes, settings.protocol.defaultNodes)
  unlessDefault('time', `${settings.timeMs / 1000}s`, '20s')
  unlessDefault('rate', settings.rate, 1500)
  unlessDefault('clients', settings.clients, 10)
  unlessDefault('keys', settings.keys, 5)
  unlessDefault('timeout', `${settings.timeoutMs / 1000}s`, '1s')
  unlessDefault('faults', settings.nemeses.map(({ name }) => name).join(',') || 'none', 'partition,kill,pause')
  if (settings.bug !== undefined) words.push('--bug', settings.bug)
  for (const [name, value] of Object.entries(settings.knobs)) words.push('--set', `${name}=${value}`)
  if (settings.simulated) words.push('--sim')
  return words.join(' ')
}
