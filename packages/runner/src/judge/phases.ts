import type { Report } from '@chaosproxy/checker'
import { type Fault, faultName, type NodeId } from '@chaosproxy/faults'
import { byName, FLAG_FINAL, type History, isAnswered, type Nanos, nanos } from '@chaosproxy/history'
import type { RunOutcome } from '../ports/run-outcome.ts'
import { hasMajority, isStopping } from '../result/majority.ts'
import { firstAnswerAfter } from '../result/requirements/measures.ts'
import type { FaultRecord, NodeSummary, PhaseSummary } from '../result/run-summary.ts'

/** A time span of the run during which the same faults were in force. */
interface Stretch {
  readonly phase: string
  readonly majority: boolean
  readonly from: Nanos
  readonly to: Nanos
}

const CALM = 'calm'
const HEALED = 'healed'
const NO_MAJORITY = ', no majority up'

interface PhaseBounds extends Pick<RunOutcome, 'nodes' | 'healedAt' | 'endedAt'> {
  readonly report?: Report<string> | undefined
}

/**
 * Splits the run at the beginning and end of every fault, and summarizes each phase. The phases are `calm`, each
 * combination of faults (`kill+partition`; with `?` for a fault that may have been in force), and `healed` (everything
 * after the last healing). Without a reachable majority, a phase says so (`kill, no majority up`), because a system
 * that needs a majority cannot answer then.
 */
export function summarizePhases(
  history: History,
  faults: readonly FaultRecord[],
  { nodes, healedAt, endedAt, report }: PhaseBounds,
): PhaseSummary[] {
  const stretches = cutIntoStretches(faults, nodes, healedAt, endedAt)
  const rowsOf = new Map<string, number[]>()
  for (const { phase } of stretches) rowsOf.set(phase, [])
  const { length, callTime } = history.operations
  let position = 0
  for (let row = 0; row < length; row++) {
    const called = callTime[row] ?? 0
    while (position < stretches.length - 1 && called >= (stretches[position]?.to ?? 0)) position += 1
    const phase = stretches[position]?.phase
    if (phase !== undefined) rowsOf.get(phase)?.push(row)
  }
  const wrong = wrongIn(report)
  return [...rowsOf].map(([phase, rows]) => {
    const latencies = answeredLatencies(history, rows)
    const own = stretches.filter((stretch) => stretch.phase === phase)
    const recoveries = faults
      .filter(
        ({ fault, from }) => phase.split(NO_MAJORITY)[0] === faultName(fault) && own.some((each) => each.from === from),
      )
      .flatMap(({ recoveryNanos }) => recoveryNanos ?? [])
    return {
      phase,
      majority: own.every(({ majority }) => majority),
      share: shareOf(phase, stretches, endedAt),
      operations: rows.length,
      availability: rows.length === 0 ? 1 : latencies.length / rows.length,
      ...availabilityOfUp(history, rows, faults),
      p50Nanos: percentile(latencies, 0.5),
      p99Nanos: percentile(latencies, 0.99),
      ...(recoveries.length > 0 ? { slowestRecoveryNanos: nanos(Math.max(...recoveries)) } : {}),
      ...wrong(rows),
    }
  })
}

/**
 * Counts the stale reads among some operations, and finds the levels that these operations violate. A read whose value
 * is `unexpected` in the report's accounting also counts as a violation. The accounting names no level for the read, so
 * the read is assigned to the strongest violated level.
 */
function wrongIn(
  report: Report<string> | undefined,
): (rows: readonly number[]) => Pick<PhaseSummary, 'staleReads' | 'violated'> {
  if (report === undefined) return () => ({})
  const stale = report.staleness === undefined ? undefined : new Set(report.staleness.staleRows)
  const ends = Object.entries(report.levels).flatMap(([level, verdict]) => {
    if (verdict.result !== 'violated') return []
    const { culprit, operations } = verdict.counterexample
    const row = culprit ?? operations.at(-1)?.operation
    return row === undefined ? [] : [{ level, row }]
  })
  const [strongest] = ends
  const impossible = strongest === undefined ? [] : (report.accounting?.unexpected ?? [])
  ends.push(
    ...impossible.flatMap(({ operation }) =>
      strongest === undefined ? [] : { level: strongest.level, row: operation },
    ),
  )
  return (rows) => {
    const own = new Set(rows)
    return {
      ...(stale === undefined ? {} : { staleReads: rows.filter((row) => stale.has(row)).length }),
      violated: [...new Set(ends.filter(({ row }) => own.has(row)).map(({ level }) => level))],
    }
  }
}

/** Returns the availability of nodes that were neither killed nor paused. */
function availabilityOfUp(
  history: History,
  rows: readonly number[],
  faults: readonly FaultRecord[],
): Pick<PhaseSummary, 'upAvailability'> {
  const { callTime, node } = history.operations
  const downs = faults.flatMap(({ fault, from, to }) => (isStopping(fault) ? { nodes: fault.nodes, from, to } : []))
  const isUp = (row: number): boolean => {
    const called = history.nodes[node[row] ?? -1]
    const at = callTime[row] ?? 0
    return !downs.some(({ nodes, from, to }) => called !== undefined && from <= at && at < to && nodes.includes(called))
  }
  const up = rows.filter(isUp)
  if (up.length === 0 || up.length === rows.length) return {}
  return { upAvailability: up.filter((row) => isAnswered(history, row)).length / up.length }
}

