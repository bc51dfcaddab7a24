import { type Report, verdictOf } from '@chaosproxy/checker'
import { stopsNodes } from '@chaosproxy/faults'
import { type History, isAnswered } from '@chaosproxy/history'
import { comparedLevels, levelsOfModel } from '@chaosproxy/runner/result'
import { type MeasureInput, rowsWhere } from './measure-input.ts'
import { isTrouble } from './network.ts'
import { type Recovery, recoveryOf } from './recovery.ts'

/** The measurements of one run, as plain data that threads can exchange. */
export interface Measurement {
  /** The judged levels, strongest first. `met` and `violated` contain some of them. */
  readonly levels: readonly string[]
  readonly met: readonly string[]
  readonly violated: readonly string[]
  /**
   * The share of requests to live nodes that were answered. Only requests during the fault count or, if the run has no
   * fault, all requests.
   */
  readonly availability: number
  readonly practical: number
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly readP50: number | undefined
  readonly writeP50: number | undefined
  readonly staleNanos: number | undefined
  readonly staleShare: number
  readonly outageNanos: number
  /** The time until recovery; absent without a fault. */
  readonly recovery: Recovery | undefined
  /** The run's time is divided into equal parts. For each part: the number of answers per second. */
  readonly goodput: readonly number[]
  /**
   * The number of acknowledged writes that the final state lacks. On registers, only writes without a later write
   * count. Absent for transactions, whose levels cover lost writes.
   */
  readonly lost: number | undefined
}

export function measure(input: MeasureInput): Measurement {
  const { report, hasObserved } = input
  const rows = rowsUnderFault(input)
  const answered = rows.filter((row) => isAnswered(input.history, row))
  const elsewhere = answeredElsewhere(input, rows)
  const latencies = (wanted?: 'read' | 'write') =>
    Float64Array.from(
      answered.filter((row) => wanted === undefined || isRead(input.history, row) === (wanted === 'read')),
      (row) => latencyOf(input.history, row),
    ).sort()
  const all = latencies()
  return {
    levels: summing(report),
    met: hasObserved ? levelsWith(report, 'met') : [],
    violated: levelsWith(report, 'violated'),
    availability: meanOverNodes(input.history, rows, (row) => isAnswered(input.history, row)),
    practical: meanOverNodes(input.history, rows, (row) => isAnswered(input.history, row) || elsewhere.has(row)),
    p50: percentile(all, 0.5),
    p99: percentile(all, 0.99),
    readP50: percentile(latencies('read'), 0.5),
    writeP50: percentile(latencies('write'), 0.5),
    staleNanos: staleOf(report),
    staleShare: share(report.staleness?.reads.stale ?? 0, report.staleness?.reads.measured ?? 0, 0),
    outageNanos: longestOutage(input),
    recovery: recoveryOf(input),
    goodput: answersOverTime(input),
    lost: report.transactions === undefined ? (report.accounting?.lost.length ?? report.lost.length) : undefined,
  }
}

/**
 * Returns the answered share, as the mean over the nodes. Each node counts equally, because clients that wait for an
 * answer send fewer requests.
 */
function meanOverNodes({ operations }: History, rows: readonly number[], answered: (row: number) => boolean): number {
  const nodes = new Map<number, { asked: number; answered: number }>()
  for (const row of rows) {
    const node = operations.node[row] ?? -1
    const counts = nodes.get(node) ?? { asked: 0, answered: 0 }
    nodes.set(node, counts)
    counts.asked++
    if (answered(row)) counts.answered++
  }
  return share(
    Array.from(nodes.values(), (counts) => counts.answered / counts.asked).reduce((sum, one) => sum + one, 0),
    nodes.size,
  )
}

const share = (some: number, all: number, none = 1): number => (all === 0 ? none : some / all)

const summing = (report: Report<string>): readonly string[] => {
  const ofModel = levelsOfModel(report)
  return comparedLevels(Object.keys(report.levels)).filter((level) => ofModel.includes(level))
}

