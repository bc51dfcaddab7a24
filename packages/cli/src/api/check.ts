import { type CheckOptions, entryOf, check as judge, type Report } from '@chaosproxy/checker'
import { type EventInput, type History, historyFromObjects, millis } from '@chaosproxy/history'
import { usualFailedCas, usualInitial } from '../check/usual.ts'

/** How to judge a history; every member has a default. */
export interface CheckSettings extends Partial<Omit<CheckOptions, 'deadlineMs' | 'now'>> {
  /** Wall time for everything, including reducing counterexamples; 30,000 by default. */
  readonly deadlineMs?: number | undefined
  /** A monotonic clock, in milliseconds. */
  readonly now?: (() => number) | undefined
}

const DEADLINE_MS = 30_000
const MEMORY_BYTES = 2_000_000_000

/**
 * Judges what clients did: a history, or its events, each an object as a line of `history.jsonl` holds it. Model and
 * initial value are those that the history names, by default a register and null; by default all levels are decided.
 *
 * @throws UserError for events that are no history, an unknown model, a level it is not judged by, or an operation it
 * does not know.
 */
export function check(events: History | Iterable<EventInput>, settings: CheckSettings = {}): Report {
  const history = Symbol.iterator in events ? historyFromObjects(events) : events
  const { model = history.header?.model ?? 'register', now = () => performance.now() } = settings
  const { initial = usualInitial(history), levels = entryOf(model).judge.ladder.levels } = settings
  return judge(history, {
    ...settings,
    model,
    initial,
    levels,
    failedCas: settings.failedCas ?? usualFailedCas(history),
    deadlineMs: millis(settings.deadlineMs ?? DEADLINE_MS),
    memoryBytes: settings.memoryBytes ?? MEMORY_BYTES,
    now: () => millis(now()),
  })
}
