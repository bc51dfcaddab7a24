import type { EventInput, Json } from '@chaosproxy/history'
import type { Moment } from './object-monitor.ts'

/** What is held of an object that is judged again and again. */
export interface Held {
  /** Undefined if objects have none. */
  readonly key: string | undefined
  /** Its events; empty once its beginning is forgotten. */
  moments: Moment[]
  entries: number
  /** How many of its events were judged. */
  judged: number
  /** With how many events it is judged again. */
  next: number
  /** How many operations are under way. */
  open: number
  hasUnknownOutcome: boolean
  isBeginningForgotten: boolean
  /** Why a violation may have been missed. */
  doubt: string | undefined
  /** To be called once it has changed while another object's event is taken. */
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

/** How many of its events were not judged. */
export const unjudgedOf = ({ moments, judged }: Held): number => moments.length - judged

/** Forgets what was judged; what follows has an unknown start. */
export function forget(held: Held): void {
  Object.assign(held, {
    moments: [],
    entries: 0,
    judged: 0,
    next: 0,
    isBeginningForgotten: true,
  } satisfies Partial<Held>)
}

/** Small objects are judged together, up to this many events. */
const TOGETHER = 5_000

/** Objects to be judged in one history. */
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

/** The events of objects, in their order. */
export function eventsOf([first, ...others]: readonly Held[]): readonly EventInput[] {
  if (first === undefined) return []
  const moments =
    others.length === 0
      ? first.moments
      : [first, ...others].flatMap((held) => held.moments).sort((a, b) => a.position - b.position)
  return moments.map(({ event }) => event)
}

/** An event whose further members are all in `extra`, as in a file's: a recorder gives some alongside the others. */
function withMembers(given: EventInput): EventInput {
  const { index, time, process, type, f, key, value, node, error, final, answered, session, extra, ...others } = given
  if (Object.keys(others).length === 0) return given
  const event = { index, time, process, type, f, key, value, node, error, final, answered, session }
  return { ...event, extra: { ...extra, ...(others as NonNullable<EventInput['extra']>) } }
}

/** How many entries an event counts as: answers of many elements take the memory of several events. */
function entriesOf(value: Json | undefined): number {
  if (!Array.isArray(value)) return 1
  let inside = 0
  for (const element of value) if (typeof element === 'object') inside += entriesOf(element)
  return 1 + inside + (value.length >> 3)
}
