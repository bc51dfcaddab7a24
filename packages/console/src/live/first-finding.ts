import type { Verdict } from '../browser/frames.ts'

export type Judged = Omit<Verdict, 'version' | 'since'>

/** Returns the judgement to show. The first violation stays on top, because a user may be reading it. */
export function afterFirst(first: Judged | undefined, newest: Judged): Omit<Verdict, 'version'> {
  if (first === undefined || newest.mood !== 'bad') return newest
  const { title, sentence, answers, drawing } = newest
  const found = newest.upTo === undefined ? {} : { upTo: first.upTo, operations: first.operations }
  // If the newest judgement found the same violation as the first one, shows the newest, because it has more details.
  if (title === first.title && sentence === first.sentence) return { ...newest, ...found }
  const kept = { title: first.title, sentence: first.sentence, answers: first.answers, drawing: first.drawing }
  return { ...newest, ...found, ...kept, since: { title, sentence, answers, drawing } }
}
