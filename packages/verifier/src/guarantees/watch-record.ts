import { type History, isList, type Operation, textOf } from '../history.ts'
import { isObject, type Json } from '../proof.ts'
import { misread } from './patterns.ts'
import { type Reading, type Timeline, timelineOf, type WatchEvent, type Write } from './timeline.ts'

// A store whose changes have global revisions, and watches that receive them.

/** A response: events and other messages that arrived together. */
export type Response =
  | { readonly type: 'events'; readonly events: readonly WatchEvent[] }
  | { readonly type: 'progress'; readonly revision: number }
  | { readonly type: 'ended'; readonly isCompacted: boolean }

/** An operation that waited for events of its watch. */
export interface Delivery {
  readonly of: Operation
  readonly responses: readonly Response[]
}

export interface Watch {
  readonly of: Operation
  /** The first requested revision; undefined if it is unknown. */
  readonly begin: number | undefined
  /** Whether the watch requests only changes after its creation. */
  readonly isFuture: boolean
  /** Returns whether the watch requests this key's deletions (if `isDeletion`) or its other changes. */
  readonly wants: (key: string, isDeletion: boolean) => boolean
  readonly resumes: Watch | undefined
  readonly deliveries: Delivery[]
  /** Whether the client ended the watch, or a later watch resumed it. */
  isOver: boolean
}

interface Compaction {
  readonly of: Operation
  readonly revision: number
}

export interface Store extends Timeline {
  readonly watches: readonly Watch[]
  readonly compactions: readonly Compaction[]
}

/** @throws Undecided for an operation of an unknown form, and if it is unclear which write caused an event */
export function storeOf({ operations }: History): Store {
  const watches = new Map<string, Watch>()
  const writes: Write[] = []
  const readings: Reading[] = []
  const compactions: Compaction[] = []
  const named = (of: Operation, id: Json | undefined): Watch => watches.get(textOf(id)) ?? misread(of)
  for (const of of operations) {
    const { f, outcome, input, answer } = of
    const isOk = outcome === 'ok'
    if (isOk && answer === undefined && f !== 'unwatch' && f !== 'read' && f !== 'compact') return misread(of)
    switch (f) {
      case 'put':
      case 'delete':
      case 'txn':
        if (outcome !== 'fail' && !(isOk && answer === null)) writes.push(writeOf(of))
        break
      case 'compact':
        compactions.push({ of, revision: revisionIn(of, input) })
        break
      case 'changes':
        if (isOk) readings.push(readingOf(of))
        break
      case 'watch': {
        const { watch, resumes = null } = objectIn(of, input)
        if (watch === undefined || watch === null || watches.has(textOf(watch))) return misread(of)
        const before = resumes === null ? undefined : named(of, resumes)
        if (before !== undefined) before.isOver = true
        watches.set(textOf(watch), watchOf(of, before))
        break
      }
      case 'watched': {
        const responses = isOk ? (isList(answer) ? answer : misread(of)).map((each) => responseIn(of, each)) : []
        named(of, objectIn(of, input)['watch']).deliveries.push({ of, responses })
        break
      }
      case 'unwatch':
        named(of, objectIn(of, input)['watch']).isOver = true
        break
      case 'read':
        break
      default:
        return misread(of)
    }
  }
  const all = [...watches.values()]
  const reports = all.flatMap(({ deliveries }) => deliveries.map((each) => ({ of: each.of, events: eventsOf(each) })))
  return { watches: all, compactions, ...timelineOf(writes, readings, reports) }
}

export const eventsOf = ({ responses }: Delivery): readonly WatchEvent[] =>
  responses.flatMap((each) => (each.type === 'events' ? each.events : []))

function writeOf(of: Operation): Write {
  const { f, input, answer, outcome } = of
  const key = JSON.parse(of.key) ?? ''
  const name = typeof key === 'string' ? key : of.key
  const changes =
    f === 'txn'
      ? Object.entries(objectIn(of, input)).map(
          ([each, value]) => [each, value === null ? undefined : textOf(value)] as const,
        )
      : [[name, f === 'put' ? textOf(input) : undefined] as const]
  return {
    of,
    changes: new Map(changes),
    revision: outcome === 'ok' && typeof answer === 'number' ? revisionIn(of, answer) : undefined,
  }
}

function readingOf(of: Operation): Reading {
  const { from, to, changes } = objectIn(of, of.answer)
  const all = (isList(changes) ? changes : misread(of)).map((each) => watchEventIn(of, each))
  return { of, from: revisionIn(of, from), to: revisionIn(of, to), changes: all }
}

function watchOf(of: Operation, resumes: Watch | undefined): Watch {
  const { key, prefix, from, without } = objectIn(of, of.input)
  const revision = of.outcome === 'ok' && isObject(of.answer) ? of.answer['revision'] : undefined
  const present = typeof revision === 'number' ? revisionIn(of, revision) : undefined
  const start = typeof from === 'number' ? revisionIn(of, from) : undefined
  return {
    of,
    begin: start ?? (present === undefined ? undefined : present + 1),
    isFuture: start === undefined || (present !== undefined && start > present),
    wants: (name, isDeletion) =>
      (typeof key !== 'string' || name === key) &&
      (typeof prefix !== 'string' || name.startsWith(prefix)) &&
      !(isList(without) && without.includes(isDeletion ? 'delete' : 'put')),
    resumes,
    deliveries: [],
    isOver: of.outcome !== 'ok',
  }
}

function responseIn(of: Operation, json: Json): Response {
  const { progress, ended, compacted, events } = objectIn(of, json)
  if (typeof progress === 'number') return { type: 'progress', revision: revisionIn(of, progress) }
  if (ended !== undefined) return { type: 'ended', isCompacted: typeof compacted === 'number' }
  return { type: 'events', events: (isList(events) ? events : misread(of)).map((each) => watchEventIn(of, each)) }
}

function watchEventIn(of: Operation, json: Json): WatchEvent {
  const { revision, key, value, previous, created } = objectIn(of, json)
  return {
    revision: revisionIn(of, revision),
    key: typeof key === 'string' ? key : misread(of),
    value: value === undefined ? undefined : textOf(value),
    previous: previous === undefined ? undefined : textOf(previous),
    created: typeof created === 'boolean' ? created : undefined,
  }
}

const objectIn = (of: Operation, json: Json | undefined): { readonly [member: string]: Json | undefined } =>
  isObject(json) ? json : misread(of)

const revisionIn = (of: Operation, json: Json | undefined): number =>
  typeof json === 'number' && Number.isSafeInteger(json) ? json : misread(of)
