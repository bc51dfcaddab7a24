import type { LineTimes, Race, RaceRow } from '../race/code-run.ts'
import { overtakenText, possessive, RACE_TITLE, timesText } from '../race/race-words.ts'
import { type Html, html } from './markup.ts'
import { raceSvg } from './race-picture.ts'

/** The lines that two racing requests ran, each with its times, and the two as lanes with their awaits. */
export function raceSection(race: Race | undefined): Html | undefined {
  if (race === undefined) return undefined
  const { sentence, overtaken, by, rows } = race
  return html`<section aria-labelledby="race"><h2 id="race">${RACE_TITLE}</h2><p class="race-said">${sentence}</p><div class="race"><div class="scroll" tabindex="0" role="region" aria-label="Source lines, scrolls sideways"><table class="src"><caption class="sr">Source with the times at which each request ran each line</caption><thead><tr><th scope="col"><span class="who overtaken">${possessive(overtaken.request)}</span>, ms</th><th scope="col"><span class="who">${possessive(by.request)}</span>, ms</th><th scope="col"><span class="sr">Line</span></th><th scope="col">${overtaken.file}</th></tr></thead><tbody>${rows.map((row, i) => rowHtml(race, row, rows[i - 1]))}</tbody></table></div><div class="scroll" tabindex="0" role="region" aria-label="Drawing of the race">${raceSvg(race)}</div></div></section>`
}

function rowHtml(race: Race, row: RaceRow, before: RaceRow | undefined): Html {
  const isOfOther = row.file !== (before?.file ?? race.overtaken.file)
  const gap = isOfOther ? row.file : row.isAfterGap ? '…' : undefined
  const note = row.isOvertaken
    ? html`<tr class="overtaken note-row"><td colspan="3"></td><td class="code"><span class="why">↑ ${overtakenText(race)}</span></td></tr>`
    : undefined
  return html`${gap === undefined ? undefined : html`<tr class="gap"><td colspan="3"></td><td class="code">${gap}</td></tr>`}<tr${row.isOvertaken ? html` class="overtaken"` : undefined}>${times(row.overtaken)}${times(row.by)}<td class="line">${String(row.line)}</td><td class="code">${row.text.replaceAll('\t', '  ')}</td></tr>${note}`
}

const times = (ran: LineTimes | undefined): Html => html`<td class="times">${timesText(ran, '→', '…')}</td>`

/** Only pages with a race carry these. */
export const raceStyles = `
.race{display:grid;grid-template-columns:minmax(0,7fr) minmax(0,4fr);gap:28px}.race-said{font-weight:600;max-width:60em;margin-bottom:12px;overflow-wrap:anywhere}
.src{border-collapse:collapse;width:100%;font:13px/22px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.src th,.src td{padding:0 8px 0 0;text-align:left;vertical-align:top;font-weight:400}.src thead th{font:13px/20px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:var(--ink2);border-bottom:1px solid var(--line2);padding-bottom:3px}
.src .times{width:92px;font-size:12px;white-space:nowrap;font-variant-numeric:tabular-nums}.src .line{width:32px;color:var(--ink2);text-align:right;padding-right:10px;font-size:12px}.src .code{white-space:pre-wrap;overflow-wrap:anywhere;padding-left:10px}.src .gap td{color:var(--ink2)}
.src tr.overtaken td{background:var(--tint)}.src tr.overtaken .code{box-shadow:inset 3px 0 var(--accent)}.src .why{font:600 13px/20px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:var(--accent)}
.who{font-weight:620;color:var(--ink)}
.race-picture{display:block;width:100%;min-width:300px;max-width:460px;height:auto}.race-turn{fill:var(--page);stroke:var(--data);stroke-width:1.6}.race-turn.one{fill:var(--data)}svg text.on-one{fill:var(--page)}.race-wait{fill:var(--d1);stroke:var(--d2)}.race-wait.overtaken{fill:var(--tint);stroke:var(--accent)}svg .race-note{fill:var(--accent);font-weight:620}
@media screen and (max-width:900px){.race{grid-template-columns:minmax(0,1fr)}}
`
