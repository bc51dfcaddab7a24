import type { Report } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import type { RunSummary } from '@chaosproxy/runner/result'
import { factsOf } from '../facts/facts.ts'
import { sentenceText } from '../facts/violation-words.ts'
import type { Race } from '../race/code-run.ts'
import { raceSentence } from '../race/race-words.ts'
import { answersOf, type Telling, tellingOf } from './telling.ts'

/** The report of one run among many. */
export interface ToldRun extends Telling {
  /** What happened, and why, in one text; empty without a violation. */
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

/** The report of a history that a search found. */
export interface ToldHistory {
  readonly what: string
  /** The cause and the next step, each with its heading. */
  readonly answers: readonly (readonly [name: string, text: string])[]
}

/** @param race The race that explains the violation, if the header of the history has none. */
export function toldHistory(history: History, report: Report<string>, asked: string, race?: Race): ToldHistory {
  const found = factsOf({ history, report, asked })
  const told = found.database?.told === undefined ? [] : [found.database.told.cause]
  const facts =
    race === undefined
      ? found
      : { ...found, race, why: { text: [`${raceSentence(race)}.`, ...told].join(' '), certainty: 'shown' } as const }
  const { title, verdict } = facts.headline
  return { what: title === verdict ? '' : title, answers: answersOf(tellingOf(facts, { history })) }
}
