import type { ComparedCell, ComparedSystem, Comparison } from '../comparison.ts'
import { cellUnder, comparisonSetting, durationOrNone, faultsOf, levelName, share } from '../comparison-words.ts'
import { capitalised, count, listed } from '../words.ts'
import { glyph, glyphKey } from './comparison-glyph.ts'
import { scatter } from './comparison-scatter.ts'
import { sweepChart } from './comparison-sweep.ts'
import { type Html, html, trusted } from './markup.ts'
import { stylesheet } from './stylesheet.ts'

/**
 * A comparison as one self-contained file: what each system promises and keeps, what that costs, and every number. It
 * works from disk, without a network or scripts, in a dark theme and in print.
 */
export function renderComparisonHtml(comparison: Comparison, version: string): string {
  const { systems, conditions, sweep, notes } = comparison
  const title = sweep === undefined ? `${systems.length} systems compared` : `${sweep} compared`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${title}</title><style>${trusted(stylesheet)}${trusted(own)}</style></head>
<body><header class="top"><span><b>chaos</b> ${version}</span><span>chaos compare</span></header>
<main>
<section class="intro"><h1>${title}</h1><p class="lede">${lede(comparison)}</p><p class="note">${comparisonSetting(comparison)}. ${notes.map((note) => `${capitalised(note)}. `)}</p></section>
${sweep === undefined ? scatter(comparison) : sweepChart(comparison)}
${levelsSection(comparison)}
${conditions.map((condition) => numbersSection(comparison, condition))}
<section><h2>How it was measured</h2><p class="note">Each fault lasts for the middle half of its run, and numbers are of the operations called in that time; those of calm are of the whole run. Numbers are medians over the runs, levels are those of the weakest run, losses are added up. <b>Available</b>: the share of requests to live nodes that were answered without an error (the availability of the CAP theorem; Gilbert and Lynch 2002), as the mean over the nodes, so that clients who wait and therefore ask less often do not count for less. <b>In practice</b>: had each client without an answer asked another node. <b>Stale by</b>: how long the value of the worst read had been overwritten. <b>Outage</b>: the longest time in which no write was answered by any node. <b>Lost</b>: acknowledged writes that were gone at the end, counted in runs of their own with sets, where no later write hides the loss of an earlier one; for a system without sets, those of registers that no later write replaced.</p></section>
</main></body></html>
`.html
}

function lede(comparison: Comparison): string {
  const faults = faultsOf(comparison)
  const broken = comparison.systems.filter(({ cells }) => cells.some(({ kept }) => kept === false))
  const under = faults.length === 0 ? 'Without faults' : `Under ${listed(faults)}`
  return broken.length === 0
    ? `${under}, every system kept what it promises. What it promises, and what that costs, is what they differ in.`
    : `${under}, ${listed(broken.map(({ name }) => name))} did not keep what ${broken.length === 1 ? 'it promises' : 'they promise'}.`
}

function levelsSection({ systems, conditions }: Comparison): Html {
  return html`<section aria-labelledby="levels"><h2 id="levels">What holds</h2><div class="scroll" tabindex="0" role="region" aria-label="Levels"><table class="levels"><thead><tr><th scope="col">System</th><th scope="col">Promised</th>${conditions.map((condition) => html`<th scope="col">${capitalised(condition)}</th>`)}</tr></thead><tbody>${systems.map(
    (system) =>
      html`<tr><th scope="row">${system.name}</th><td>${promisedText(system)}</td>${conditions.map((condition) => levelCell(cellUnder(system, condition)))}</tr>`,
  )}</tbody></table></div>${glyphKey()}</section>`
}

function promisedText({ cells }: ComparedSystem): string {
  const promised = [...new Set(cells.map((cell) => cell.promised))]
  return promised.map(levelName).join(' or ')
}

function levelCell(cell: ComparedCell | undefined): Html {
  if (cell === undefined) return html`<td></td>`
  const often = cell.weakest === cell.runs ? '' : `${cell.weakest} of ${cell.runs} runs`
  return html`<td class="${cell.kept === false ? 'broken' : ''}"><span class="level">${glyph(cell.level)} ${levelName(cell.level)}</span>${often === '' ? undefined : html`<small>${often}</small>`}${cell.kept === false ? html` <b>promise broken</b>` : undefined}</td>`
}

const COLUMNS = [
  'Available',
  'In practice',
  'p50',
  'p99',
  'Read p50',
  'Write p50',
  'Stale by',
  'Stale reads',
  'Outage',
  'Lost',
] as const

function numbersSection({ systems }: Comparison, condition: string): Html {
  const id = `under-${condition}`
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${condition === 'calm' ? 'In calm' : `Under ${condition}`}</h2><div class="scroll" tabindex="0" role="region" aria-label="${condition}"><table class="numbers"><thead><tr><th scope="col">System</th>${COLUMNS.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${systems.map((system) => numberRow(system, condition))}</tbody></table></div><details class="also"><summary>Repeat one of these runs</summary>${systems.map((system) => html`<p><code>${cellUnder(system, condition)?.again ?? ''}</code></p>`)}</details></section>`
}

function numberRow(system: ComparedSystem, condition: string): Html {
  const cell = cellUnder(system, condition)
  if (cell === undefined) return html``
  const { availability, practical, latency, staleNanos, staleShare, outageNanos, lost } = cell
  const values = [
    share(availability.median),
    share(practical.median),
    durationOrNone(latency?.p50),
    durationOrNone(latency?.p99),
    durationOrNone(latency?.readP50),
    durationOrNone(latency?.writeP50),
    durationOrNone(staleNanos),
    share(staleShare),
    durationOrNone(outageNanos),
  ]
  return html`<tr><th scope="row">${glyph(cell.level)} ${system.name}</th>${values.map((value) => html`<td>${value}</td>`)}<td class="${lost > 0 ? 'broken' : ''}">${count(lost)}</td></tr>`
}

const own = `
.intro{padding-top:20px;margin-bottom:24px}
.glyph{width:15px;height:15px;vertical-align:-2px}.glyph .ring{fill:none;stroke:var(--ink);stroke-width:1.6}.glyph .ink{fill:var(--ink)}.glyph .slit{stroke:var(--page);stroke-width:2}.glyph .slash{stroke:var(--ink);stroke-width:1.6}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--ink2);margin-top:10px}
.levels .level{white-space:nowrap}.broken{color:var(--accent);font-weight:600;background:var(--tint)}.broken .glyph .ring{stroke:var(--accent)}.broken .glyph .ink{fill:var(--accent)}
.levels tbody th{font-weight:550;white-space:normal;min-width:120px}.levels small{display:block;color:var(--ink2);padding-left:19px}.levels td,.levels th{padding-right:10px}.numbers th,.numbers td{padding-right:8px;font-size:13px}.numbers tbody th{white-space:normal;min-width:150px}
.plot{display:block;width:100%;height:auto;max-width:960px}.plot .grid{stroke:var(--line)}.plot .axis{stroke:var(--line2)}.plot .leader{stroke:var(--line2);stroke-width:.8}.plot .practice{stroke:var(--data);stroke-dasharray:2 3}.plot .tick-practice{stroke:var(--data);stroke-width:2}.plot text{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}.plot .bar{fill:var(--d2);stroke:var(--data)}.plot .bar.bad{fill:var(--accent);stroke:none}
@media screen and (max-width:760px){.plot{min-width:640px}}
`
