import type { EventInput, Json } from '@chaosproxy/history'
import type { Moment } from './object-monitor.ts'

/** The state of an object that is judged repeatedly. */
export interface Held {
  /** Undefined if objects have no keys. */
  readonly key: string | undefined
  /** The object's events, except those that were forgotten. */
  moments: Moment[]
  entries: number
  judged: number
  /** The number of events that triggers the next judgement of the object. */
  next: number
  open: number
  hasUnknownOutcome: boolean
  isBeginningForgotten: boolean
  /** The reason why a violation may have been missed, if any. */
  doubt: string | undefined
  /** Called after each judgement of the object. An event of another object may have triggered the judgement. */
  readonly changed: () => void
}

export const heldOf = (key: string | undefined, changed: () => void): Held => ({
  ...{ key, changed, moments: [], entries: 0, judged: 0, next: 0, open: 0 },
  ...{ hasUnknownOutcome: false, isBeginningForgotten: false, doubt: undefined },
})

export function hold(held: Held, moment: Moment): void {
  held.moments.push({ ...moment, event: withMembers(moment.event) })
  held.entries += entriesOf(moment.event.value)
}

/** The number of an object's events that were not judged. */
export const unjudgedOf = ({ moments, judged }: Held): number => moments.length - judged

/** Forgets the judged events. The object's initial value is then unknown. */
export function forget(held: Held): void {
  Object.assign(held, {
    moments: [],
    entries: 0,
    judged: 0,
    next: 0,
    isBeginningForgotten: true,
  } satisfies Partial<Held>)
}

/** The maximum number of events of small objects that are judged together. */
const TOGETHER = 5_000

export function batchesOf(some: Iterable<Held>): readonly (readonly Held[])[] {
  const batches: Held[][] = []
  let events = Number.POSITIVE_INFINITY
  for (const held of some) {
    events += held.moments.length
    if (held.isBeginningForgotten) batches.unshift([held])
    else if (events <= TOGETHER) batches.at(-1)?.push(held)
    else {
      batches.push([held])
      events = held.moments.length
    }
  }
  return batches
}

export function eventsOf([first, ...others]: readonly Held[]): readonly EventInput[] {
  if (first === undefined) return []
  const moments =
    others.length === 0
      ? first.moments
      : [first, ...others].flatMap((held) => held.moments).sort((a, b) => a.position - b.position)
  return moments.map(({ event }) => event)
}

/** Moves the members that are not part of the event format into `extra`, as the reader of history files does. */
export function withMembers(given: EventInput): EventInput {
  const { index, time, process, type, f, key, value, node, error, final, answered, session, extra, ...others } = given
  if (Object.keys(others).length === 0) return given
  const event = { index, time, process, type, f, key, value, node, error, final, answered, session }
  return { ...event, extra: { ...extra, ...(others as NonNullable<EventInput['extra']>) } }
}

/** Returns how many entries a value counts as. A long answer takes as much memory as several events. */
export function entriesOf(value: Json | undefined): number {
  if (!Array.isArray(value)) return 1
  let inside = 0
  for (const element of value) if (typeof element === 'object') inside += entriesOf(element)
  return 1 + inside + (value.length >> 3)
}
