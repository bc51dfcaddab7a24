import { type EventInput, type Json, type Millis, millis } from '@chaosproxy/history'
import { UNKNOWN_START } from '../encoding/unknown-start.ts'
import { type Limits, limitedTo } from '../limits/budget.ts'
import { firstWhere } from '../search/halving.ts'
import {
  type Called,
  Impossible,
  type Moment,
  type Monitors,
  type ObjectMonitor,
  type OnlineRoom,
  type RoomOptions,
  tooMuch,
} from './object-monitor.ts'

/** What a judge of whole histories says of the events so far. */
export type Judgement =
  | { readonly result: 'met' }
  | { readonly result: 'violated'; readonly sentence: string }
  | { readonly result: 'unknown'; readonly why: string; readonly isLate: boolean }

/** A model whose objects are judged again and again. */
export interface Rechecked extends Pick<OnlineRoom<Called>, 'model' | 'functions' | 'isWhole' | 'knows'> {
  /** The level that is judged; the events judged last may have changed it. */
  level(): string
  /** Judges events as a history. `violated` only if no later event can mend it. */
  judge(events: readonly EventInput[], initial: Json, options: Limits & Pick<RoomOptions, 'failedCas'>): Judgement
}

/** Events that are worth a judgement. */
const FEWEST = 64
/** Share of an object's judged events that must follow before it is judged again. */
const SHARE = 0.1
/** Events that must follow for each millisecond that judging took: it costs 20 µs an event at most. */
const EVENTS_PER_MS = 50
/** How long a judgement may take: clients in this process wait for it. */
const MOST_MS = millis(250)
const MEMORY_BYTES = 500_000_000
/** Small objects are judged together, up to this many events. */
const TOGETHER = 5_000

/**
 * Judges objects by the judge of whole histories, again after every tenth more of their events, or less often if that
 * takes long. So a violation is noticed some events late, but placed at the event that makes it certain. All events of an
 * object are held, so that it is given up at `retainAtMost`, unless there was a moment before at which no operation was
 * open and none had an unknown outcome: what came before is then forgotten, and what follows is judged from an unknown
 * start.
 */
export const recheckedRoom = (rechecked: Rechecked): OnlineRoom<Called> => ({
  ...rechecked,
  observes: () => false,
  // The judge of histories says what it makes of them.
  mayLackInput: () => true,
  monitors: (options) => createRechecks(rechecked, options),
})

/** What is held of an object. */
interface Held {
  readonly key: string | undefined
  moments: Moment[]
  entries: number
  /** How many of its events were judged. */
  judged: number
  /** With how many events it is judged again. */
  next: number
  open: number
  hasUnknownOutcome: boolean
  isBeginningForgotten: boolean
  doubt: string | undefined
  readonly changed: () => void
}