const levelsWith = (report: Report<string>, result: 'met' | 'violated'): readonly string[] =>
  summing(report).filter((level) => verdictOf(report, level).result === result)

function staleOf({ staleness }: Report<string>): number | undefined {
  const behind = staleness?.behindNanos?.max ?? 0
  return behind > 0 ? behind : undefined
}

/** Returns the operations called during a fault, at nodes that it had not stopped. */
function rowsUnderFault({ history, faults, healedAt }: MeasureInput): number[] {
  const { callTime, node } = history.operations
  const trouble = faults.filter(isTrouble)
  return rowsWhere(history, (row) => {
    const at = callTime[row] ?? 0
    if (at >= healedAt) return false
    const current = trouble.filter(({ from, to }) => from <= at && at < to)
    if (trouble.length > 0 && current.length === 0) return false
    const called = history.nodes[node[row] ?? -1]
    return !current.some(
      ({ fault }) => stopsNodes(fault.kind) && 'nodes' in fault && called !== undefined && fault.nodes.includes(called),
    )
  })
}

function isRead({ functions, operations, values }: History, row: number): boolean {
  const range = values.microRange(operations.input[row] ?? -1)
  if (range === undefined) return functions[operations.f[row] ?? -1] === 'read'
  const { kind = [], kinds = [] } = values.microOperations() ?? {}
  // In the operations of workloads, `r` stands for a read.
  for (let at = range.from; at < range.to; at++) if (kinds[kind[at] ?? -1] !== 'r') return false
  return true
}

const latencyOf = ({ operations }: History, row: number): number =>
  (operations.returnTime[row] ?? 0) - (operations.callTime[row] ?? 0)

/**
 * Returns the unanswered operations that another node would have answered, because it answered a similar operation at
 * the same time.
 */
function answeredElsewhere({ history, timeoutNanos }: MeasureInput, rows: readonly number[]): ReadonlySet<number> {
  const { callTime, f, node } = history.operations
  const saved = new Set<number>()
  for (const [place, row] of rows.entries()) {
    if (isAnswered(history, row)) continue
    const until = (callTime[row] ?? 0) + timeoutNanos
    for (let i = place + 1; i < rows.length; i++) {
      const other = rows[i] ?? -1
      if ((callTime[other] ?? 0) >= until) break
      if (f[other] !== f[row] || node[other] === node[row] || !isAnswered(history, other)) continue
      // A node may refuse transactions that write, and still answer transactions that only read.
      if (isRead(history, other) !== isRead(history, row)) continue
      saved.add(row)
      break
    }
  }
  return saved
}

/** Returns the longest time between two answers to writes. */
function longestOutage({ history, healedAt }: MeasureInput): number {
  const { returnTime } = history.operations
  const writes = rowsWhere(history, (row) => !isRead(history, row) && isAnswered(history, row))
  const times = writes.map((row) => returnTime[row] ?? 0).sort((a, b) => a - b)
  return [...times, healedAt].reduce(
    ({ longest, before }, at) => ({ longest: Math.max(longest, at - before), before: at }),
    { longest: 0, before: 0 },
  ).longest
}

/** Nearest rank. */
function percentile(sorted: Float64Array, part: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]
}

/**
 * The number of parts into which a run is divided. More parts would not fit into a table cell. With fewer parts, the
 * beginning and the end of a fault would not be visible.
 */
const PARTS = 24

/** Returns the answers per second in each part of the run, without the final reads. */
function answersOverTime({ history, timeNanos }: MeasureInput): readonly number[] {
  const { returnTime } = history.operations
  const counts: number[] = new Array(PARTS).fill(0)
  for (const row of rowsWhere(history, (row) => isAnswered(history, row))) {
    const part = Math.floor(((returnTime[row] ?? 0) / timeNanos) * PARTS)
    // The run's time is divided into `PARTS` equal parts. Answers after the end of this time belong to none of them.
    if (part < PARTS) counts[part] = (counts[part] ?? 0) + 1
  }
  return counts.map((count) => (count * PARTS * 1e9) / timeNanos)
}
