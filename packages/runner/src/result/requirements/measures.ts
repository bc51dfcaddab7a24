import type { Accounted, Accounting, OperationRow, Report, Staleness } from '@chaosproxy/checker'
import { FLAG_FINAL, type History, inputOf, isAnswered, mayChange, OK, plural } from '@chaosproxy/history'
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
  /** Maps the text of each requirement that has a probe to the probe's answer. */
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
  /** Whether the measure depends on times. Times are invalid if this program stood still. */
  readonly isTimed?: true
  readonly ofAll?: (record: MeasuredRecord) => Figure
}

/** The measures that requirements can use. */
export const measures: readonly Measure[] = [
  {
    name: 'availability',
    unit: 'share',
    isTimed: true,
    summary: 'share of the operations that were answered without an error',
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
      value === undefined ? { why: 'the time at which all nodes agreed after healing was not recorded' } : { value },
  },
  {
    name: 'lost',
    unit: 'count',
    summary: 'acknowledged writes, elements or messages that were lost',
    ofAll: ({ history, report }) => (report === undefined ? NOT_CHECKED : lostOf(history, report)),
  },
  accounted('duplicated', 'messages that were seen more often than added, or elements that one read had twice'),
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
      if (answered.length === 0) return { why: 'none of the operations was answered without an error' }
      const sorted = Float64Array.from(answered, (row) => (returnTime[row] ?? 0) - (callTime[row] ?? 0)).sort()
      return { value: quantile(sorted, share) }
    },
  }
}

/**
 * Counts the lost elements, writes or additions. If final reads are missing and no loss is known, the number of lost
 * writes or additions is unknown.
 */
function lostOf(history: History, { accounting, lost, levels }: Report<string>): Figure {
  const eventual = levels['eventual']
  if (accounting?.okAre === 'seen') return lostElements(accounting)
  if (lost.length > 0) return { value: lost.length }
  if (eventual?.result === 'unknown') return { why: eventual.reason.text }
  if (accounting !== undefined) return lostAdditions(history, accounting)
  return eventual === undefined ? { why: 'losses are not counted for this model' } : { value: 0 }
}

function lostElements(accounting: Accounting): Figure {
  const { excuse, lost, neverRead, noun, surelyLost } = accounting
  if (excuse !== undefined) return { why: EXCUSES[excuse] }
  if (noun === 'message' && surelyLost < countOf(lost)) return { value: surelyLost, atLeast: EXCUSES.taken }
  const figure = ofAccounting(accounting, 'lost')
  return 'why' in figure || neverRead.length === 0
    ? figure
    : { ...figure, atLeast: `no read shows whether ${plural(neverRead.length, noun)} stayed` }
}

const EXCUSES = {
  inside: 'nothing shows that the queue was drained, so what is missing may still be inside',
  taken: 'operations of unknown outcome may have taken the missing messages',
} as const

/**
 * Counts the additions that no final read of a counter contains. Returns the least possible number, as if each lost
 * addition had the largest amount.
 */
function lostAdditions(history: History, { unexpected }: Accounting): Figure {
  const { key, flags, outcome, f } = history.operations
  const shortBy = new Map(
    unexpected.map(({ operation, value, bounds = [0, 0] }) => [operation, bounds[0] - Number(value)]),
  )
  const ends = new Map<number, number[]>()
  let largest = 0
  for (const [row, counter] of key.entries()) {
    if (mayChange(history.functions[f[row] ?? 0] ?? ''))
      largest = Math.max(largest, Math.abs(Number(inputOf(history, row) ?? 1)))
    else if (((flags[row] ?? 0) & FLAG_FINAL) !== 0 && outcome[row] === OK)
      ends.set(counter, [...(ends.get(counter) ?? []), shortBy.get(row as OperationRow) ?? 0])
  }
  if (ends.size === 0) return { why: 'no final read of a counter succeeded' }
  if (largest === 0) return { value: 0 }
  const wrong = [...ends.values()].filter((each) => !each.includes(0))
  const low = wrong.map((each) => Math.ceil(Math.max(0, Math.min(...each)) / largest))
  return {
    value: low.reduce((sum, each) => sum + each, 0),
    atLeast: wrong.length === 0 ? undefined : 'a sum does not show how many additions are missing',
  }
}

const countOf = (elements: readonly Accounted[]): number => elements.reduce((sum, { count }) => sum + count, 0)

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

function ofAccounting({ result, reason, ...lists }: Accounting, list: 'lost' | 'duplicated' | 'unexpected'): Figure {
  const value = countOf(lists[list])
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
        return { why: 'the record does not show when the value of each read was overwritten' }
      return { value: found[rank], atLeast: unmeasured(staleness) }
    },
  }
}

function unmeasured({ reads: { ambiguous, unexplained } }: Staleness): string | undefined {
  const reads = ambiguous + unexplained
  return reads === 0 ? undefined : `${plural(reads, 'read')} returned what several operations wrote, or none`
}

/** Returns the earliest return of a successful operation called at `from` or later, in nanoseconds, or Infinity. */
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
