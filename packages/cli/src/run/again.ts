import { CONFIG_NAMES, commandLine } from '@chaosproxy/engine'
import { DEFAULT_WORKLOAD, type PlannedRun, RUN_DEFAULTS, type RunSpec } from '@chaosproxy/runner'
import { wordsWithoutSecrets } from '@chaosproxy/runner/result'
import { SIMULATED } from '@chaosproxy/simulator'
import { isDeclaration, isUserFile } from '@chaosproxy/targets'
import type { SettingValue } from '@chaosproxy/workloads'
import type { LoadChoice } from '../arguments/load.ts'
import { broughtProbes, broughtTarget, broughtWorkload, repeating } from '../trust/brought.ts'
import { usualOperations, usualSetting } from './use.ts'

/**
 * The command that repeats this run: by its options if they suffice, otherwise by its `run.json`. With a configuration file
 * they do not, since they would be read with its defaults.
 */
export function againCommand(run: PlannedRun, runJson: string, config?: string, load?: LoadChoice): string {
  const { spec, target, targetSettings, expect } = run
  if (spec.target.traffic !== undefined)
    return commandLine(wordsWithoutSecrets(['npx', 'chaos', 'run', '--spec', runJson, '--trust']))
  const names = spec.faults.filter((fault) => typeof fault === 'string')
  if (names.length < spec.faults.length || config !== undefined) {
    const named = config === undefined || CONFIG_NAMES.includes(config) ? [] : ['--config', config]
    return commandLine(
      wordsWithoutSecrets(['npx', 'chaos', 'run', '--spec', runJson, ...named, ...repeats(spec), ...loadWords(load)]),
    )
  }
  const simulated = spec.target.name.startsWith(SIMULATED)
  const reference = simulated ? spec.target.name.slice(SIMULATED.length) : spec.target.name
  const words = [
    'npx',
    'chaos',
    'run',
    isUserFile(reference) && !isDeclaration(reference) ? '--protocol' : '--target',
    reference,
  ]
  words.push('--seed', String(spec.seed))
  const unlessDefault = <Value>(
    option: string,
    value: Value,
    usual: Value,
    print: (value: Value) => string = String,
  ) => {
    if (print(value) !== print(usual)) words.push(`--${option}`, print(value))
  }
  const seconds = (durationMs: number) => `${durationMs / 1000}s`
  unlessDefault('nodes', spec.nodes, target.defaultNodes)
  unlessDefault<number>('time', spec.timeMs, RUN_DEFAULTS.timeMs, seconds)
  unlessDefault<number>('rate', spec.rate, RUN_DEFAULTS.rate)
  unlessDefault<number>('clients', spec.clients, RUN_DEFAULTS.clients)
  words.push(...workloadWords(run))
  unlessDefault<number>('timeout', spec.timeoutMs, RUN_DEFAULTS.timeoutMs, seconds)
  unlessDefault<readonly string[]>('faults', names, RUN_DEFAULTS.faults, (all) => all.join(',') || 'none')
  if (spec.target.bug !== undefined) words.push('--bug', spec.target.bug)
  for (const [name, value] of Object.entries(spec.target.settings)) words.push('--set', `${name}=${value}`)
  // Without --expect a run is held to what the target promises.
  if (expect?.promised !== true) {
    const level = expect?.level ?? 'none'
    const promised = target.promises({
      workload: run.workload.name,
      object: run.workload.object,
      settings: targetSettings,
      faults: run.faultKinds,
    })
    if (level !== 'none' || promised !== 'nothing') words.push('--expect', level)
  }
  for (const required of spec.require ?? []) words.push('--require', required)
  if (simulated) words.push('--sim')
  words.push(...loadWords(load))
  return commandLine(wordsWithoutSecrets(words))
}

/** An address with a password is never typed, but named by its variable. */
const loadWords = (load: LoadChoice | undefined): readonly string[] =>
  load === undefined
    ? []
    : [
        ...['--queue', load.queue],
        ...(load.workers === undefined ? [] : ['--workers', String(load.workers)]),
        ...(load.reach === undefined ? [] : ['--reach', load.reach]),
      ]

/** A spec is data: what it names that runs code has to be repeated. */
const repeats = ({ target, workload, require = [] }: RunSpec): readonly string[] =>
  [...broughtTarget(target.name), ...broughtWorkload(workload.name), ...broughtProbes(require)].flatMap(repeating)

function workloadWords({ spec, target, workload }: PlannedRun): string[] {
  const { name, settings } = spec.workload
  const words = name === DEFAULT_WORKLOAD ? [] : ['--workload', name]
  const { keys, cas, ...others } = settings
  if (keys !== undefined && !(name === DEFAULT_WORKLOAD && keys === usualSetting(workload, 'keys')))
    words.push('--keys', String(keys))
  const usual = usualOperations(target).includes('cas')
  if (name !== DEFAULT_WORKLOAD) words.push(...setting('cas', cas))
  else if (cas === 0 && usual) words.push('--operations', 'read,write')
  else if (!usual && (cas === undefined || cas === usualSetting(workload, 'cas')))
    words.push('--operations', 'read,write,cas')
  else if (cas !== 0) words.push(...setting('cas', cas))
  for (const [other, value] of Object.entries(others)) words.push(...setting(other, value))
  return words
}

const setting = (name: string, value: SettingValue | undefined): string[] =>
  value === undefined ? [] : ['--workload-set', `${name}=${value}`]
