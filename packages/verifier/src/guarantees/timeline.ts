import type { Operation } from '../history.ts'
import { Undecided } from '../proof.ts'
import { grouped } from './patterns.ts'

/** A change of one key; undefined for a deletion. */
interface Change {
  readonly revision: number
  readonly key: string
  readonly value: string | undefined
}

/** A change as a watch is told of it; `previous` and `created` are undefined where it does not say. */
export interface Told extends Change {
  readonly previous: string | undefined
  readonly created: boolean | undefined
}

/** Changes that have one revision together; undefined where it is not known. */
export interface Write {
  readonly of: Operation
  readonly changes: ReadonlyMap<string, string | undefined>
  revision: number | undefined
}

/** What the store itself says was changed at some revisions: all of it. */
export interface Reading {
  readonly of: Operation
  readonly from: number
  readonly to: number
  readonly changes: readonly Change[]
}

/** All that is known of what was changed when. */
export interface Timeline {
  /** By revision, the changes of each key. */
  readonly changes: ReadonlyMap<number, ReadonlyMap<string, string | undefined>>
  /** The least of these revisions, and by key those with a change of it, ascending. */
  readonly first: number
  readonly ofKey: ReadonlyMap<string, readonly number[]>
  /** Writes that may have been done, at a revision that nobody knows. */
  readonly open: readonly Write[]
  /** Events that no write explains, by the operation that was told them. */
  readonly falsehoods: ReadonlySet<Told>
  /** Whether nobody knows what was done at some revision from the first to the second. */
  hasHole(from: number, to: number): boolean
}

/**
 * Puts writes at their revisions: as they were acknowledged, or else as the store, and then watches, tell of an equal change
 * that was called before. What the store says of itself must agree with what it acknowledged.
 */
export function timelineOf(
  writes: readonly Write[],
  readings: readonly Reading[],
  told: readonly { readonly of: Operation; readonly events: readonly Told[] }[],
): Timeline {
  const changes = new Map<number, Map<string, string | undefined>>()
  const place = (write: Write, revision: number): void => {
    write.revision = revision
    const there = changes.get(revision) ?? new Map<string, string | undefined>()
    for (const [key, value] of write.changes) there.set(key, value)
    changes.set(revision, there)
  }
  const untold = writes.filter(({ revision }) => revision === undefined)
  for (const write of writes) if (write.revision !== undefined) place(write, write.revision)
  const byChange = grouped(
    untold.flatMap((write) => Array.from(write.changes, ([key, value]) => ({ write, name: nameOf({ key, value }) }))),
    ({ name }) => name,
  )
  for (const some of byChange.values())
    if (new Set(some.map(({ write }) => JSON.stringify([...write.changes.entries()].sort()))).size > 1)
      throw new Undecided('the verifier cannot distinguish writes of unknown revisions that share a change')
  /** Of writes that are alike it does not matter which. */
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
  for (const { of, changes: shown } of readings)
    if (!shown.every((each) => (isKnown(each) ? isTrue(each) : settle(each, of.return)))) throw new Undecided(TORN)
  for (const [revision, there] of changes)
    if (![...there.keys()].every((key) => isRead(revision, key))) throw new Undecided(TORN)
  const falsehoods = new Set<Told>()
  for (const { of, events } of told.toSorted((a, b) => a.of.return - b.of.return))
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
  return { changes, first, ofKey, falsehoods, hasHole, open: untold.filter(({ revision }) => revision === undefined) }
}

const TORN = 'what was read of the store contradicts what it acknowledged'
const MOST_REVISIONS = 1_000_000

const nameOf = ({ key, value }: Pick<Change, 'key' | 'value'>): string => `${JSON.stringify(key)} ${value ?? 'deleted'}`
