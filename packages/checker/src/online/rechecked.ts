import { count, type EventInput, type Json, type Millis, millis } from '@chaosproxy/history'
import { UNKNOWN_START } from '../encoding/unknown-start.ts'
import { type Limits, limitedTo } from '../limits/budget.ts'
import { firstWhere } from '../search/halving.ts'
import { batchesOf, eventsOf, forget, type Held, heldOf, hold, unjudgedOf } from './held.ts'
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

/** The verdict on the events so far, by a judge of whole histories. */
export type Judgement =
  | { readonly result: 'met' }
  | { readonly result: 'violated'; readonly sentence: string }
  | { readonly result: 'unknown'; readonly why: string; readonly isLate: boolean }

export interface Rechecked extends Pick<OnlineRoom<Called>, 'model' | 'functions' | 'isWhole' | 'knows'> {
  /** Returns the level that is judged, which may depend on the latest events. */
  level(): string
  /** Judges events as a history. Returns `violated` only if no later event can repair the violation. */
  judge(events: readonly EventInput[], initial: Json, options: Limits & Pick<RoomOptions, 'failedCas'>): Judgement
}

/** The minimum number of events for which a judgement is worthwhile. */
const FEWEST = 64
/** The growth after which an object is judged again, as a share of the events judged before. */
const SHARE = 0.1
/** How many events follow a judgement for each millisecond that it took. An event then costs at most 17 µs. */
const EVENTS_PER_MS = 60
/** The time limit for a judgement: clients in this process wait for it. */
const MOST_MS = millis(250)
const MEMORY_BYTES = 500_000_000

/**
 * Judges objects online by a model that can judge only whole histories. An object is judged each time the number of its
 * events has grown by a tenth, or less often if judging takes long. A violation is detected some events late, but the
 * reported event is the one that proves it.
 *
 * All events of an object are held. An object with `retainAtMost` events is no longer judged. To avoid this, events are
 * forgotten at a moment when no operation is open and no earlier operation has an unknown outcome. Later events are
 * then judged from an unknown initial value.
 */
export const recheckedRoom = (rechecked: Rechecked): OnlineRoom<Called> => ({
  ...rechecked,
  observes: () => false,
  // Missing values are handled by the judge of whole histories.
  mayLackInput: () => true,
  monitors(options) {
    const rechecks: Rechecks = {
      ...{ rechecked, options, all: new Set(), due: new Set() },
      ...{ waiting: 0, unjudged: 0, isBegun: false },
    }
    return monitorsOf(rechecks)
  },
})

interface Rechecks {
  readonly rechecked: Rechecked
  readonly options: RoomOptions
  readonly all: Set<Held>
  /** Objects to be judged again. They are judged once the total number of their unjudged events is large enough. */
  readonly due: Set<Held>
  waiting: number
  unjudged: number
  /** Whether any event has been judged. */
  isBegun: boolean
}

const monitorsOf = (rechecks: Rechecks): Monitors<Called> => ({
  create: (key, changed) => monitorOf(rechecks, heldOf(key, changed)),
  level: rechecks.rechecked.level,
  settle() {
    for (const held of rechecks.all) if (unjudgedOf(held) > 0) rechecks.due.add(held)
    return judgeDue(rechecks)
  },
  progress: () => rechecks,
})

function monitorOf(rechecks: Rechecks, held: Held): ObjectMonitor<Called> {
  const { retainAtMost } = rechecks.options
  rechecks.all.add(held)
  return {
    called(operation) {
      if (held.entries >= retainAtMost) return tooMuch(retainAtMost)
      take(rechecks, held, operation)
      held.open++
      return operation
    },
    ended(_, ending) {
      take(rechecks, held, ending)
      held.open--
      held.hasUnknownOutcome ||= ending.type === 'info'
      return rechecks.waiting >= FEWEST ? judgeDue(rechecks) : undefined
    },
    noted: (note) => take(rechecks, held, note),
    doubt: () => held.doubt,
    retained: () => held.entries,
    dropped() {
      rechecks.all.delete(held)
      if (rechecks.due.delete(held)) rechecks.waiting -= unjudgedOf(held)
      rechecks.unjudged -= unjudgedOf(held)
    },
  }
}

