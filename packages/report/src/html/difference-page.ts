import { describeFault, type Fault } from '@chaosproxy/faults'
import { count, moment, plural } from '@chaosproxy/history'
import { memberAt, numberAt, type Parsed, textAt } from '@chaosproxy/runner/result'
import {
  type Difference,
  type DifferenceRow,
  differenceOf,
  differenceTitle,
  sameVerdicts,
} from '../difference/difference.ts'
import { nameOfRecord } from '../runs/listed-run.ts'
import { savedStory } from '../telling/saved-telling.ts'
import { nonEmpty, sentences } from '../words.ts'
import {
  fileLink,
  type Html,
  html,
  nextPart,
  note,
  pageOf,
  rowOf,
  scrollOf,
  sectionOf,
  svgPath,
  tableOf,
  td,
  titleSection,
} from './markup.ts'
import { themeScript } from './scripts.ts'

/** One of the two results shown side by side. */
export interface ComparedResult {
  /** The name by which the reader knows the result. */
  readonly name: string
  readonly result: Parsed
  /** A description of the tested target that is more detailed than the description in the result. */
  readonly target?: string | undefined
  /** The path of the result's report, relative to the page. */
  readonly report?: string | undefined
}

interface DifferencePage {
  readonly version: string
  readonly before: ComparedResult
  readonly after: ComparedResult
  /** The address of the page from which this page was opened. */
  readonly home?: string | undefined
}

/** Renders two results side by side as one self-contained page. */
export function renderDifferenceHtml({ version, before, after, home }: DifferencePage): string {
  const difference = differenceOf(before.result, after.result)
  const title = differenceTitle(difference)
  const about = ['chaos diff', home !== undefined && html`<a href="${home}">All runs</a>`]
  return pageOf(
    { title, version, about, own, isServed: home !== undefined, code: themeScript },
    html`${titleSection(title, sameText(difference))}
<section class="pair">${card('Before', before, difference, 0)}${card('After', after, difference, 1)}</section>
${faultsSection(before, after)}
${rowsSection('What was run differently', 'settings', difference.settings)}
${rowsSection('Levels', 'levels', difference.levels)}
${rowsSection('Figures', 'figures', difference.figures)}`,
  )
}

/** Returns the note below the title: how alike the results are. */
function sameText(difference: Difference): string {
  const other = difference.settings.map(({ what }) => what)
  return sentences(
    difference.unlike ?? '',
    sameVerdicts(difference),
    other.length === 0 ? '' : `They differ in ${other.join(', ')}.`,
  )
}

function card(when: string, { name, result, report, target }: ComparedResult, difference: Difference, at: 0 | 1): Html {
  const telling = difference.tellings[at]
  const { what, verdict, next } = telling
  const story = savedStory(telling)
  const setting = [target ?? textAt(result, 'target') ?? '', textAt(result, 'workload') ?? '']
  const seed = numberAt(result, 'seed')
  const facts = nonEmpty([...setting, seed === undefined ? '' : `seed ${seed}`])
  return html`<div class="side"><p class="which">${when}: ${name}</p><h2>${what}</h2>${what !== verdict && html`<p class="level">${verdict}</p>`}${story !== '' && html`<p>${story}</p>`}${next.text !== '' && nextPart(next)}${note(facts.join(' · '))}${report !== undefined && html`<p><a href="${fileLink(report)}">Open the report</a></p>`}</div>`
}

function rowsSection(title: string, id: string, rows: readonly DifferenceRow[]): Html | undefined {
  if (rows.length === 0) return undefined
  const shown = rows.map(({ what, before, after, change }) =>
    rowOf(what, td(before), td(after), td(SIGNS[change], change)),
  )
  return sectionOf(id, title, tableOf(`${title}, as a table`, 'numbers', TITLES, shown))
}

const TITLES = [html`<span class="sr">What</span>`, 'Before', 'After', 'Change']
const SIGNS = { '': '', better: '▲ better', worse: '▼ worse' }

interface DrawnFault {
  /** As in `--faults`. */
  readonly name: string
  readonly label: string
  readonly from: number
  readonly to: number
  readonly hits: number | undefined
}

