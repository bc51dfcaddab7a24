import { type Report, verdictOf } from '@chaosproxy/checker'
import type { Setting, Settings, SettingValue } from '@chaosproxy/workloads'
import type { PlannedRun } from '../plan/plan-run.ts'
import type { RunSummary } from '../result/run-summary.ts'

/**
 * The fewest other settings, at most two, that give up nothing; defaults before others. If there are none: one setting
 * with which the target promises a level that it broke. Empty if neither is known.
 */
export function strongerSettings(
  { target, targetSettings, workload, faultKinds, spec: { nodes } }: PlannedRun,
  report: Report<string>,
): Pick<RunSummary, 'stronger' | 'strongerPromise'> {
  if (target.weakness?.(targetSettings, nodes) === undefined) return {}
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
    return target.weakness?.(settings, nodes) === undefined && isValid(settings)
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
    const { name, object } = workload
    const level = target.promises({ workload: name, object, settings, faults: faultKinds })
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
