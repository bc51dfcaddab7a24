import { count, duration, plural } from '@chaosproxy/history'
import type { ComparedCell, ComparedSystem, Comparison } from '../comparison.ts'
import {
  beyondCap,
  brokenCells,
  brokenSystems,
  brokenText,
  brokenTexts,
  cellUnder,
  classRuns,
  comparisonNext,
  comparisonSetting,
  comparisonTitle,
  faultsOf,
  isOfTransactions,
  isolationRows,
  levelName,
  levelRank,
  lostIn,
  share,
  shortName,
  shortNames,
  spreadText,
} from '../comparison-words.ts'
import { capitalised, listed, sentences } from '../words.ts'
import { glyph, glyphKey } from './comparison-glyph.ts'
import { picture } from './comparison-picture.ts'
import { sweepCharts } from './comparison-sweep.ts'
import {
  folded,
  type Html,
  html,
  nextPart,
  note,
  pageOf,
  round,
  rowOf,
  rowTitle,
  sectionOf,
  svgPath,
  svgRect,
  tableOf,
  td,
} from './markup.ts'
import { comparisonScript } from './scripts.ts'

/**
 * Renders a comparison as one self-contained file: what each system promises and keeps, the costs, and every number. It
 * works from disk, without a network, in a dark theme and in print; only sorting needs scripts.
 */
export function renderComparisonHtml(comparison: Comparison, version: string): string {
  const { conditions, sweep, notes } = comparison
  const title = comparisonTitle(comparison)
  return pageOf(
    { title, version, about: ['chaos compare'], own, code: comparisonScript },
    html`<section class="intro"><h1>${title}</h1><p class="lede">${lede(comparison)}</p><p class="note">${comparisonSetting(comparison)}. ${notes.map((note) => `${capitalised(note)}. `)}</p></section>
<section>${nextPart(comparisonNext(comparison))}</section>
${brokenSection(comparison)}
${picture(comparison)}
${sweep !== undefined && sweepCharts(comparison)}
${levelsSection(comparison)}
${isOfTransactions(comparison) ? isolationSection(comparison) : undefined}
${conditions.map((condition) => numbersSection(comparison, condition))}
<section><h2>How it was measured</h2><p class="note">Each fault lasts for the middle half of its run, and numbers are of the operations called in that time; those of calm are of the whole run. Numbers are medians over the runs, with the range in brackets where the runs differ; losses are added up. The level is the weakest seen in any of the runs, in so many of them${comparison.workload === undefined ? ': each run is made twice, with registers and with sets, and its level is the strongest that neither of the two violated' : ''}. <b>Available</b>: the share of requests to live nodes that were answered without an error (the availability of the CAP theorem; Gilbert and Lynch 2002), as the mean over the nodes, so that clients who wait and therefore ask less often do not count for less. <b>In practice</b>: if clients retried at another node. <b>Stale by</b>: how long the value of the worst read had been overwritten. <b>Outage</b>: the longest time in which no write was answered by any node. <b>Recovers in</b>: from the end of the fault to the first success that stays, which means that from it on as large a share is answered as before the fault, or 99%. <b>Answers</b>: answers a second over the run (goodput), drawn alike for all systems; the band is the time of the fault.${comparison.workload === undefined && html` <b>Lost</b>: acknowledged writes that were gone at the end, counted in the runs with sets, where no later write hides the loss of an earlier one; for a system without sets, those of registers that no later write replaced.`}</p></section>`,
  )
}

function brokenSection(comparison: Comparison): Html | undefined {
  const broken = brokenCells(comparison)
  if (broken.length === 0) return undefined
  return sectionOf(
    'broken',
    'Promises that were broken',
    broken.map(({ name, cell }) =>
      folded(
        'also',
        capitalised(brokenText(name, cell, comparison)),
        html`${brokenTexts(cell).map((text) => html`<p>${text}</p>`)}<p><code>${cell.again}</code></p>`,
      ),
    ),
  )
}

