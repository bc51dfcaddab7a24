import {
  type CheckOptions,
  type Counterexample,
  decidedByStart,
  entryFor,
  check as judge,
  type Report,
  usualModel,
} from '@chaosproxy/checker'
import type { ProvedOrders } from '@chaosproxy/checker/proof'
import { type EventInput, type History, historyFromObjects, millis } from '@chaosproxy/history'
import { missingSuccesses } from '@chaosproxy/runner'
import { initialOf } from './options.ts'
import { usualFailedCas } from './usual.ts'

/** Settings for judging a history; every member has a default. */
export interface CheckSettings extends Partial<Omit<CheckOptions, 'deadlineMs' | 'now'>> {
  /** The time for the whole check in milliseconds; 30,000 by default. */
  readonly deadlineMs?: number | undefined
  /** A monotonic clock, in milliseconds. */
  readonly now?: (() => number) | undefined
}

/** What `check` found. */
export interface CheckedHistory extends Report {
  /** Why the met levels prove less than they seem to, such as `no read succeeded`. */
  readonly vacuous: readonly string[]
}

const DEADLINE_MS = 30_000
const MEMORY_BYTES = 2_000_000_000

/**
 * Judges a history, given as a `History` or as events like the lines of `history.jsonl`. By default, decides all
 * levels, with the model and the initial value that the history names. If it names none, its operations show whether it
 * is about registers or transactions, and the initial value is null.
 *
 * @throws UserError if the events do not form a history, the model is unknown or lacks an operation of the history, or
 * a level does not apply to the model.
 */
export function check(events: History | Iterable<EventInput>, settings: CheckSettings = {}): CheckedHistory {
  const history = Symbol.iterator in events ? historyFromObjects(events) : events
  const options = optionsOf(history, settings)
  const report = judge(history, options)
  return { ...report, vacuous: [...missingSuccesses(history, options), ...decidedByStart(history, options)] }
}

type OrderProver = (counterexample: Pick<Counterexample, 'level' | 'operations'>) => ProvedOrders

/**
 * Returns a prover of violations that `check` found in a history with these settings.
 *
 * @throws UserError (input) if known facts about the history cannot be written as events.
 */
export async function createOrderProver(
  history: History,
  settings: CheckSettings,
  { model }: Pick<Report, 'model'>,
): Promise<OrderProver> {
  // Imported on demand, because few callers want a proof.
  const { judgingOf, proveOrders } = await import('@chaosproxy/checker/proof')
  const judging = judgingOf(model, optionsOf(history, settings))
  return (counterexample) => proveOrders(history, counterexample.level, counterexample, judging)
}

function optionsOf(history: History, settings: CheckSettings): CheckOptions<string> {
  const { model = usualModel(history), now = () => performance.now() } = settings
  const { levels = entryFor(model, history).judge.ladder.levels } = settings
  const named = typeof model === 'string' ? model : undefined
  const initial = initialOf(history, { initial: settings.initial, model: named })
  return {
    ...settings,
    model,
    initial,
    levels,
    failedCas: settings.failedCas ?? usualFailedCas(history),
    deadlineMs: millis(settings.deadlineMs ?? DEADLINE_MS),
    memoryBytes: settings.memoryBytes ?? MEMORY_BYTES,
    now: () => millis(now()),
  }
}
