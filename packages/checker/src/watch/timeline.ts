import { canonical, foundOrMade, type Json } from '@chaosproxy/history'
import { addTo, ascending } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import { countBelow } from '../search/halving.ts'
import type { Change, Delivery, Reading, Watch, WatchEvent, WatchRecord, Write } from './record.ts'

export interface Known extends Change {
  readonly writer: OperationRow | undefined
  /** The first read or watch that reported the change. Undefined if the acknowledgement of the write reported it. */
  readonly reportedBy: OperationRow | undefined
  /** The index among the changes of its key. */
  index: number
}

/** An event that no write explains, or that contradicts another report. */
interface Falsehood {
  readonly watch: Watch
  readonly delivery: Delivery
  readonly event: WatchEvent
  /** The operation that contradicts the event: a write, or another `watched` operation. */
  readonly against: OperationRow | undefined
  readonly why: string
}

/** All writes with known revisions, sorted by revision. */
export interface Timeline {
  readonly revisions: readonly number[]
  at(revision: number): ReadonlyMap<string, Known> | undefined
  ofKey(key: string): readonly Known[]
  /** The writes that may have taken effect but have no known revision. */
  readonly open: readonly Write[]
  readonly openKeys: ReadonlySet<string>
  readonly falsehoods: readonly Falsehood[]
  /** The reason why a list of changes from the store must be wrong, if any. */
  readonly contradiction: string | undefined
  /** Whether some revision in this range has no known write and was not read. */
  hasHole(from: number, to: number): boolean
}

/**
 * Sorts writes by revision. The acknowledgement of a write contains its revision. An unacknowledged write gets its
 * revision from a read or watch event that shows the same change, provided that the write was called before. If several
 * such writes are possible, the one called first gets the revision; the choice between them does not matter.
 */
export function buildTimeline({ writes, readings, watches }: WatchRecord, callEvent: Int32Array): Timeline {
  const settlement = settleAcknowledged(writes, callEvent)
  const { byRevision, settled } = settlement
  const coverage = coverageOf(readings)
  const contradiction = settleRead(readings, settlement) ?? notRead(byRevision, coverage)
  const falsehoods = settleArrived(watches, settlement, coverage)

  const revisions = ascending(byRevision.keys())
  const unread = revisions.filter((revision) => coverage.at(revision) === undefined)
  const byKey = new Map<string, Known[]>()
  for (const revision of revisions)
    for (const known of byRevision.get(revision)?.values() ?? []) {
      known.index = byKey.get(known.key)?.length ?? 0
      addTo(byKey, known.key, known)
    }

  const open = writes.filter((write) => write.outcome !== 'failed' && write.changes.size > 0 && !settled.has(write))
  return {
    revisions,
    at: (revision) => byRevision.get(revision),
    ofKey: (key) => byKey.get(key) ?? [],
    open,
    openKeys: new Set(open.flatMap(({ changes }) => [...changes.keys()])),
    falsehoods,
    contradiction,
    hasHole(from, to) {
      const first = countBelow(unread, from)
      const last = countBelow(unread, to + 1)
      return last - first + coverage.count(from, to) < to - from + 1
    },
  }
}

/** The writes whose revisions are known so far, by revision. */
interface Settlement {
  readonly byRevision: Map<number, Map<string, Known>>
  readonly settled: Set<Write>
  failed(change: Pick<Change, 'key' | 'value'>): OperationRow | undefined
  /**
   * Finds an open write of this change that was called before the event position `before`, and gives it the change's
   * revision. Returns false if there is no such write.
   */
  settle(change: Change, before: number, reportedBy: OperationRow): boolean
}

function settleAcknowledged(writes: readonly Write[], callEvent: Int32Array): Settlement {
  const byRevision = new Map<number, Map<string, Known>>()
  const opens = new Map<string, Waiting>()
  const failed = new Map<string, OperationRow>()
  const settled = new Set<Write>()

  function settle(write: Write, revision: number, reportedBy: OperationRow | undefined): void {
    settled.add(write)
    const there = foundOrMade(byRevision, revision, () => new Map<string, Known>())
    for (const [key, value] of write.changes)
      there.set(key, { revision, key, value, writer: write.row, reportedBy, index: -1 })
  }

  for (const write of writes) {
    if (write.revision !== undefined) settle(write, write.revision, undefined)
    else
      for (const [key, value] of write.changes) {
        const name = nameOf({ key, value })
        const same = opens.get(name)
        if (write.outcome === 'failed') failed.set(name, write.row)
        else if (same === undefined) opens.set(name, { writes: [write], next: 0 })
        else same.writes.push(write)
      }
  }
  return {
    byRevision,
    settled,
    failed: (change) => failed.get(nameOf(change)),
    settle(change, before, reportedBy) {
      const writer = firstOpen(opens.get(nameOf(change)), settled)
      if (writer === undefined || callEvent[writer.row] >= before) return false
      settle(writer, change.revision, reportedBy)
      return true
    },
  }
}