function createRechecks(rechecked: Rechecked, options: RoomOptions): Monitors<Called> {
  const { now, retainAtMost, failedCas } = options
  const all = new Set<Held>()
  /** Those that are judged again as soon as they have events enough together. */
  const due = new Set<Held>()
  /** Events of those that were not judged. */
  let waiting = 0
  let unjudged = 0
  let isBegun = false

  function hold(held: Held, moment: Moment): void {
    held.moments.push({ ...moment, event: withMembers(moment.event) })
    held.entries += entriesOf(moment.event.value)
    unjudged++
    if (due.has(held)) waiting++
    else if (held.moments.length >= held.next) {
      due.add(held)
      waiting += held.moments.length - held.judged
    }
  }

  function judgeDue(): Impossible | undefined {
    const batches = batchesOf(due)
    due.clear()
    waiting = 0
    for (const batch of batches) {
      const found = judgeTogether(batch)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Only if all is well it is known of each. */
  function judgeTogether(batch: readonly Held[]): Impossible | undefined {
    const clock = clockFrom(now)
    const judgement = judge(batch, clock)
    if (judgement.result !== 'met' && batch.length > 1) {
      for (const held of batch) {
        const found = judgeTogether([held])
        if (found !== undefined) return found
      }
      return undefined
    }
    if (judgement.result === 'violated') return batch[0] && firstImpossible(batch[0], judgement.sentence)
    const events = batch.reduce((sum, { moments }) => sum + moments.length, 0)
    for (const held of batch) note(held, judgement, (clock.now() * held.moments.length) / events)
    return undefined
  }

  function judge(batch: readonly Held[], { now, work }: Pick<Limits, 'now' | 'work'>): Judgement {
    const initial = batch[0]?.isBeginningForgotten === true ? UNKNOWN_START : options.initial
    const limits = { deadlineMs: MOST_MS, memoryBytes: MEMORY_BYTES, now, work, failedCas }
    return rechecked.judge(eventsOf(batch), initial, limits)
  }

  function note(held: Held, judgement: Judgement, tookMs: number): void {
    const { length } = held.moments
    isBegun = true
    unjudged -= length - held.judged
    held.judged = length
    held.next = length + Math.max(1, length * SHARE, tookMs * EVENTS_PER_MS)
    held.doubt = undefined
    const isLate = judgement.result === 'unknown' && judgement.isLate
    if (judgement.result === 'unknown') {
      held.next = 2 * length
      held.doubt = isLate ? tooSlow(length) : judgement.why
    }
    if ((isLate || held.entries > retainAtMost / 2) && mayForget(held)) {
      Object.assign(held, { moments: [], entries: 0, judged: 0, next: 0, isBeginningForgotten: true })
    }
    if (held.isBeginningForgotten) held.doubt ??= FORGOTTEN
    held.changed()
  }

  const mayForget = ({ open, hasUnknownOutcome }: Held): boolean =>
    !rechecked.isWhole && open === 0 && !hasUnknownOutcome

  /** The violation at the first event that makes it certain; at a later one if finding it takes too long. */
  function firstImpossible(held: Held, sentence: string): Impossible {
    const { key, moments, judged } = held
    const clock = clockFrom(now)
    let said = sentence
    const first = firstWhere(judged + 1, moments.length, (upTo) => {
      if (clock.now() >= MOST_MS) return false
      const judgement = judge([{ ...held, moments: moments.slice(0, upTo) }], clock)
      if (judgement.result !== 'violated') return false
      said = judgement.sentence
      return true
    })
    const at = moments[first - 1]
    if (at === undefined) throw new Error('a history without events is never violated')
    return new Impossible(said, key, at)
  }

  function drop(held: Held): void {
    all.delete(held)
    if (due.delete(held)) waiting -= held.moments.length - held.judged
    unjudged -= held.moments.length - held.judged
  }

  function create(key: string | undefined, changed: () => void): ObjectMonitor<Called> {
    const held: Held = {
      ...{ key, changed, moments: [], entries: 0, judged: 0, next: 0, open: 0 },
      ...{ hasUnknownOutcome: false, isBeginningForgotten: false, doubt: undefined },
    }
    all.add(held)
    return {
      called(operation) {
        if (held.entries >= retainAtMost) return tooMuch(retainAtMost)
        hold(held, operation)
        held.open++
        return operation
      },
      ended(_, ending) {
        hold(held, ending)
        held.open--
        held.hasUnknownOutcome ||= ending.type === 'info'
        return waiting >= FEWEST ? judgeDue() : undefined
      },
      noted: (note) => hold(held, note),
      doubt: () => held.doubt,
      retained: () => held.entries,
      dropped: () => drop(held),
    }
  }

  return {
    create,
    level: rechecked.level,
    settle() {
      for (const held of all) if (held.judged < held.moments.length) due.add(held)
      return judgeDue()
    },
    progress: () => ({ unjudged, isBegun }),
  }
}

const FORGOTTEN = 'its first events are no longer held, and are judged only at the end'

const tooSlow = (events: number): string =>
  `judging its ${events.toLocaleString('en-US')} events again takes longer than ${MOST_MS} ms, so that they are judged only at the end`

/** Objects that are judged in one history: one of a known start, or small ones. */
function batchesOf(some: Iterable<Held>): readonly (readonly Held[])[] {
  const batches: Held[][] = []
  let events = Number.POSITIVE_INFINITY
  for (const held of some) {
    const { moments, isBeginningForgotten } = held
    if (isBeginningForgotten || events + moments.length > TOGETHER) {
      batches.push([])
      events = isBeginningForgotten ? Number.POSITIVE_INFINITY : 0
    }
    batches.at(-1)?.push(held)
    events += moments.length
  }
  return batches
}

function eventsOf([first, ...others]: readonly Held[]): readonly EventInput[] {
  if (first === undefined) return []
  const moments =
    others.length === 0
      ? first.moments
      : [first, ...others].flatMap((held) => held.moments).sort((a, b) => a.position - b.position)
  return moments.map(({ event }) => event)
}

/** The time since now, or the time that the steps made since take on an ordinary machine if that is more. */
function clockFrom(now: () => Millis): Pick<Limits, 'now' | 'work'> {
  const began = now()
  const counted = limitedTo(0)
  return { now: () => millis(Math.max(now() - began, counted.now())), work: counted.work }
}

/** An event whose further members are all in `extra`, as in a file's: a recorder gives some alongside the others. */
function withMembers(given: EventInput): EventInput {
  const { index, time, process, type, f, key, value, node, error, final, answered, session, extra, ...others } = given
  for (const _ in others) {
    const event = { index, time, process, type, f, key, value, node, error, final, answered, session }
    return { ...event, extra: { ...extra, ...(others as NonNullable<EventInput['extra']>) } }
  }
  return given
}

/** How many entries an event counts as: answers of many elements take the memory of several events. */
function entriesOf(value: Json | undefined): number {
  if (!Array.isArray(value)) return 1
  let inside = 0
  for (const element of value) if (typeof element === 'object') inside += entriesOf(element)
  return 1 + inside + (value.length >> 3)
}