function take(rechecks: Rechecks, held: Held, moment: Moment): void {
  hold(held, moment)
  rechecks.unjudged++
  if (rechecks.due.has(held)) rechecks.waiting++
  else if (held.moments.length >= held.next) {
    rechecks.due.add(held)
    rechecks.waiting += unjudgedOf(held)
  }
}

function judgeDue(rechecks: Rechecks): Impossible | undefined {
  const batches = batchesOf(rechecks.due)
  rechecks.due.clear()
  rechecks.waiting = 0
  for (const batch of batches) {
    const found = judgeTogether(rechecks, batch)
    if (found !== undefined) return found
  }
  return undefined
}

function judgeTogether(rechecks: Rechecks, batch: readonly Held[]): Impossible | undefined {
  const clock = clockFrom(rechecks.options.now)
  const judgement = judge(rechecks, batch, clock)
  if (judgement.result !== 'met' && batch.length > 1) {
    for (const held of batch) {
      const found = judgeTogether(rechecks, [held])
      if (found !== undefined) return found
    }
    return undefined
  }
  if (judgement.result === 'violated') return batch[0] && firstImpossible(rechecks, batch[0], judgement.sentence)
  const events = batch.reduce((sum, { moments }) => sum + moments.length, 0)
  for (const held of batch) note(rechecks, held, judgement, (clock.now() * held.moments.length) / events)
  return undefined
}

function judge({ rechecked, options }: Rechecks, batch: readonly Held[], clock: Clock): Judgement {
  const { initial, failedCas } = options
  const start = batch[0]?.isBeginningForgotten === true ? UNKNOWN_START : initial
  return rechecked.judge(eventsOf(batch), start, {
    ...clock,
    ...{ failedCas, deadlineMs: MOST_MS, memoryBytes: MEMORY_BYTES },
  })
}

type Clock = Pick<Limits, 'now' | 'work'>

/** The number of steps of `limitedTo` by which the clock advances for each step of an object's judge. */
const STEP = 3

/**
 * Creates a clock that starts at 0. While the given clock does not advance, as in virtual time, the clock counts the
 * steps made.
 */
function clockFrom(now: () => Millis): Clock {
  const began = now()
  const { now: counted, work } = limitedTo(0)
  return {
    now() {
      const elapsed = now() - began
      return millis(elapsed > 0 ? elapsed : STEP * counted())
    },
    work,
  }
}

function note(rechecks: Rechecks, held: Held, judgement: Exclude<Judgement, { result: 'violated' }>, ms: number): void {
  const { length } = held.moments
  rechecks.isBegun = true
  rechecks.unjudged -= unjudgedOf(held)
  held.judged = length
  const isLate = judgement.result === 'unknown' && judgement.isLate
  held.doubt = judgement.result === 'met' ? undefined : isLate ? tooSlow(length) : judgement.why
  held.next = judgement.result === 'met' ? length + Math.max(1, length * SHARE, ms * EVENTS_PER_MS) : 2 * length
  if ((isLate || held.entries > rechecks.options.retainAtMost / 2) && mayForget(rechecks, held)) forget(held)
  if (held.isBeginningForgotten) held.doubt ??= FORGOTTEN
  held.changed()
}

/**
 * Reports whether the events of an object may be forgotten. Events must be kept while an operation is open or may still
 * take effect.
 */
const mayForget = ({ rechecked }: Rechecks, { open, hasUnknownOutcome }: Held): boolean =>
  !rechecked.isWhole && open === 0 && !hasUnknownOutcome

const FORGOTTEN = 'its first events are no longer in memory: they are judged from the record when the run ends'

const tooSlow = (events: number): string =>
  `judging its ${count(events)} events again takes longer than ${MOST_MS} ms, so these events are judged only at the end`

/** Returns the violation at the first event that proves it or, if the search takes too long, at a later one. */
function firstImpossible(rechecks: Rechecks, held: Held, sentence: string): Impossible {
  const { key, moments, judged } = held
  const clock = clockFrom(rechecks.options.now)
  let text = sentence
  const first = firstWhere(judged + 1, moments.length, (upTo) => {
    if (clock.now() >= MOST_MS) return false
    const judgement = judge(rechecks, [{ ...held, moments: moments.slice(0, upTo) }], clock)
    if (judgement.result !== 'violated') return false
    text = judgement.sentence
    return true
  })
  const at = moments[first - 1]
  if (at === undefined) throw new Error('a violation was found in a history without events')
  return new Impossible(text, key, at)
}
