import { factsOf } from '../facts/facts.ts'
import type { Mood } from '../facts/headline.ts'
import { whyTitle } from '../facts/violation-words.ts'
import { tellingOf } from '../telling/telling.ts'
import { ladder } from './ladder.ts'
import { html } from './markup.ts'
import { answers, figure, nextAnswer } from './page.ts'
import type { Page } from './page-input.ts'
import { ledeOf } from './page-words.ts'

/** The parts of a page that are about its verdict, so that other pages can show them. */
export interface VerdictPart {
  readonly mood: Mood
  readonly title: string
  readonly sentence: string
  /** The cause and the next step; empty while later operations may change them. */
  readonly answers: string
  readonly ladder: string
  /** The drawing and the steps of the contradiction, if there is one. */
  readonly drawing: string | undefined
}

/** @param isSoFar whether the history is still growing. Later operations may then break a level that is met now. */
export function renderVerdict(page: Page, { isSoFar = false }: { readonly isSoFar?: boolean } = {}): VerdictPart {
  const { history, report, run } = page
  const facts = factsOf(page)
  const { headline, violations } = facts
  const [first] = violations
  const telling = tellingOf(facts, page)
  return {
    mood: headline.mood,
    title: telling.what,
    sentence: ledeOf(page, facts),
    answers:
      isSoFar && telling.outcome !== 'violated'
        ? ''
        : answers(telling, nextAnswer(page, telling, { canCopy: false })).html,
    ladder:
      report === undefined ? '' : ladder(facts, report, { convergedNanos: run?.convergedAfterHealNanos, isSoFar }).html,
    drawing:
      first &&
      html`<h2>${whyTitle(history, first, { isAside: facts.isAside })}</h2>${figure(page, first, facts, { facts, hasTimeline: false })}`
        .html,
  }
}
