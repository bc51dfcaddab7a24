import type { Report } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import type { RunSummary } from '@chaosproxy/runner/result'
import { factsOf } from '../facts/facts.ts'
import { sentenceText } from '../facts/violation-words.ts'
import type { Race } from '../race/code-run.ts'
import { raceSentence } from '../race/race-words.ts'
import { answersOf, type Telling, tellingOf } from './telling.ts'

/** The report of one run among many. */
export interface RunTelling extends Telling {
  /** What happened, and why, in one text; empty without a violation. */
  readonly sentence: string
}

export function tellingOfRun(history: History, run: RunSummary): RunTelling {
  const facts = factsOf({ history, report: run.report, run })
  const { counterexample, why } = facts
  return {
    ...tellingOf(facts, { history, run }),
    sentence: counterexample === undefined ? '' : sentenceText(history, counterexample, why),
  }
}

/** The report of a history that a search found. */
export interface HistoryTelling {
  readonly what: string
  /** The cause and the next step, each with its heading. */
  readonly answers: readonly (readonly [name: string, text: string])[]
}

/** @param race The race that explains the violation, if the header of the history has none. */
export function tellingOfHistory(history: History, report: Report<string>, level: string, race?: Race): HistoryTelling {
  const found = factsOf({ history, report, requestedLevel: level })
  const databaseCauses = found.database?.told === undefined ? [] : [found.database.told.cause]
  const facts =
    race === undefined
      ? found
      : {
          ...found,
          race,
          why: { text: [`${raceSentence(race)}.`, ...databaseCauses].join(' '), certainty: 'shown' } as const,
        }
  const { title, verdict } = facts.headline
  return { what: title === verdict ? '' : title, answers: answersOf(tellingOf(facts, { history })) }
}