function lede(comparison: Comparison): string {
  const faults = faultsOf(comparison)
  const broken = brokenSystems(comparison)
  const under = faults.length === 0 ? 'Without faults' : `Under ${listed(faults)}`
  const kept =
    broken.length === 0
      ? 'no promise was broken; the systems differ in what they promise and what it costs'
      : `${listed(broken.map(({ name }) => name))} did not keep what ${broken.length === 1 ? 'it promises' : 'they promise'}`
  return sentences(`${under}, ${kept}.`, ...lossSentence(comparison), beyondCap(comparison))
}

function lossSentence({ systems }: Comparison): readonly string[] {
  const losers = systems.filter((system) => lostIn(system) > 0)
  if (losers.length === 0) return []
  const names = listed(losers.map((system) => `${system.name} (${count(lostIn(system))})`))
  const allowed = losers.every(({ cells }) => cells.every(({ kept, lost = 0 }) => lost === 0 || kept !== false))
  return [`Acknowledged writes were lost by ${names}${allowed ? ', which did not promise to keep them' : ''}.`]
}

const RESULTS = { met: 'met', violated: 'violated', unknown: 'undecided' } as const

/** Returns each isolation level's result by system and condition. */
function isolationSection(comparison: Comparison): Html {
  const title = 'Each level of isolation'
  const levels = comparison.levels.map(
    (level) => html`<abbr title="${level.replaceAll('-', ' ')}">${shortName(level)}</abbr>`,
  )
  const rows = isolationRows(comparison).map(([{ name }, { condition, promised, kept }, results]) =>
    rowOf(
      name,
      td(condition),
      ...results.map((result, i) =>
        td(RESULTS[result], kept === false && comparison.levels[i] === promised ? 'broken' : ''),
      ),
    ),
  )
  return sectionOf(
    'isolation',
    title,
    html`${tableOf(title, 'numbers', ['System', 'Under', ...levels], rows)}${note(`Met: in every run. Violated: in at least one. ${capitalised(shortNames(comparison))}.`)}`,
  )
}

/** Returns a matrix of systems and conditions: level, availability, p99 latency, and answers over time. */
function levelsSection(comparison: Comparison): Html {
  const { systems, conditions } = comparison
  const number = html`<abbr title="the number in the picture">#</abbr>`
  const titles = [number, 'System', 'Promised', 'PACELC', ...conditions.map(capitalised)]
  const rows = systems.map(
    (system, i) =>
      html`<tr><td class="number-of" data-value="${i + 1}">${i + 1}</td>${rowTitle(system.name)}${td(promisedText(system, comparison))}<td>${system.pacelc ?? '–'}${system.pacelc !== undefined && html`<small>${classRuns(system)}</small>`}</td>${conditions.map((condition) => levelCell(cellUnder(system, condition), condition, comparison))}</tr>`,
  )
  return sectionOf(
    'levels',
    'What holds',
    html`${tableOf('Levels', 'levels sortable', titles, rows)}${glyphKey(comparison)}`,
  )
}

function promisedText({ cells }: ComparedSystem, comparison: Comparison): string {
  const promised = [...new Set(cells.map((cell) => cell.promised))]
  return promised.map((level) => levelName(level, comparison)).join(' or ')
}

function levelCell(cell: ComparedCell | undefined, condition: string, comparison: Comparison): Html {
  if (cell === undefined) return td('')
  const often = `${cell.weakest} of ${plural(cell.runs, 'run')}${cell.lost ? ` · ${count(cell.lost)} lost` : ''}`
  return html`<td class="${cell.kept === false ? 'broken' : ''}" data-value="${levelRank(cell.level, comparison)}"><span class="level">${glyph(cell.level)} ${levelName(cell.level, comparison)}</span><small>${often}</small>${cell.kept === false && html` <b>promise broken</b>`}${multiple(cell, condition, comparison.rate)}</td>`
}

/** Draws the answers over time, on one scale for all systems, with availability and p99 latency. */
function multiple({ goodput, availability, latency }: ComparedCell, condition: string, rate: number): Html {
  const numbers = [
    `${spreadText(availability)} answered`,
    latency === undefined ? [] : `p99 ${duration(latency.p99)}`,
  ].flat()
  return html`<div class="multiple">${sparkline(goodput, rate, bandOf(condition))}<small>${numbers.join(' · ')}</small></div>`
}

