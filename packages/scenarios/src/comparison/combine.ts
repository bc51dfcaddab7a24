import type { ComparedCell, Spread, ToldRun } from '@chaosproxy/report'
import { AVAILABLE } from '@chaosproxy/runner/result'
import { levelOfBoth, levelsByStrength, type Measurement } from './measure.ts'
import type { Recovery } from './recovery.ts'

/** What was measured by one run. */
interface Run {
  readonly measurement: Measurement
  /** Absent if nothing was promised. */
  readonly kept: boolean | 'unknown' | undefined
  /** What happened, if it did not keep its promise. */
  readonly broken?: ToldRun | undefined
  /** The command that repeats it. */
  readonly again: string
}

/** A run of one cell. */
export interface MeasuredRun extends Run {
  /** The same with additions to sets, none of which hides the loss of another, where the target has sets. */
  readonly sets?: Run | undefined
}

/** The runs of one system under one condition as one cell: the weakest level, and medians of the numbers. */
export function combineRuns(
  condition: string,
  promised: string,
  runs: readonly [MeasuredRun, ...MeasuredRun[]],
): ComparedCell {
  const [first] = runs
  const weakest = runs.reduce((worst, run) => (strength(run) > strength(worst) ? run : worst), first)
  const level = levelOfRun(weakest)
  const broken = [weakest, ...runs]
    .flatMap((run) => [run.sets ?? [], run].flat())
    .find((run) => run.broken !== undefined)
  const all = runs.map(({ measurement }) => measurement)
  const [p50, p99] = [median(all.flatMap((one) => one.p50 ?? [])), median(all.flatMap((one) => one.p99 ?? []))]
  const stale = all.flatMap(({ staleNanos }) => staleNanos ?? [])
  return {
    condition,
    promised,
    level,
    weakest: runs.filter((run) => levelOfRun(run) === level).length,
    runs: runs.length,
    kept: keptByAll(runs),
    availability: spread(all.map(({ availability }) => availability)),
    available: all.filter(({ availability }) => availability >= AVAILABLE).length,
    practical: spread(all.map(({ practical }) => practical)),
    latency:
      p50 === undefined || p99 === undefined
        ? undefined
        : {
            p50,
            p99,
            readP50: median(all.flatMap((one) => one.readP50 ?? [])),
            writeP50: median(all.flatMap((one) => one.writeP50 ?? [])),
          },
    staleNanos: stale.length === 0 ? undefined : Math.max(...stale),
    staleShare: median(all.map(({ staleShare }) => staleShare)) ?? 0,
    outageNanos: median(all.map(({ outageNanos }) => outageNanos)) ?? 0,
    recovery: medianRecovery(all.flatMap((one) => one.recovery ?? [])),
    goodput: first.measurement.goodput.map((_, part) => Math.round(mean(all.map(({ goodput }) => goodput[part] ?? 0)))),
    lost: runs.reduce((sum, { measurement, sets }) => sum + (sets?.measurement ?? measurement).lost, 0),
    ...(broken === undefined ? {} : { broken: broken.broken }),
    again: (broken ?? weakest).again,
  }
}

const levelOfRun = ({ measurement, sets }: MeasuredRun): string => levelOfBoth(measurement, sets?.measurement)

const strength = (run: MeasuredRun): number => levelsByStrength.indexOf(levelOfRun(run))

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
