import { factsOf } from '../facts/facts.ts'
import { whyTitle } from '../terminal/evidence.ts'
import { ladder } from './ladder.ts'
import { html } from './markup.ts'
import { figure } from './page.ts'
import type { Page } from './page-input.ts'
import { ledeOf } from './page-words.ts'

/** What a page says of a verdict at its top, for other pages to show: two texts and two pieces of markup. */
export interface VerdictPart {
  readonly mood: 'good' | 'bad' | 'unsure'
  readonly title: string
  readonly sentence: string
  readonly ladder: string
  /** The contradiction, drawn and told; absent if there is none. */
  readonly drawing: string | undefined
}

export function renderVerdict(page: Page): VerdictPart {
  const { history, report, run } = page
  const facts = factsOf(page)
  const { headline, shown, spans } = facts
  return {
    mood: headline.mood,
    title: headline.title,
    sentence: ledeOf(page, facts),
    ladder: report === undefined ? '' : ladder(facts, report, run?.convergedAfterHealNanos).html,
    drawing:
      shown === undefined
        ? undefined
        : html`<h2>${whyTitle(history, shown, [])}</h2>${figure(page, shown, spans, false)}`.html,
  }
}
