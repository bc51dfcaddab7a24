import type { Operation } from '../history.ts'
import { type GuaranteeModel, levelsOf, placeFrom } from './patterns.ts'
import type { WatchEvent } from './timeline.ts'
import { type Delivery, eventsOf, type Response, type Store, storeOf, type Watch } from './watch-record.ts'

// This file judges watches by etcd's guarantees (its API reference, "Watch API guarantees"). The events of a watch are
// read once, in their order.

const guarantees = [
  'filtered',
  'ordered',
  'unique',
  'atomic',
  'bookmarkable',
  'reliable',
  'resumable',
  'truthful',
  'live',
  'future',
]

const ofAllSent = ['ordered', 'unique', 'atomic', 'bookmarkable', 'reliable', 'resumable']
/** A missing change breaks these guarantees. */
const NEVER_SENT: ReadonlySet<string> = new Set(['reliable', 'resumable', 'live'])
const ofAllWritten = ['atomic', 'bookmarkable', 'reliable', 'resumable']
const ENOUGH_IN_VAIN = 5
const NOWHERE = Number.NEGATIVE_INFINITY

export const watch: GuaranteeModel = {
  levels: levelsOf({ faithful: guarantees }, guarantees),
  judge(history) {
    const store = storeOf(history)
    const scans = store.watches.map((each) => ({ of: each.of, ...scan(store, each) }))
    const isFollowed = store.watches.some(({ deliveries }) => deliveries.some(({ of }) => of.isFinal))
    return {
      breaks: (guarantee, core) =>
        scans.some(({ of, broken }) =>
          broken.some(
            (each) =>
              each.guarantee === guarantee &&
              (core === undefined || (core.has(of.line) && core.has(each.delivery.of.line))),
          ),
        ),
      open: (guarantee) =>
        guarantee === 'live' && !isFollowed
          ? 'no watch was followed after everything was healed'
          : scans.flatMap(({ open }) => open.get(guarantee) ?? [])[0],
    }
  },
}

/**
 * `broken` has the broken guarantees, each with the delivery that breaks it. `open` has the undecided guarantees, each
 * with the reason.
 */
interface Scan {
  readonly broken: readonly { readonly guarantee: string; readonly delivery: Delivery }[]
  readonly open: ReadonlyMap<string, string>
}

function scan(store: Store, watched: Watch): Scan {
  const broken: { guarantee: string; delivery: Delivery }[] = []
  const open = new Map<string, string>()
  const doubt = (some: readonly string[], why: string): void => {
    for (const each of some) open.set(each, why)
  }
  const { deliveries, resumes, begin, wants } = watched
  const view: View = {
    ...{ store, watched, wanted: wantedOf(store, watched) },
    ever: new Set(deliveries.flatMap(eventsOf).map(({ revision }) => revision)),
    resumed: new Set(resumes?.deliveries.flatMap(eventsOf).map(nameOf)),
  }
  const now: Position = { last: NOWHERE, progress: NOWHERE, due: begin, isEnded: false, sent: new Map() }
  for (const delivery of deliveries) {
    const { of, responses } = delivery
    if (of.outcome === 'info') now.due = undefined
    for (const response of responses)
      for (const guarantee of brokenBy(view, now, of, response)) {
        if (guarantee === 'unknown') doubt(['truthful'], 'the value that a key had before a change is unknown')
        else broken.push({ guarantee, delivery })
      }
  }
  const reached = Math.max(now.last, now.progress, -1)
  const [from] = begin === undefined ? now.sent.keys() : [begin]
  const isOpen = store.open.some(({ changes }) => [...changes].some(([key, value]) => wants(key, value === undefined)))
  if (isOpen && from !== undefined && from <= reached && store.hasHole(from, reached))
    doubt(ofAllWritten, 'a write that nobody saw may have been made')
  // An unknown answer may have contained the missing change.
  const isLost = deliveries.some(({ of }) => of.outcome === 'info')
  if (isLost) doubt([...ofAllSent, 'live'], 'not all answers to a watch are known')
  const finals = deliveries.filter(({ of }) => of.isFinal)
  const end = finals.at(-1)
  const target = view.wanted.at(-1) ?? NOWHERE
  const isWaiting = !now.isEnded && !watched.isOver && from !== undefined && target >= from && reached < target
  if (isWaiting && end !== undefined && end.of.outcome !== 'info') {
    const isVain = finals.slice(-ENOUGH_IN_VAIN).every((each) => eventsOf(each).length === 0)
    if (isVain && finals.length >= ENOUGH_IN_VAIN) broken.push({ guarantee: 'live', delivery: end })
    else doubt(['live'], 'a watch was not polled often enough after everything was healed')
  }
  return { broken: isLost ? broken.filter(({ guarantee }) => !NEVER_SENT.has(guarantee)) : broken, open }
}

