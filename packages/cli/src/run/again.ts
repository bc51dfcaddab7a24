import { isDeepStrictEqual } from 'node:util'
import { CONFIG_NAMES, commandLine } from '@chaosproxy/engine/run'
import { DEFAULT_WORKLOAD, type PlannedRun, promiseOf, RUN_DEFAULTS, type RunSpec } from '@chaosproxy/runner'
import { wordsWithoutSecrets } from '@chaosproxy/runner/result'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { isDeclaration, isUserFile } from '@chaosproxy/targets/named'
import { typedMembers, wordsFor } from '../arguments/declare.ts'
import type { LoadChoice } from '../arguments/load.ts'
import { printSettings } from '../arguments/names.ts'
import { workloadTyped } from '../arguments/workload.ts'
import type { Options, Typed } from '../option.ts'
import { broughtProbes, broughtTarget, broughtWorkload, repeating } from '../trust/brought.ts'
import { use, usualOperations, usualSetting } from './use.ts'

/**
 * Returns the command that repeats this run. It names the run's `run.json` if options do not suffice, for instance
 * because the defaults of a configuration would apply.
 */
export function againCommand(run: PlannedRun, runJson: string, config?: string, load?: LoadChoice): string {
  const { spec } = run
  if (spec.target.traffic !== undefined) return runCommandLine(wordsFor({ spec: runJson, trust: true }))
  if (spec.faults.some((fault) => typeof fault !== 'string') || config !== undefined) {
    const named = config === undefined || CONFIG_NAMES.includes(config) ? undefined : config
    return runCommandLine([...wordsFor({ spec: runJson, config: named }), ...repeats(spec), ...wordsFor({ ...load })])
  }
  const isSimulated = spec.target.name.startsWith(SIMULATED)
  const reference = isSimulated ? spec.target.name.slice(SIMULATED.length) : spec.target.name
  return runCommandLine(
    wordsFor({
      [isUserFile(reference) && !isDeclaration(reference) ? 'protocol' : 'target']: reference,
      seed: spec.seed,
      ...typedMembers(unusualMembers(run), use.options),
      ...workloadOf(run),
      bug: spec.target.bug,
      set: printSettings(spec.target.settings),
      sim: isSimulated,
      ...load,
    }),
  )
}

/** The command line for a run, without passwords. */
const runCommandLine = (words: readonly string[]): string =>
  commandLine(wordsWithoutSecrets(['npx', 'chaos', 'run', ...words]))

/** Returns the members of a run that differ from the defaults. */
function unusualMembers(run: PlannedRun): { readonly [Member in keyof RunSpec]?: unknown } {
  const { usualFaults, ...spec } = run.spec
  const faults = usualFaults === true ? spec.faults : run.target.usual === undefined ? RUN_DEFAULTS.faults : undefined
  const { defaultNodes: nodes, usual: own } = run.target
  const usual: { readonly [member: string]: unknown } = { ...RUN_DEFAULTS, ...own?.load, nodes, faults }
  const members = { ...spec, expect: expectTyped(run) }
  return Object.fromEntries(
    Object.entries(members).filter(([member, value]) => !isDeepStrictEqual(value, usual[member])),
  )
}

/**
 * Returns the options that name the programs and files in a spec. The command needs these options, because code in a
 * spec runs only if the command line or the configuration names it too, or with `--trust`.
 */
const repeats = ({ target, workload, require = [] }: RunSpec): readonly string[] =>
  [...broughtTarget(target.name), ...broughtWorkload(workload.name), ...broughtProbes(require)].flatMap(repeating)

/** Returns the value of `--expect`, unless it is the level that the target promises. */
function expectTyped({ target, workload, targetSettings, faultKinds, expect }: PlannedRun): string | undefined {
  if (expect?.promised === true) return undefined
  const question = { workload: workload.name, object: workload.object, settings: targetSettings, faults: faultKinds }
  return expect?.level ?? (promiseOf(target, question) === 'nothing' ? undefined : 'none')
}

function workloadOf({ spec, target, workload }: PlannedRun): Typed<Options> {
  const { name, settings } = spec.workload
  const own = target.usual?.workload
  if (own !== undefined && isDeepStrictEqual({ name, settings }, { name: own.name, settings: own.settings })) return {}
  const { keys, cas, ...others } = settings
  const isUsual = name === DEFAULT_WORKLOAD
  const usesCas = usualOperations(target).includes('cas')
  // For the default workload, `--operations` replaces the setting `cas`.
  const without = isUsual && cas === 0 && usesCas
  const within = isUsual && !usesCas && (cas === undefined || cas === usualSetting(workload, 'cas'))
  const isLeftOut = cas === undefined || without || within || (isUsual && cas === 0)
  return {
    // Makes `workload` the first member of the object, before the settings. The call of `workloadTyped` sets its value.
    workload: undefined,
    keys: keys === undefined || (isUsual && keys === usualSetting(workload, 'keys')) ? undefined : String(keys),
    operations: without ? 'read,write' : within ? 'read,write,cas' : undefined,
    ...workloadTyped(isUsual ? undefined : name, isLeftOut ? others : { cas, ...others }),
  }
}
