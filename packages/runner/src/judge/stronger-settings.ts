import { type Report, verdictOf } from '@chaosproxy/checker'
import type { Setting, Settings, SettingValue } from '@chaosproxy/workloads'
import { promiseOf } from '../plan/plan-faults.ts'
import type { PlannedRun } from '../plan/plan-run.ts'
import type { RunSummary } from '../result/run-summary.ts'

/**
 * The fewest other settings, at most two, that give up nothing; defaults before others. If there are none: one setting
 * with which the target promises a level that it broke. Empty if neither is known.
 */
export function strongerSettings(
  {
    target,
    targetSettings,
    workload,
    faultKinds,
    spec: {
      nodes,
      target: { bug },
    },
  }: PlannedRun,
  report: Report<string>,
): Pick<RunSummary, 'stronger' | 'strongerPromise'> {
  const { name: workloadName, object } = workload
  const givesUp = (settings: Settings): boolean =>
    target.weakness?.({ object, settings, faults: faultKinds, nodes }) !== undefined
  if (!givesUp(targetSettings)) return {}
  // What breaks even what these settings promise is not what they give up.
  const promised = promiseOf(target, { workload: workloadName, object, settings: targetSettings, faults: faultKinds })
  if (bug === undefined && promised !== 'nothing' && verdictOf(report, promised).result === 'violated') return {}
  const isValid = (settings: Settings): boolean => {
    try {
      target.validate?.(settings, undefined, nodes)
      return true
    } catch {
      return false
    }
  }
  const isStrong = (change: Settings): boolean => {
    const settings = { ...targetSettings, ...change }
    return !givesUp(settings) && isValid(settings)
  }
  const isOther = ([name, value]: readonly [string, SettingValue]): boolean => targetSettings[name] !== value
  const defaults = target.settings.map((each) => [each.name, each.default] as const).filter(isOther)
  const others = target.settings.flatMap((each) => valuesOf(each).map((value) => [each.name, value] as const))
  const changes = [defaults, others.filter(isOther)]
  const stronger = changes.flatMap(changesOf).find(isStrong)
  if (stronger !== undefined) return { stronger }
  for (const change of changes.flat()) {
    const alone: Settings = Object.fromEntries([change])
    const settings = { ...targetSettings, ...alone }
    if (!isValid(settings)) continue
    const level = promiseOf(target, { workload: workloadName, object, settings, faults: faultKinds })
    if (level !== 'nothing' && verdictOf(report, level).result === 'violated')
      return { stronger: alone, strongerPromise: level }
  }
  return {}
}

/** Each alone, then each two of different names. */
const changesOf = (changes: readonly (readonly [string, SettingValue])[]): readonly Settings[] => [
  ...changes.map((change) => Object.fromEntries([change])),
  ...changes.flatMap((one, i) =>
    changes.slice(i + 1).flatMap((other) => (other[0] === one[0] ? [] : [Object.fromEntries([one, other])])),
  ),
]

/** Words say more than numbers: `majority` before 2. */
const valuesOf = ({ default: usual, values = [] }: Setting): readonly SettingValue[] =>
  typeof usual === 'boolean'
    ? [true, false]
    : values.toSorted((a, b) => Number(typeof a === 'number') - Number(typeof b === 'number'))
