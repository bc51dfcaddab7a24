import { type RecordFacts, recordLines } from '../record.ts'
import { capitalised } from '../words.ts'
import { type Html, html } from './markup.ts'

/** At most this many of each kind are listed. */
const MOST_LISTED = 50

/** What the record lacks, how it tells clients apart, and what was passed on without being recorded. */
export function recordSection(facts: RecordFacts | undefined): Html | undefined {
  if (facts === undefined) return undefined
  const lines = recordLines(facts, MOST_LISTED)
  if (lines.length === 0) return undefined
  return html`<section aria-labelledby="record"><h2 id="record">The record</h2><table class="mini"><tbody>${lines.map(
    ({ about, text, isDoubt }) =>
      html`<tr${isDoubt ? html` class="trouble"` : undefined}><th scope="row">${capitalised(about)}</th><td>${capitalised(text)}</td></tr>`,
  )}</tbody></table></section>`
}
