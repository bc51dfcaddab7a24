import type { ComparedCell, LevelResult, RunTelling, Spread } from '@chaosproxy/report'
import { AVAILABLE } from '@chaosproxy/runner/result'
import type { Measurement } from './measure.ts'
import type { Recovery } from './recovery.ts'

interface Run {
  readonly measurement: Measurement
  readonly kept: boolean | 'unknown' | undefined
  /** The description of the run; absent unless the run broke the promise. */
  readonly broken?: RunTelling | undefined
  /** How to find out whether the promise was kept, if the run leaves it undecided. */
  readonly toDecide?: string | undefined
  readonly again: string
}

export interface MeasuredRun extends Run {
  /**
   * The run that adds elements to sets, in which one lost write cannot hide another. Absent without faults, for a
   * target without sets, and if the user chose a workload.
   */
  readonly sets?: Run | undefined
}

/**
 * Combines the runs of one system under one condition into a cell of the comparison. The cell has the weakest level of
 * the runs, and the medians of their measurements.
 */
export function combineRuns(
  condition: string,
  promised: string,
  runs: readonly [MeasuredRun, ...MeasuredRun[]],
): ComparedCell {
  const [first] = runs
  const weakest = runs.reduce((worst, run) => (strength(run) > strength(worst) ? run : worst), first)
  const levels = resultsOf(runs)
  const all = [weakest, ...runs].flatMap((run) => [run.sets ?? [], run].flat())
  const broken = all.find((run) => run.broken !== undefined)
  const open = all.find((run) => run.toDecide !== undefined)
  const measured = runs.map(({ measurement }) => measurement)
  const [p50, p99] = [
    median(measured.flatMap((one) => one.p50 ?? [])),
    median(measured.flatMap((one) => one.p99 ?? [])),
  ]
  const stale = measured.flatMap(({ staleNanos }) => staleNanos ?? [])
  return {
    condition,
    promised,
    level: strongestIn(levels),
    levels,
    weakest: runs.filter((run) => strength(run) === strength(weakest)).length,
    runs: runs.length,
    kept: keptByAll(runs),
    availability: spread(measured.map(({ availability }) => availability)),
    available: measured.filter(({ availability }) => availability >= AVAILABLE).length,
    practical: spread(measured.map(({ practical }) => practical)),
    latency:
      p50 === undefined || p99 === undefined
        ? undefined
        : {
            p50,
            p99,
            readP50: median(measured.flatMap((one) => one.readP50 ?? [])),
            writeP50: median(measured.flatMap((one) => one.writeP50 ?? [])),
          },
    staleNanos: stale.length === 0 ? undefined : Math.max(...stale),
    staleShare: median(measured.map(({ staleShare }) => staleShare)) ?? 0,
    outageNanos: median(measured.map(({ outageNanos }) => outageNanos)) ?? 0,
    recovery: medianRecovery(measured.flatMap((one) => one.recovery ?? [])),
    goodput: first.measurement.goodput.map((_, part) =>
      Math.round(mean(measured.map(({ goodput }) => goodput[part] ?? 0))),
    ),
    ...lostIn(runs),
    ...(broken === undefined ? {} : { broken: broken.broken }),
    ...(open === undefined ? {} : { toDecide: open.toDecide }),
    again: (broken ?? open ?? weakest).again,
  }
}

type Results = ComparedCell['levels']

/** Returns the result of each level: met if all runs met it, violated if one violated it. */
function resultsOf(runs: readonly [MeasuredRun, ...MeasuredRun[]]): Results {
  const results = (level: string): readonly LevelResult[] => runs.map((run) => resultOf(run, level))
  return Object.fromEntries(
    runs[0].measurement.levels.map((level): [string, LevelResult] => {
      const all = results(level)
      return [level, (['violated', 'unknown'] as const).find((result) => all.includes(result)) ?? 'met']
    }),
  )
}

/**
 * Returns the result of a level for a run. `sets` is an additional run with the workload `set`. If it is present, its
 * violations count as well.
 */
function resultOf({ measurement, sets }: MeasuredRun, level: string): LevelResult {
  const broken = sets?.measurement.violated ?? []
  // On sets, levels between `eventual` and the strongest are not judged. If `eventual` is violated, they count as
  // violated.
  if ([level, 'eventual'].some((each) => broken.includes(each)) || measurement.violated.includes(level))
    return 'violated'
  return measurement.met.includes(level) ? 'met' : 'unknown'
}

/** Returns the strongest level that was met, or else `unknown` or `none`. */
function strongestIn(results: Results): string {
  const all = Object.entries(results)
  const met = all.find(([, result]) => result === 'met')
  return met?.[0] ?? (all.some(([, result]) => result === 'unknown') ? 'unknown' : 'none')
}

/** Higher if weaker. */
function strength(run: MeasuredRun): number {
  const level = strongestIn(resultsOf([run]))
  return [...run.measurement.levels, 'unknown', 'none'].indexOf(level)
}

/** Returns the number of lost writes in all runs that counted them. */
function lostIn(runs: readonly MeasuredRun[]): Pick<ComparedCell, 'lost'> {
  const known = runs.flatMap(({ measurement, sets }) => (sets?.measurement ?? measurement).lost ?? [])
  return known.length === 0 ? {} : { lost: known.reduce((sum, lost) => sum + lost, 0) }
}

function keptByAll(runs: readonly MeasuredRun[]): ComparedCell['kept'] {
  const all = runs.flatMap(({ kept, sets }) => (sets === undefined ? [kept] : [kept, sets.kept]))
  if (all.includes(false)) return false
  if (all.includes('unknown')) return 'unknown'
  return all.includes(undefined) ? undefined : true
}

function medianRecovery(recoveries: readonly Recovery[]): Recovery | undefined {
  const middle = median(recoveries.map((one) => (one === 'never' ? Number.POSITIVE_INFINITY : one)))
  return middle === Number.POSITIVE_INFINITY ? 'never' : middle
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length

const spread = (values: readonly number[]): Spread => ({
  median: median(values) ?? 1,
  least: Math.min(...values),
  most: Math.max(...values),
})

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}