/** Returns the faults that were injected. Leaves out records without a kind or without times. */
function faultsIn(result: Parsed): readonly DrawnFault[] {
  const faults = memberAt(result, ['faults'])
  if (!Array.isArray(faults)) return []
  return faults.flatMap((record: unknown) => {
    const [kind, from, to] = [textAt(record, 'kind'), numberAt(record, 'fromNanos'), numberAt(record, 'toNanos')]
    if (kind === undefined || from === undefined || to === undefined) return []
    if (textAt(record, 'skipped') !== undefined) return []
    const label = labelOf(memberAt(record, ['fault']), kind)
    return [{ name: nameOfRecord(record) ?? kind, label, from, to, hits: numberAt(record, 'hits') }]
  })
}

function labelOf(fault: unknown, kind: string): string {
  try {
    return describeFault(fault as Fault)
  } catch {
    return kind
  }
}

/** Maximum number of faults to list for one result. */
const MOST_LISTED = 40

function faultsSection(before: ComparedResult, after: ComparedResult): Html | undefined {
  const both = [faultsIn(before.result), faultsIn(after.result)] as const
  if (both.every(({ length }) => length === 0)) return undefined
  const end = Math.max(1, ...both.flat().map(({ to }) => to))
  return sectionOf(
    'faults',
    'Faults',
    html`${scrollOf('Faults over time', lanes(both, end))}<div class="pair">${(['Before', 'After'] as const).map((when, i) => faultList(when, both[i] ?? []))}</div>`,
  )
}

const WIDTH = 1080
const NAMES = 130
const LANE = 22

/** Draws the faults of two results over one time axis, with two lanes for each fault. */
function lanes(both: readonly (readonly DrawnFault[])[], end: number): Html {
  const names = [...new Set(both.flat().map(({ name }) => name))]
  const x = (time: number) => NAMES + (time / end) * (WIDTH - NAMES - 4)
  const rows = names.flatMap((name) =>
    both.map((faults, i) => ({ name, i, faults: faults.filter((fault) => fault.name === name) })),
  )
  const height = rows.length * LANE + 24
  const about = names.map(
    (name) =>
      `${name}: ${both.map((faults) => faults.filter((fault) => fault.name === name).length).join(' before, ')} after`,
  )
  return html`<svg class="fault-lanes" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${about.join('; ')}">${rows.map(
    ({ name, i, faults }, row) =>
      html`<text x="0" y="${row * LANE + 15}" class="${i === 0 ? 'row-name' : 't2'}">${i === 0 ? name : 'after'}</text>${svgPath('grid', `M${NAMES} ${row * LANE + 11}H${WIDTH}`)}${faults.map(
        ({ label, from, to, hits }) =>
          html`<rect class="${hits === 0 ? 'span idle-span' : 'span'}" x="${x(from)}" y="${row * LANE + 5}" width="${Math.max(2, x(to) - x(from))}" height="12"><title>${`${label}, ${moment(from)} to ${moment(to)}`}</title></rect>`,
      )}`,
  )}<text x="${NAMES}" y="${height - 4}" class="t2">0</text><text x="${WIDTH}" y="${height - 4}" class="t2 right">${moment(end, 1)}</text></svg>`
}

function faultList(when: string, faults: readonly DrawnFault[]): Html {
  const shown = faults.slice(0, MOST_LISTED)
  const more = faults.length - shown.length
  return html`<details><summary>${when}: ${count(faults.length)}</summary><ol class="fault-list">${shown.map(
    ({ label, from, to, hits }) =>
      html`<li>${label}<small>${moment(from)} to ${moment(to)}${hits === undefined ? '' : hits === 0 ? ', had no effect' : `, took effect ${plural(hits, 'time')}`}</small></li>`,
  )}</ol>${more !== 0 && note(`The report of this result lists ${plural(more, 'more fault')}.`)}</details>`
}

const own = `
.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:16px 28px}.side{background:var(--panel);border-radius:8px;padding:14px 18px}.side h2{margin:4px 0;overflow-wrap:anywhere}.which{font-size:13px;color:var(--ink2);overflow-wrap:anywhere}.side .level{color:var(--ink2)}
.fault-lanes{display:block;width:100%;min-width:640px;height:auto}.span{fill:var(--down)}.idle-span{fill:none;stroke:var(--line2);stroke-dasharray:3 2}
.fault-list{padding-left:22px;font-size:13px}.fault-list li{padding:3px 0;overflow-wrap:anywhere}.fault-list small{display:block;color:var(--ink2)}summary{cursor:pointer;font-size:14px}
td.worse{color:var(--accent);font-weight:600}td.better{font-weight:600}
@media screen and (max-width:760px){.pair{grid-template-columns:minmax(0,1fr)}h1{font-size:24px}}
`