interface View {
  readonly store: Store
  readonly watched: Watch
  /** The revisions with a change that the watch asks for (see `Watch.wants`), in ascending order. */
  readonly wanted: readonly number[]
  /** The revisions of all events that the watch receives, including those of later responses. */
  readonly ever: ReadonlySet<number>
  readonly resumed: ReadonlySet<string>
}

interface Position {
  /** `last` is the highest revision sent, and `progress` is the highest revision in a progress message. */
  last: number
  progress: number
  /** The first revision that is still due; undefined if unknown. */
  due: number | undefined
  isEnded: boolean
  /** By revision: the keys sent so far, and the first response with one of them. */
  readonly sent: Map<number, { readonly keys: Set<string>; readonly response: Response }>
}

const nameOf = ({ revision, key }: WatchEvent): string => `${revision} ${key}`

/** Yields the guarantees that a response breaks, or `unknown`. Advances the position. */
function* brokenBy(view: View, now: Position, of: Operation, response: Response): Generator<string> {
  const { store, watched } = view
  const { begin, wants } = watched
  const isCompacted = (revision: number): boolean =>
    store.compactions.some((each) => each.of.line < of.return && each.revision > revision)
  if (response.type === 'progress') {
    const { revision } = response
    const isLate = lacks(view, now, revision + 1, (each) => now.sent.has(each))
    if (revision < now.progress || revision < now.last || isLate) yield 'bookmarkable'
    now.progress = Math.max(now.progress, revision)
    if (now.due !== undefined) now.due = Math.max(now.due, revision + 1)
    return
  }
  if (response.type === 'ended') {
    now.isEnded = true
    const position = now.last === NOWHERE ? begin : now.last + 1
    if (response.isCompacted && position !== undefined && !isCompacted(position)) yield 'resumable'
    return
  }
  for (const event of response.events) {
    const { revision, key, value } = event
    const there = now.sent.get(revision)
    if (!wants(key, value === undefined)) yield 'filtered'
    if (begin !== undefined && revision < begin)
      yield watched.isFuture ? 'future' : view.resumed.has(nameOf(event)) ? 'unique' : 'filtered'
    if (revision <= now.progress) yield 'bookmarkable'
    if (revision < now.last) yield 'ordered'
    if (there?.keys.has(key)) yield 'unique'
    else if (there !== undefined && there.response !== response) yield 'atomic'
    if (lacks(view, now, revision, (each) => view.ever.has(each))) yield now.last === NOWHERE ? 'resumable' : 'reliable'
    const truth = truthOf(store, event, isCompacted(revision - 2))
    if (truth !== 'true') yield truth === 'false' ? 'truthful' : 'unknown'
    now.due = Math.max(now.due ?? NOWHERE, revision + 1)
    now.last = Math.max(now.last, revision)
    now.sent.set(revision, { keys: new Set([...(there?.keys ?? []), key]), response: there?.response ?? response })
  }
  for (const { revision } of response.events)
    for (const [key, value] of store.changes.get(revision) ?? [])
      if (wants(key, value === undefined) && !now.sent.get(revision)?.keys.has(key)) yield 'atomic'
}

/** Returns whether a due revision before `to` was not sent. */
const lacks = ({ wanted }: View, { due }: Position, to: number, isSent: (revision: number) => boolean): boolean =>
  due !== undefined && wanted.slice(placeFrom(wanted, due), placeFrom(wanted, to)).some((each) => !isSent(each))

const wantedOf = ({ changes }: Store, { wants }: Watch): readonly number[] =>
  [...changes]
    .filter(([, there]) => [...there].some(([key, value]) => wants(key, value === undefined)))
    .map(([revision]) => revision)
    .sort((a, b) => a - b)

/**
 * Returns whether an event correctly reports the change, the previous value, and whether the change created the key.
 */
function truthOf(store: Store, event: WatchEvent, isGone: boolean): 'true' | 'false' | 'unknown' {
  if (store.falsehoods.has(event)) return 'false'
  const { key, revision, value, created, previous } = event
  if (created === undefined && previous === undefined) return 'true'
  const ofKey = store.ofKey.get(key) ?? []
  const last = ofKey[placeFrom(ofKey, revision) - 1]
  const from = last === undefined ? store.first : last + 1
  if (store.open.some(({ changes }) => changes.has(key)) && store.hasHole(from, revision)) return 'unknown'
  const held = last === undefined ? undefined : store.changes.get(last)?.get(key)
  if (created !== undefined && created !== (held === undefined && value !== undefined)) return 'false'
  // The previous value may have been compacted.
  const isPreviousTrue = previous === undefined || previous === (held ?? 'null') || (previous === 'null' && isGone)
  return isPreviousTrue ? 'true' : 'false'
}