const bandOf = (condition: string): typeof FAULT_BAND | undefined => (condition === 'calm' ? undefined : FAULT_BAND)

interface Column {
  readonly title: string
  readonly of: (cell: ComparedCell) => number | undefined
  readonly text: (value: number) => string
  /** The text with the range of the values over all runs; absent if the column has no range. */
  readonly whole?: (cell: ComparedCell) => string
}

const COLUMNS: readonly Column[] = [
  {
    title: 'Available',
    of: ({ availability }) => availability.median,
    text: share,
    whole: ({ availability }) => spreadText(availability),
  },
  {
    title: 'In practice',
    of: ({ practical }) => practical.median,
    text: share,
    whole: ({ practical }) => spreadText(practical),
  },
  { title: 'p50', of: ({ latency }) => latency?.p50, text: duration },
  { title: 'p99', of: ({ latency }) => latency?.p99, text: duration },
  { title: 'Read p50', of: ({ latency }) => latency?.readP50, text: duration },
  { title: 'Write p50', of: ({ latency }) => latency?.writeP50, text: duration },
  { title: 'Stale by', of: ({ staleNanos }) => staleNanos, text: duration },
  { title: 'Stale reads', of: ({ staleShare }) => staleShare, text: share },
  { title: 'Outage', of: ({ outageNanos }) => outageNanos, text: duration },
  {
    title: 'Recovers in',
    of: ({ recovery }) => (recovery === 'never' ? Number.POSITIVE_INFINITY : recovery),
    text: (value) => (value === Number.POSITIVE_INFINITY ? 'not in the run' : duration(value)),
  },
]

function numbersSection(comparison: Comparison, condition: string): Html {
  const { systems } = comparison
  const lost = isOfTransactions(comparison) ? [] : ['Lost']
  const id = `under-${condition}`
  const columns = COLUMNS.filter(({ of }) =>
    systems.some((system) => {
      const cell = cellUnder(system, condition)
      return cell !== undefined && of(cell) !== undefined
    }),
  )
  const rows = systems.map((system) => numberRow(system, condition, columns, comparison))
  const titles = ['System', ...columns.map(({ title }) => title), ...lost, 'Answers']
  return sectionOf(
    id,
    condition === 'calm' ? 'In calm' : `Under ${condition}`,
    html`${tableOf(condition, 'numbers sortable', titles, rows)}${folded(
      'also',
      'Repeat one of these runs',
      systems.map((system) => html`<p><code>${cellUnder(system, condition)?.again ?? ''}</code></p>`),
    )}`,
  )
}

/** The part of a run in which the fault is in force: the middle half. */
const FAULT_BAND = [0.25, 0.75] as const

function numberRow(
  system: ComparedSystem,
  condition: string,
  columns: readonly Column[],
  comparison: Comparison,
): Html {
  const cell = cellUnder(system, condition)
  if (cell === undefined) return html``
  const { goodput, lost } = cell
  const answers = goodput.reduce((sum, value) => sum + value, 0)
  return html`<tr><th scope="row">${glyph(cell.level)} ${system.name}</th>${columns.map(({ of, text, whole }) => {
    const value = of(cell)
    return html`<td data-value="${value === undefined ? '' : String(value)}">${value === undefined ? '–' : (whole?.(cell) ?? text(value))}</td>`
  })}${lost !== undefined && html`<td class="${lost > 0 ? 'broken' : ''}" data-value="${lost}">${count(lost)}</td>`}<td data-value="${answers}">${sparkline(goodput, comparison.rate, bandOf(condition))}</td></tr>`
}

