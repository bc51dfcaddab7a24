import { type History, historyFromEvents, UserError } from '@chaosproxy/history'
import type { Model } from '../judge/model.ts'
import type { Report } from '../judge/report.ts'
import { createChecker, type OnlineChecker, type OnlineOptions } from '../online/checker.ts'
import { type Judgement, type Rechecked, recheckedRoom } from '../online/rechecked.ts'
import { checkBy } from './check.ts'
import { entryFor, entryOf } from './registry.ts'

/**
 * Judges a history while it is recorded, by the strongest level of its model: by the model's own monitor, or by
 * repeated calls of `check`.
 *
 * @throws UserError for an unknown model, and for an initial value that its monitor does not support.
 */
export function createOnlineChecker({
  model,
  ...options
}: OnlineOptions & { readonly model: string | Model<unknown> }): OnlineChecker {
  return entryOf(model).online?.(options) ?? createChecker(recheckedRoom(recheckedBy(model, options)), options)
}

function recheckedBy(model: string | Model<unknown>, { byRoutes }: Pick<OnlineOptions, 'byRoutes'>): Rechecked {
  const { name, functions = [], knows, judge, ofTransactions } = entryOf(model)
  let [level = ''] = judge.ladder.levels
  return {
    model: name,
    functions,
    // Linearizability is the only level that is decided key by key.
    isWhole: level !== 'linearizable',
    knows: (f) => knows(f) || ofTransactions?.knows(f) === true,
    level: () => level,
    judge(events, initial, options): Judgement {
      try {
        const history = mapped(historyFromEvents(events), byRoutes)
        const entry = entryFor(model, history)
        const { levels, lasting } = entry.judge.ladder
        ;[level = ''] = levels
        const levelOptions = { ...options, model, initial, levels: [level, ...lasting] }
        return judgementOf(checkBy(entry, history, levelOptions), level, lasting)
      } catch (error) {
        // The error may come from an operation that has not been answered yet, so it may disappear after later events.
        if (error instanceof UserError) return { result: 'unknown', why: error.message, isLate: false }
        throw error
      }
    },
  }
}

/**
 * Returns the history. If `byRoutes`, its header says that a route table named the operations. The checker then
 * considers that the table may be wrong.
 */
const mapped = (history: History, byRoutes = false): History =>
  byRoutes ? { ...history, header: { chaos: 1, ...history.header, mapping: 'routes' } } : history

function judgementOf({ levels }: Report<string>, level: string, lasting: readonly string[]): Judgement {
  for (const each of lasting) {
    const verdict = levels[each]
    if (verdict.result === 'violated') return { result: 'violated', sentence: verdict.counterexample.sentence }
  }
  const verdict = levels[level]
  switch (verdict.result) {
    case 'met':
      return verdict
    case 'violated': {
      const { sentence } = verdict.counterexample
      return {
        result: 'unknown',
        why: `not ${level} so far, but later events may change this verdict: ${sentence}`,
        isLate: false,
      }
    }
    case 'unknown':
      return { result: 'unknown', why: verdict.reason.text, isLate: verdict.reason.kind === 'time' }
    default:
      return verdict satisfies never
  }
}
