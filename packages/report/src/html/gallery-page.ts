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
import { type Html, headOf, html, note, script, scrollOf, sectionOf, topBar, trusted } from './markup.ts'
import { themeScript } from './scripts.ts'

/** Renders a gallery as one self-contained page: a table, then each exhibit with commands and trials. */
export function renderGalleryHtml(exhibits: readonly ExhibitResult[], version: string): string {
  const title = 'Weaknesses of real systems'
  return html`${headOf(title, own)}
<body>${topBar(version, ['chaos gallery run'])}
<main>
<section class="head"><h1>${title}</h1><p class="standing">${capitalised(gallerySummary(exhibits))}.</p></section>
${sectionOf('all', 'All', scrollOf('All exhibits, as a table', html`<table><thead><tr><th scope="col">Exhibit</th><th scope="col">System</th><th scope="col">Weakness</th><th scope="col">Trials</th><th scope="col">Longest</th></tr></thead><tbody>${exhibits.map(row)}</tbody></table>`))}
${exhibits.map(section)}
</main>${script(trusted(themeScript))}</body></html>
`.html
}

const row = (exhibit: ExhibitResult): Html =>
  html`<tr><th scope="row"><a href="#${exhibit.name}">${exhibit.name}</a></th><td>${systemOf(exhibit)}</td><td>${exhibit.weakness}</td><td class="${classOf(exhibit)}">${trialsText(exhibit)}</td><td>${longestSeconds(exhibit).toFixed(1)} s</td></tr>`

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
