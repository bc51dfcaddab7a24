import type { Verdict } from '../browser/frames.ts'

export type Judged = Omit<Verdict, 'version' | 'since'>

/**
 * The newest judgement as a page shows it. The violation that was found first stays above, since a reader may be in the
 * middle of it; what is found later stands below.
 */
export function afterFirst(first: Judged | undefined, newest: Judged): Omit<Verdict, 'version'> {
  if (first === undefined || newest.mood !== 'bad') return newest
  const { title, sentence, drawing } = newest
  const isOther = title !== first.title || sentence !== first.sentence
  const found = newest.upTo === undefined ? {} : { upTo: first.upTo, operations: first.operations }
  const kept = { ...newest, ...found, title: first.title, sentence: first.sentence, drawing: first.drawing }
  return isOther ? { ...kept, since: { title, sentence, drawing } } : kept
}
