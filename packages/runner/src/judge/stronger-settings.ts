import { type Report, verdictOf } from '@chaosproxy/checker'
import type { Setting, Settings, SettingValue } from '@chaosproxy/workloads'
import { promiseOf } from '../plan/plan-faults.ts'
import type { PlannedRun } from '../plan/plan-run.ts'
import type { RunSummary } from '../result/run-summary.ts'

/**
 * Returns the smallest change of settings after which the target promises the violated level. If no change achieves
 * this, returns a change after which the target gives up fewer guarantees. Empty if no change is known to help.
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
  const weaknessOf = (settings: Settings): string | undefined =>
    target.weakness?.({ object, settings, faults: faultKinds, nodes })
  const givesUp = (settings: Settings): boolean => weaknessOf(settings) !== undefined
  const weakness = weaknessOf(targetSettings)
  if (weakness === undefined) return {}
  // If the target violated even the level that it promises with its present settings, the settings are not the cause.
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
  const brokenPromise = (settings: Settings): string | undefined => {
    const level = promiseOf(target, { workload: workloadName, object, settings, faults: faultKinds })
    return level !== 'nothing' && verdictOf(report, level).result === 'violated' ? level : undefined
  }
  const defaults = target.settings.map((each) => [each.name, each.default] as const).filter(isOther)
  const others = target.settings.flatMap((each) => valuesOf(each).map((value) => [each.name, value] as const))
  const changes = [defaults, others.filter(isOther)]
  const strong = changes.flatMap(changesOf).filter(isStrong)
  const alone = changes.flat().map((change): Settings => Object.fromEntries([change]))
  for (const stronger of [...strong, ...alone.filter((change) => isValid({ ...targetSettings, ...change }))]) {
    const strongerPromise = brokenPromise({ ...targetSettings, ...stronger })
    if (strongerPromise !== undefined) return { stronger, strongerPromise }
  }
  // No change makes the target promise a level that the history violates. Returns the first change that leaves no
  // weakness. If there is none, returns a change that leaves a smaller weakness (see `leastWeak`).
  const stronger =
    strong[0] ??
    leastWeak(changes.flat(), (change) => {
      const settings = { ...targetSettings, ...change }
      return isValid(settings) ? clausesOf(weaknessOf(settings)) : Number.POSITIVE_INFINITY
    })
  return Object.keys(stronger).length === 0 ? {} : { stronger }
}

const clausesOf = (weakness: string | undefined): number => weakness?.split('; ').length ?? 0

/** Finds changes greedily: each step leaves the fewest sacrificed guarantees. */
function leastWeak(
  changes: readonly (readonly [string, SettingValue])[],
  leftBy: (change: Settings) => number,
): Settings {
  let found: Settings = {}
  for (;;) {
    const [best] = changes
      .map((change): Settings => ({ ...found, ...Object.fromEntries([change]) }))
      .toSorted((one, other) => leftBy(one) - leftBy(other))
    if (best === undefined || leftBy(best) >= leftBy(found)) return found
    found = best
  }
}

/** Returns all single changes, followed by all pairs. */
const changesOf = (changes: readonly (readonly [string, SettingValue])[]): readonly Settings[] => [
  ...changes.map((change) => Object.fromEntries([change])),
  ...changes.flatMap((one, i) =>
    changes.slice(i + 1).flatMap((other) => (other[0] === one[0] ? [] : [Object.fromEntries([one, other])])),
  ),
]

/** Returns the values of a setting. Words such as `majority` come before numbers, because words are clearer. */
const valuesOf = ({ default: usual, values = [] }: Setting): readonly SettingValue[] =>
  typeof usual === 'boolean'
    ? [true, false]
    : values.toSorted((a, b) => Number(typeof a === 'number') - Number(typeof b === 'number'))
