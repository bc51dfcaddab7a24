import type { Accounting, Report, Staleness } from '@chaosproxy/checker'
import { type History, isAnswered, OK, plural } from '@chaosproxy/history'
import type { FaultSpan } from '../fault-spans.ts'
import { quantile } from '../statistics.ts'
import type { ProbeAnswer } from './probe.ts'

/** The subject of measurements: a run, or a file. */
export interface MeasuredRecord {
  readonly history: History
  readonly report: Report<string> | undefined
  readonly faults: readonly Spell[]
  /** Nanoseconds from healing until the copies agreed. Absent if they never agreed while the run waited. */
  readonly convergedAfterHealNanos?: number | undefined
  /** The answers of probes by the text of their requirement. */
  readonly answers?: ReadonlyMap<string, ProbeAnswer> | undefined
}

/** The time span in which a fault was in force, in nanoseconds. */
export type Spell = Pick<FaultSpan, 'kind' | 'name' | 'from' | 'to' | 'perhapsUntil'>

/** The unit of a figure: `99.5%` for a share from 0 to 1, `200ms` for nanoseconds, `0` for a count. */
export type Unit = 'share' | 'duration' | 'count'

/** A measured figure, or the reason why there is none. `atLeast` says why the true figure may be greater. */
export type Figure = { readonly value: number; readonly atLeast?: string | undefined } | { readonly why: string }

export interface Measure {
  readonly name: string
  readonly unit: Unit
  readonly summary: string
  /** Measures a subset of the operations. */
  readonly of?: (history: History, rows: readonly number[]) => Figure
  /** Whether the measure depends on times. Times are invalid while this program stood still. */
  readonly isTimed?: true
  readonly ofAll?: (record: MeasuredRecord) => Figure
}

/** The measures that requirements can use. */
export const measures: readonly Measure[] = [
  {
    name: 'availability',
    unit: 'share',
    isTimed: true,
    summary: 'share of the operations that were answered',
    of: (history, rows) => ({ value: rows.filter((row) => isAnswered(history, row)).length / rows.length }),
  },
  latency('p50', 0.5, 'half of the answers took at most this long'),
  latency('p99', 0.99, '99 of 100 answers took at most this long'),
  latency('p999', 0.999, '999 of 1,000 answers took at most this long'),
  {
    name: 'operations',
    unit: 'count',
    summary: 'how many operations were called',
    of: (_, rows) => ({ value: rows.length }),
  },
  {
    name: 'recovery',
    unit: 'duration',
    isTimed: true,
    summary:
      'longest time from the beginning of a fault to the first answer to an operation that was called after the beginning',
    ofAll: ({ history, faults }) =>
      faults.length === 0
        ? { why: 'no fault was recorded' }
        : { value: Math.max(...faults.map(({ from }) => firstAnswerAfter(history, from) - from)) },
  },
  {
    name: 'convergence',
    unit: 'duration',
    isTimed: true,
    summary: 'time from healing until all nodes gave the same answers',
    ofAll: ({ convergedAfterHealNanos: value }) =>
      value === undefined ? { why: 'no agreement of the nodes was seen after healing' } : { value },
  },
  {
    name: 'lost',
    unit: 'count',
    summary: 'acknowledged writes, elements or messages that were lost',
    ofAll: ({ report }) => (report === undefined ? NOT_CHECKED : lostOf(report)),
  },
  accounted('duplicated', 'elements or messages that were seen more often than added'),
  accounted('unexpected', 'elements or messages that were seen although nobody added them'),
  ...(['p50', 'p99', 'max'] as const).flatMap((rank) => [behind('staleness', rank), behind('versions', rank)]),
]

const NOT_CHECKED = { why: 'nothing was checked' } as const

function latency(name: string, share: number, summary: string): Measure {
  return {
    name,
    unit: 'duration',
    isTimed: true,
    summary,
    of(history, rows) {
      const { callTime, returnTime } = history.operations
      const answered = rows.filter((row) => isAnswered(history, row))
      if (answered.length === 0) return { why: 'none of the operations was answered' }
      const sorted = Float64Array.from(answered, (row) => (returnTime[row] ?? 0) - (callTime[row] ?? 0)).sort()
      return { value: quantile(sorted, share) }
    },
  }
}

/** Counts lost writes. Only final reads of the copies can show that no write was lost. */
function lostOf({ accounting, lost, levels }: Report<string>): Figure {
  if (accounting !== undefined) return ofAccounting(accounting, 'lost')
  if (lost.length > 0) return { value: lost.length }
  const eventual = levels['eventual']
  if (eventual === undefined) return { why: 'losses are not counted for this model' }
  return eventual.result === 'unknown' ? { why: eventual.reason.text } : { value: 0 }
}

function accounted(name: 'duplicated' | 'unexpected', summary: string): Measure {
  return {
    name,
    unit: 'count',
    summary,
    ofAll({ report }) {
      if (report === undefined) return NOT_CHECKED
      const { accounting, model } = report
      return accounting === undefined ? { why: `not counted for the model ${model}` } : ofAccounting(accounting, name)
    },
  }
}

function ofAccounting(
  { result, reason, isExcused, ...lists }: Accounting,
  list: 'lost' | 'duplicated' | 'unexpected',
): Figure {
  if (list === 'lost' && isExcused === true && lists.lost.length > 0)
    return { why: 'operations of unknown outcome may have taken what is missing' }
  const value = lists[list].reduce((sum, { count }) => sum + count, 0)
  return result === 'unknown' && value === 0 ? { why: reason } : { value }
}

/** Measures how stale reads were, in time or in writes. A linearizable history has the value 0. */
function behind(name: 'staleness' | 'versions', rank: 'p50' | 'p99' | 'max'): Measure {
  const inTime = name === 'staleness'
  return {
    name: `${name}.${rank}`,
    unit: inTime ? 'duration' : 'count',
    ...(inTime ? { isTimed: true } : {}),
    summary: `${inTime ? 'how long ago the value that a read returned had been overwritten' : 'how many writes had overwritten the value that a read returned'}: ${rank === 'max' ? 'at most' : rank}`,
    ofAll({ report }) {
      if (report === undefined) return NOT_CHECKED
      if (report.levels['linearizable']?.result === 'met') return { value: 0 }
      const { staleness } = report
      const found = inTime ? staleness?.behindNanos : staleness?.versionsBehind
      if (staleness === undefined || found === undefined)
        return { why: 'the record does not show when any value that was read had been overwritten' }
      return { value: found[rank], atLeast: unmeasured(staleness) }
    },
  }
}

function unmeasured({ reads: { ambiguous, unexplained } }: Staleness): string | undefined {
  const reads = ambiguous + unexplained
  return reads === 0 ? undefined : `${plural(reads, 'read')} returned what several operations wrote, or none`
}

/** Returns when the first operation called at `from` or later was answered, in nanoseconds. */
export function firstAnswerAfter(history: History, from: number): number {
  const { length, callTime, returnTime, outcome } = history.operations
  let first = Number.POSITIVE_INFINITY
  for (let row = 0; row < length; row++) {
    const called = callTime[row] ?? 0
    if (called < from || outcome[row] !== OK) continue
    if (called > first) break
    first = Math.min(first, returnTime[row] ?? first)
  }
  return first
}
