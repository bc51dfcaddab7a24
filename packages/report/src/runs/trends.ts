import { grouped } from '../words.ts'
import type { ListedRun } from './listed-run.ts'

/** The results of one subject, run by run, oldest first. */
export interface Trend {
  readonly target: string
  readonly workload: string
  readonly runs: readonly ListedRun[]
  readonly seeds: readonly { readonly seed: number; readonly runs: readonly ListedRun[] }[]
}

/** Groups runs by target and workload. A subject with a single run has no trend. */
export function trendsOf(runs: readonly ListedRun[]): readonly Trend[] {
  const bySubject = grouped(
    runs.filter(({ hasResult }) => hasResult).sort((a, b) => order(a).localeCompare(order(b))),
    ({ target, workload }) => JSON.stringify([target, workload]),
  )
  return [...bySubject.values()]
    .filter(({ length }) => length > 1)
    .map((same) => ({
      target: same[0]?.target ?? '',
      workload: same[0]?.workload ?? '',
      runs: same,
      seeds: seedsOf(same),
    }))
    .sort((a, b) => order(b.runs.at(-1)).localeCompare(order(a.runs.at(-1))))
}

const order = (run: ListedRun | undefined): string => `${run?.startedAt ?? ''} ${run?.name ?? ''}`

function seedsOf(runs: readonly ListedRun[]): Trend['seeds'] {
  const bySeed = grouped(
    runs.filter(({ seed }) => seed !== undefined),
    ({ seed }) => seed,
  )
  return [...bySeed.values()]
    .filter(({ length }) => length > 1)
    .map((same) => ({ seed: same[0]?.seed ?? 0, runs: same }))
}
