import type { Operation } from '../history.ts'
import { Undecided } from '../proof.ts'
import { grouped } from './patterns.ts'

interface Change {
  readonly revision: number
  readonly key: string
  readonly value: string | undefined
}

/** A change as an event of a watch. It may lack `previous` and `created`. */
export interface WatchEvent extends Change {
  readonly previous: string | undefined
  readonly created: boolean | undefined
}

/** The changes of one write, all at one revision. `revision` is undefined if it is unknown. */
export interface Write {
  readonly of: Operation
  readonly changes: ReadonlyMap<string, string | undefined>
  revision: number | undefined
}

/** All changes at some revisions, as the store listed them. */
export interface Reading {
  readonly of: Operation
  readonly from: number
  readonly to: number
  readonly changes: readonly Change[]
}

export interface Timeline {
  /** The known changes of each revision, by key. */
  readonly changes: ReadonlyMap<number, ReadonlyMap<string, string | undefined>>
  /** `first` is the lowest revision. `ofKey` has the revisions that changed each key, in ascending order. */
  readonly first: number
  readonly ofKey: ReadonlyMap<string, readonly number[]>
  /** Writes that may have happened, at an unknown revision. */
  readonly open: readonly Write[]
  readonly falsehoods: ReadonlySet<WatchEvent>
  /** Returns whether any revision from `from` to `to` has unknown changes. */
  hasHole(from: number, to: number): boolean
}

/**
 * Assigns revisions to writes. A write gets its acknowledged revision. Otherwise, it gets the revision of an equal
 * change that the store or a watch reports after the call. The store's list must agree with the acknowledgements.
 */
export function timelineOf(
  writes: readonly Write[],
  readings: readonly Reading[],
  reports: readonly { readonly of: Operation; readonly events: readonly WatchEvent[] }[],
): Timeline {
  const changes = new Map<number, Map<string, string | undefined>>()
  const place = (write: Write, revision: number): void => {
    write.revision = revision
    const there = changes.get(revision) ?? new Map<string, string | undefined>()
    for (const [key, value] of write.changes) there.set(key, value)
    changes.set(revision, there)
  }
  const unplaced = writes.filter(({ revision }) => revision === undefined)
  for (const write of writes) if (write.revision !== undefined) place(write, write.revision)
  const byChange = grouped(
    unplaced.flatMap((write) => Array.from(write.changes, ([key, value]) => ({ write, name: nameOf({ key, value }) }))),
    ({ name }) => name,
  )
  for (const some of byChange.values())
    if (new Set(some.map(({ write }) => JSON.stringify([...write.changes.entries()].sort()))).size > 1)
      throw new Undecided('the verifier cannot distinguish writes of unknown revision that contain the same change')
  /** Gives the change's revision to a write of this change without a revision. All such writes are equal. */
  const settle = (change: Change, before: number): boolean => {
    const some = byChange.get(nameOf(change)) ?? []
    const write = some.find((each) => each.write.revision === undefined)?.write
    if (write === undefined || write.of.line >= before) return false
    place(write, change.revision)
    return true
  }
  const isKnown = ({ revision, key }: Change): boolean => changes.get(revision)?.has(key) === true
  const isTrue = (change: Change): boolean => changes.get(change.revision)?.get(change.key) === change.value
  const readAt = (revision: number): Reading | undefined =>
    readings.find(({ from, to }) => from <= revision && revision <= to)
  const isRead = (revision: number, key: string): boolean =>
    readAt(revision)?.changes.some((each) => each.revision === revision && each.key === key) !== false
  for (const { of, changes: read } of readings)
    if (!read.every((each) => (isKnown(each) ? isTrue(each) : settle(each, of.return)))) throw new Undecided(TORN)
  for (const [revision, there] of changes)
    if (![...there.keys()].every((key) => isRead(revision, key))) throw new Undecided(TORN)
  const falsehoods = new Set<WatchEvent>()
  for (const { of, events } of reports.toSorted((a, b) => a.of.return - b.of.return))
    for (const each of events) {
      const isNew = !changes.has(each.revision) && readAt(each.revision) === undefined
      if (!(isKnown(each) ? isTrue(each) : isNew && settle(each, of.return))) falsehoods.add(each)
    }
  const hasHole = (from: number, to: number): boolean => {
    if (to - from > MOST_REVISIONS) throw new Undecided(`more than ${MOST_REVISIONS} revisions`)
    for (let revision = from; revision <= to; revision++)
      if (!changes.has(revision) && readAt(revision) === undefined) return true
    return false
  }
  const ascending = [...changes].sort(([a], [b]) => a - b)
  const byKey = grouped(
    ascending.flatMap(([revision, there]) => Array.from(there.keys(), (key) => ({ revision, key }))),
    ({ key }) => key,
  )
  const ofKey = new Map(Array.from(byKey, ([key, all]) => [key, all.map(({ revision }) => revision)]))
  const [[first] = [0]] = ascending
  return { changes, first, ofKey, falsehoods, hasHole, open: unplaced.filter(({ revision }) => revision === undefined) }
}

const TORN = 'reads of the store contradict the writes that it acknowledged'
const MOST_REVISIONS = 1_000_000

const nameOf = ({ key, value }: Pick<Change, 'key' | 'value'>): string => `${JSON.stringify(key)} ${value ?? 'deleted'}`
