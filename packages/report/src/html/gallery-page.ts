import {
  type ExhibitResult,
  exhibitOutcome,
  gallerySummary,
  longestSeconds,
  systemOf,
  type TrialResult,
  trialOutputOf,
  trialsText,
} from '../gallery/exhibit-result.ts'
import { capitalised } from '../words.ts'
import { type Html, html, note, pageOf, plainTable, rowOf, scrollOf, sectionOf, td, titleSection } from './markup.ts'
import { themeScript } from './scripts.ts'

/** Renders a gallery as one self-contained page: a table, then each exhibit with commands and trials. */
export function renderGalleryHtml(exhibits: readonly ExhibitResult[], version: string): string {
  const title = 'Weaknesses of real systems'
  const titles = ['Exhibit', 'System', 'Weakness', 'Trials', 'Longest']
  return pageOf(
    { title, version, about: ['chaos gallery run'], own, code: themeScript },
    html`${titleSection(title, `${capitalised(gallerySummary(exhibits))}.`)}
${sectionOf('all', 'All', scrollOf('All exhibits, as a table', plainTable(titles, exhibits.map(row))))}
${exhibits.map(section)}`,
  )
}

const row = (exhibit: ExhibitResult): Html =>
  rowOf(
    html`<a href="#${exhibit.name}">${exhibit.name}</a>`,
    td(systemOf(exhibit)),
    td(exhibit.weakness),
    td(trialsText(exhibit), classOf(exhibit)),
    td(`${longestSeconds(exhibit).toFixed(1)} s`),
  )

const section = (exhibit: ExhibitResult): Html =>
  sectionOf(
    exhibit.name,
    `${capitalised(systemOf(exhibit))}: ${exhibit.name}`,
    html`<p class="lede">${capitalised(exhibit.weakness)}. <a href="${exhibit.source}" rel="noreferrer">Source</a></p><p>It breaks: ${exhibit.breaks}. <span class="${classOf(exhibit)}">${capitalised(trialsText(exhibit))}${exhibit.triedOn === undefined ? '' : `, on ${exhibit.triedOn}`}.</span></p><pre>${exhibit.commands.weakness}</pre>${trialOutputOf(exhibit) !== '' && note(`It said: ${trialOutputOf(exhibit)}`)}<p>The cure: ${exhibit.cure}.</p><pre>${exhibit.commands.cure}</pre><details><summary>Trials</summary><ul>${trialItems('Weakness', exhibit.weaknessTrials)}${trialItems('Cure', exhibit.cureTrials)}</ul></details>`,
  )

const trialItems = (what: string, trials: readonly TrialResult[]): readonly Html[] =>
  trials.map(
    ({ seed, outcome, seconds, said }) =>
      html`<li>${what}, seed ${String(seed)}: ${outcome}, ${seconds.toFixed(1)} s. ${said}</li>`,
  )

const classOf = (exhibit: ExhibitResult): string => (exhibitOutcome(exhibit) === 'as described' ? 'good' : 'bad')

const own = `
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);border-radius:8px;padding:10px 14px;font-size:13px}
table{font-size:14px}td,th{vertical-align:top;text-align:left}td.bad,span.bad{color:var(--accent);font-weight:600}
summary{cursor:pointer;font-size:14px}
`