/**
 * A reading lists the changes at past revisions. For each of these changes, finds the write that made it, and gives
 * this write the revision of the change. Returns the reason if a reading must be wrong.
 */
function settleRead(readings: readonly Reading[], { byRevision, settle }: Settlement): string | undefined {
  for (const { row, at, changes } of readings)
    for (const change of changes) {
      const known = byRevision.get(change.revision)?.get(change.key)
      if (known === undefined ? settle(change, at, row) : sameValue(known.value, change.value)) continue
      return `reading revision ${change.revision} showed a change of ${change.key} that nobody is known to have made`
    }
  return undefined
}

/** Describes a reading that lacks a change with an acknowledged revision, and so is wrong. */
function notRead(byRevision: Settlement['byRevision'], coverage: Coverage): string | undefined {
  for (const [revision, there] of byRevision) {
    const reading = coverage.at(revision)
    if (reading === undefined) continue
    const read = new Set(reading.changes.filter((change) => change.revision === revision).map(({ key }) => key))
    if (![...there.keys()].every((key) => read.has(key)))
      return `reading revision ${revision} did not show the change that was acknowledged with this revision`
  }
  return undefined
}

/**
 * Finds the write that made the change in each event of a watch, and gives this write the event's revision. Returns the
 * events that no write explains.
 */
function settleArrived(
  watches: ReadonlyMap<string, Watch>,
  { byRevision, failed, settle }: Settlement,
  coverage: Coverage,
): Falsehood[] {
  const falsehoods: Falsehood[] = []
  for (const arrival of arrivals(watches)) {
    const { delivery, event } = arrival
    const isFalse = (against: OperationRow | undefined, why: string) =>
      void falsehoods.push({ ...arrival, against, why })
    const there = byRevision.get(event.revision)
    const known = there?.get(event.key)
    const [other] = there?.values() ?? []
    const reading = coverage.at(event.revision)
    if (known !== undefined) {
      if (!sameValue(known.value, event.value)) isFalse(known.writer ?? known.reportedBy, 'another change of it')
    } else if (there !== undefined) isFalse(other?.writer ?? other?.reportedBy, 'a change of other keys')
    else if (reading !== undefined) isFalse(reading.row, 'reading that revision showed no change')
    else if (!settle(event, delivery.at, delivery.row)) {
      const against = failed(event)
      isFalse(against, against === undefined ? 'nobody had written it' : 'its write failed')
    }
  }
  return falsehoods
}

/**
 * The writes that may have made a certain change of a key, in order of call. They have not failed, and their revision
 * was not acknowledged.
 */
interface Waiting {
  readonly writes: Write[]
  next: number
}

function firstOpen(waiting: Waiting | undefined, settled: ReadonlySet<Write>): Write | undefined {
  if (waiting === undefined) return undefined
  for (;;) {
    const write = waiting.writes[waiting.next]
    if (write === undefined || !settled.has(write)) return write
    waiting.next++
  }
}

interface Arrival {
  readonly watch: Watch
  readonly delivery: Delivery
  readonly event: WatchEvent
}

function arrivals(watches: ReadonlyMap<string, Watch>): Arrival[] {
  const deliveries = [...watches.values()]
    .flatMap((watch) => watch.deliveries.map((delivery) => ({ watch, delivery })))
    .sort((a, b) => a.delivery.at - b.delivery.at)
  return deliveries.flatMap(({ watch, delivery }) =>
    delivery.responses.flatMap((response) =>
      response.type === 'events' ? response.events.map((event) => ({ watch, delivery, event })) : [],
    ),
  )
}

const nameOf = ({ key, value }: { readonly key: string; readonly value: Json | undefined }): string =>
  `${JSON.stringify(key)}${value === undefined ? '' : canonical(value)}`

export const sameValue = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonical(a) === canonical(b)

/** Ranges of revisions whose changes were read from the store in full. */
interface Coverage {
  at(revision: number): Reading | undefined
  /** Returns how many of the revisions from `from` to `to`, inclusive, are in the ranges. */
  count(from: number, to: number): number
}

function coverageOf(readings: readonly Reading[]): Coverage {
  const spans: { readonly from: number; to: number }[] = []
  for (const { from, to } of [...readings].sort((a, b) => a.from - b.from)) {
    const last = spans.at(-1)
    if (to < from) continue
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to)
    else spans.push({ from, to })
  }
  return {
    at: (revision) => readings.find(({ from, to }) => from <= revision && revision <= to),
    count: (from, to) =>
      spans.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from) + 1), 0),
  }
}