function cutIntoStretches(
  faults: readonly FaultRecord[],
  nodes: readonly NodeId[],
  healedAt: Nanos,
  endedAt: Nanos,
): Stretch[] {
  // Returns true for a cluster of one node, which has no majority to lose: the node is simply up or down.
  const isMajorityUp = (some: readonly FaultRecord[]): boolean => nodes.length < 2 || hasMajority(nodes, cutsOf(some))
  const cuts = new Set<number>([0, healedAt])
  for (const { from, to, inDoubt } of faults)
    for (const time of [from, to, inDoubt?.until ?? to]) cuts.add(Math.min(time, healedAt))
  const times = [...cuts].sort((a, b) => a - b)
  const stretches: Stretch[] = []
  for (const [i, from] of times.entries()) {
    const to = times[i + 1]
    if (to === undefined) break
    const active = faults.filter((fault) => fault.from <= from && fault.to >= to)
    const perhaps = faults.filter((fault) => isDoubtful(fault, from, to))
    const majority = isMajorityUp([...active, ...perhaps])
    const names = namesOf(active, perhaps)
    const phase = names.length === 0 ? CALM : `${names.join('+')}${isMajorityUp(active) ? '' : NO_MAJORITY}`
    stretches.push({ phase, majority, from: nanos(from), to: nanos(to) })
  }
  const unhealed = faults.filter((fault) => isDoubtful(fault, healedAt, endedAt))
  stretches.push({
    phase: unhealed.length === 0 ? HEALED : namesOf([], unhealed).join('+'),
    majority: isMajorityUp(unhealed),
    from: healedAt,
    to: endedAt,
  })
  return stretches
}

/**
 * Returns the faults that may break the majority. Leaves out a partition that stopped no message, because its two sides
 * perhaps never send each other messages.
 */
const cutsOf = (faults: readonly FaultRecord[]): readonly Fault[] =>
  faults
    .filter(({ fault, hits, inDoubt }) => fault.kind !== 'partition' || hits > 0 || inDoubt !== undefined)
    .map(({ fault }) => fault)

/** Returns true if it is unknown whether the fault was in force between `from` and `to`. */
const isDoubtful = ({ to: end, inDoubt }: FaultRecord, from: number, to: number): boolean =>
  inDoubt !== undefined && end <= from && (inDoubt.until === undefined || inDoubt.until >= to)

/** Returns the names of the faults: `kill+partition?`. */
function namesOf(active: readonly FaultRecord[], perhaps: readonly FaultRecord[]): string[] {
  const names = new Set(active.map(({ fault }) => faultName(fault)))
  for (const { fault } of perhaps) {
    const name = faultName(fault)
    if (!names.has(name)) names.add(`${name}?`)
  }
  return [...names].sort()
}

const shareOf = (phase: string, stretches: readonly Stretch[], endedAt: Nanos): number =>
  stretches.filter((stretch) => stretch.phase === phase).reduce((sum, { from, to }) => sum + (to - from), 0) /
  Math.max(1, endedAt)

/** In increasing order. */
function answeredLatencies(history: History, rows: readonly number[]): Float64Array {
  const { callTime, returnTime } = history.operations
  const latencies: number[] = []
  for (const row of rows) if (isAnswered(history, row)) latencies.push((returnTime[row] ?? 0) - (callTime[row] ?? 0))
  return Float64Array.from(latencies).sort()
}

function percentile(sorted: Float64Array, share: number): Nanos | undefined {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  return value === undefined ? undefined : nanos(value)
}

/**
 * Adds to each fault the time from its beginning to the first answer. Only operations called after the beginning count.
 * Without an outage, this time is the latency of an ordinary operation.
 */
export const withRecoveries = (history: History, faults: readonly FaultRecord[]): FaultRecord[] =>
  faults.map((fault) => {
    if (fault.skipped !== undefined) return fault
    const first = firstAnswerAfter(history, fault.from)
    return first === Number.POSITIVE_INFINITY ? fault : { ...fault, recoveryNanos: nanos(first - fault.from) }
  })

/**
 * Summarizes the operations of each node that clients called. Leaves out final reads and all operations after healing.
 */
export function summarizeNodes(history: History, healedAt: Nanos): NodeSummary[] {
  const { length, node, callTime, flags } = history.operations
  const countsByNode = history.nodes.map(() => ({ operations: 0, answered: 0 }))
  for (let row = 0; row < length; row++) {
    const counts = countsByNode[node[row] ?? -1]
    if (counts === undefined || (callTime[row] ?? 0) >= healedAt || (flags[row] ?? 0) & FLAG_FINAL) continue
    counts.operations += 1
    if (isAnswered(history, row)) counts.answered += 1
  }
  return history.nodes
    .map((name, i) => {
      const { operations, answered } = countsByNode[i] ?? { operations: 0, answered: 0 }
      return { node: name, operations, availability: operations === 0 ? 1 : answered / operations }
    })
    .sort((a, b) => byName(a.node, b.node))
}
