import type { Report } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import type { RunSummary } from '@chaosproxy/runner/result'
import { factsOf } from '../facts/facts.ts'
import { sentenceText } from '../facts/violation-words.ts'
import type { Race } from '../race/code-run.ts'
import { raceSentence } from '../race/race-words.ts'
import { answersOf, type Telling, tellingOf } from './telling.ts'

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

/** What a history shows that was found by a search: what users lost, if that is known, and what usually mends it. */
export interface ToldHistory {
  /** Empty if there is no more to say than the verdict. */
  readonly what: string
  /** Why, how sure that is, and what to do next: each with its name. */
  readonly answers: readonly (readonly [name: string, text: string])[]
}

/** @param race What explains it, where the header of the history does not say so. */
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
