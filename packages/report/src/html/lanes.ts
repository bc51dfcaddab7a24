import type { OperationRow } from '@chaosproxy/checker'
import { byName, FLAG_FINAL, type History, INFO, UNNAMED } from '@chaosproxy/history'
import { hasReturned, processText } from '../operation-words.ts'

/** The rows of the timeline, and a map from each process to its row. */
export interface Lanes {
  readonly names: readonly string[]
  /** The row of each process, by the process's number in the history. */
  readonly laneOf: ReadonlyMap<number, number>
  /**
   * Number of rows to show at first. They include every row with operations in the time that is shown first. 0 if the
   * whole run is shown.
   */
  readonly atOpening: number
}

interface Span {
  readonly process: number
  readonly first: number
  readonly last: number
  /** When the process gave up its last operation. A new process then replaces it. */
  readonly retiredAt: number | undefined
  readonly isFinal: boolean
  readonly isNear: boolean
}

/**
 * At first, the page shows the last operation of a contradiction, and operations that were called at most this many
 * nanoseconds earlier.
 */
const OPENS_NANOS = 1e9

/**
 * Returns a lane for each client. With sessions, a client is all processes of a session. Otherwise, a client is a chain
 * of processes: after an unknown outcome, a new process replaces the old one. Overlapping processes get adjacent lanes.
 * The lanes of the given operations come first, then the lanes with operations at the same time. Lanes of final reads
 * come last.
 */
export function lanesOf(history: History, first: readonly OperationRow[]): Lanes {
  const spans = spansOf(history, stretchOf(history, first))
  const groups = history.hasSessions ? bySession(history, spans) : bySuccession(spans)
  const rank = new Map<number, number>()
  for (const operation of first) {
    const process = history.operations.process[operation] ?? 0
    if (!rank.has(process)) rank.set(process, rank.size)
  }
  const ranked = groups.map((spans) => ({
    name: groupName(history, spans),
    spans,
    isNear: spans.some((span) => span.isNear),
    isFinal: spans.every((span) => span.isFinal),
    rank: Math.min(...spans.map(({ process }) => rank.get(process) ?? groups.length)),
  }))
  ranked.sort(
    (a, b) =>
      a.rank - b.rank ||
      Number(b.isNear) - Number(a.isNear) ||
      Number(a.isFinal) - Number(b.isFinal) ||
      byName(a.name, b.name),
  )
  const lanes = ranked.flatMap(({ name, spans }) =>
    packed(spans).map((own, i) => ({ name: i === 0 ? name : '', spans: own })),
  )
  const last = lanes.findLastIndex(({ spans }) => spans.some(({ isNear }) => isNear))
  return {
    names: lanes.map(({ name }) => name),
    laneOf: new Map(lanes.flatMap(({ spans }, lane) => spans.map(({ process }) => [process, lane] as const))),
    atOpening: last + 1,
  }
}

/** Names a lane by its processes: `c4`, or `p3, p8…` if one replaced the other. */
function groupName(history: History, spans: readonly Span[]): string {
  const names = [...new Set(spans.map(({ process }) => processText(history, process)))]
  return `${names.slice(0, 2).join(', ')}${names.length > 2 ? '…' : ''}`
}

/**
 * Returns the time span to show first. It contains the last of these operations, and those called shortly before the
 * last one.
 */
function stretchOf({ operations: { callTime } }: History, rows: readonly OperationRow[]): readonly [number, number] {
  const calls = rows.map((row) => callTime[row] ?? 0)
  const last = Math.max(...calls)
  return [Math.min(...calls.filter((call) => last - call < OPENS_NANOS)), last]
}

function spansOf(history: History, [from, to]: readonly [number, number]): readonly Span[] {
  const { process, callTime, returnTime, outcome, flags, length } = history.operations
  // Typed arrays are used, because updating an object for each operation would take longer than everything else.
  const size = history.processCount
  const [firstRow, lastRow] = [new Int32Array(size), new Int32Array(size).fill(-1)]
  const last = new Float64Array(size).fill(Number.NEGATIVE_INFINITY)
  const [isOrdinary, isNear] = [new Uint8Array(size), new Uint8Array(size)]
  const found: number[] = []
  for (let row = 0; row < length; row++) {
    const own = process[row] ?? 0
    const called = callTime[row] ?? 0
    const returned = returnTime[row] ?? 0
    const seen = returned < Number.POSITIVE_INFINITY ? returned : called
    if (lastRow[own] === -1) {
      firstRow[own] = row
      found.push(own)
    }
    lastRow[own] = row
    if (seen > (last[own] ?? 0)) last[own] = seen
    if (called <= to && seen >= from) isNear[own] = 1
    if (((flags[row] ?? 0) & FLAG_FINAL) === 0) isOrdinary[own] = 1
  }
  return found.map((own): Span => {
    const row = lastRow[own] ?? 0
    return {
      ...{ process: own, first: callTime[firstRow[own] ?? 0] ?? 0, last: last[own] ?? 0 },
      retiredAt: outcome[row] === INFO && hasReturned(history, row) ? returnTime[row] : undefined,
      ...{ isFinal: isOrdinary[own] === 0, isNear: isNear[own] === 1 },
    }
  })
}

function bySession(history: History, spans: readonly Span[]): readonly (readonly Span[])[] {
  const groups = new Map<number, Span[]>()
  const alone: (readonly Span[])[] = []
  for (const span of spans) {
    const session = history.sessionOf(span.process)
    const group = groups.get(session)
    if (session === UNNAMED) alone.push([span])
    else if (group === undefined) groups.set(session, [span])
    else group.push(span)
  }
  return [...groups.values(), ...alone]
}

const byFirst = (a: Span, b: Span): number => a.first - b.first || a.process - b.process

/** Lets each new process replace the process that retired first. */
function bySuccession(spans: readonly Span[]): readonly (readonly Span[])[] {
  const groups: Span[][] = []
  const retired: { readonly at: number; readonly group: Span[] }[] = []
  for (const span of spans.toSorted(byFirst)) {
    const [next] = retired
    const isFree = next !== undefined && next.at <= span.first && !span.isFinal
    const found = isFree ? retired.shift() : undefined
    const group = found?.group ?? []
    if (found === undefined) groups.push(group)
    group.push(span)
    if (span.retiredAt === undefined) continue
    const at = span.retiredAt
    retired.splice(retired.findLastIndex((other) => other.at <= at) + 1, 0, { at, group })
  }
  return groups
}

/** Distributes processes to as few lanes as possible. */
function packed(spans: readonly Span[]): readonly (readonly Span[])[] {
  const lanes: { last: number; readonly spans: Span[] }[] = []
  for (const span of spans.toSorted(byFirst)) {
    const free = lanes.find(({ last }) => last <= span.first)
    if (free === undefined) lanes.push({ last: span.last, spans: [span] })
    else {
      free.spans.push(span)
      free.last = span.last
    }
  }
  return lanes.map((lane) => lane.spans)
}
