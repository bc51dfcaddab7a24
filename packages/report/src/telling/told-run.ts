import type { History } from '@chaosproxy/history'
import type { RunSummary } from '@chaosproxy/runner/result'
import { factsOf } from '../facts/facts.ts'
import { sentenceText } from '../facts/violation-words.ts'
import { type Telling, tellingOf } from './telling.ts'

/** What is told of one run among many. */
export interface ToldRun extends Telling {
  /** What happened, and why, in one text; empty if nothing was violated. */
  readonly sentence: string
}

export function toldRun(history: History, run: RunSummary): ToldRun {
  const facts = factsOf({ history, report: run.report, run })
  const { shown, why } = facts
  return {
    ...tellingOf(facts, { history, run }),
    sentence: shown === undefined ? '' : sentenceText(history, shown, why),
  }
}