const own = `
.intro{padding-top:20px;margin-bottom:24px}
.glyph{width:15px;height:15px;vertical-align:-2px}.glyph .ring{fill:none;stroke:var(--ink);stroke-width:1.6}.glyph .ink{fill:var(--ink)}.glyph .slit{stroke:var(--page);stroke-width:2}.glyph .slash{stroke:var(--ink);stroke-width:1.6}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--ink2);margin-top:10px}
.multiple{padding-top:4px}.multiple .spark{margin-left:0}.levels .multiple small{padding-left:0;white-space:nowrap}.levels .level{white-space:nowrap}.broken{color:var(--accent);font-weight:600;background:var(--tint)}.broken .glyph .ring{stroke:var(--accent)}.broken .glyph .ink{fill:var(--accent)}
.levels tbody th{font-weight:550;white-space:normal;min-width:120px}.levels small{display:block;color:var(--ink2);padding-left:19px}.levels td,.levels th{padding-right:10px}.levels abbr{text-decoration:none}.numbers th,.numbers td{padding-right:8px;font-size:13px}.numbers tbody th{white-space:normal;min-width:150px}
.plot{display:block;width:100%;height:auto}.plot.narrow,.plot.middle{display:none}.plot .grid{stroke:var(--line)}.plot .axis{stroke:var(--line2)}.plot .panel{fill:none;stroke:var(--line)}.plot .panel.top-part{fill:var(--panel);stroke:none}.plot .curve{stroke:var(--data);stroke-width:1.4;fill:none;opacity:.7}.plot .leader{stroke:var(--line2);stroke-width:.8;fill:none}.plot .practice{stroke:var(--data);stroke-dasharray:1 4;fill:none}.plot .spread{stroke:var(--line2);stroke-width:1.6;fill:none}.plot .tick-practice{stroke:var(--data);stroke-width:1.6}.plot text{paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}.plot .corner{font-weight:650;font-size:15px;text-anchor:end;fill:var(--ink2)}.plot .bad-name{fill:var(--accent);font-weight:650}.plot .broken .ring{stroke:var(--accent)}.plot .broken .ink{fill:var(--accent)}.plot .bar{fill:var(--d2);stroke:var(--data)}.plot .bar.bad{fill:var(--accent);stroke:none}
.classes{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:16px 28px;margin-top:16px}.classes ul{list-style:none;font-size:13px;margin-top:4px}.classes li{display:flex;padding:1px 0;overflow-wrap:anywhere}.classes li b{flex:none;width:22px}.classes li b,.number-of{color:var(--ink2);font-weight:500;font-variant-numeric:tabular-nums}.classes .note{margin-top:0}
.sort{border:0;padding:0;min-height:0;background:none;color:inherit;font:inherit;max-width:none;white-space:nowrap;text-align:inherit}.sort:hover{background:none;text-decoration:underline}th[aria-sort=ascending] .sort::after{content:" ↑"}th[aria-sort=descending] .sort::after{content:" ↓"}th[aria-sort=none] .sort::after{content:" ↕";opacity:.35}
.spark{display:block;margin-left:auto}.spark-bars{fill:var(--data)}.plot.sweep-plot{max-width:none}
@media screen and (max-width:1000px){.plot.middle{display:block}.plot.wide{display:none}}
@media screen and (max-width:760px){.plot.narrow{display:block}.plot.middle{display:none}.levels tbody th{position:sticky;left:0;background:var(--page)}.levels tbody th,.numbers tbody th{min-width:104px;max-width:140px;overflow-wrap:anywhere}}
@media print{.levels td,.levels th{font-size:8pt;padding-right:4px}.levels .level,.levels .multiple small{white-space:normal}.levels tbody th,.numbers tbody th{min-width:80px}}
`

const WIDTH = 96
const HEIGHT = 22

/** Draws the numbers of answers during a run as bars. A band marks the time of the fault. */
function sparkline(
  values: readonly number[],
  most: number,
  band: readonly [from: number, to: number] | undefined,
): Html {
  const step = WIDTH / Math.max(1, values.length)
  const top = Math.max(most, ...values, 1)
  const bars = values.map((value, i) => {
    const height = round((value / top) * HEIGHT)
    return `M${round(i * step)} ${HEIGHT}v${-height}h${Math.max(1, step - 0.8)}v${height}z`
  })
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${aboutText(values)}">${band !== undefined && svgRect('band', band[0] * WIDTH, 0, (band[1] - band[0]) * WIDTH, HEIGHT)}${svgPath('spark-bars', bars.join(''))}</svg>`
}

const aboutText = (values: readonly number[]): string =>
  values.length === 0
    ? 'not measured'
    : `${Math.round(values[0] ?? 0)} answers a second at first, at least ${Math.round(Math.min(...values))}, ${Math.round(values.at(-1) ?? 0)} at last`
