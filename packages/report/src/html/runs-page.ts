import { count, plural } from '@chaosproxy/history'
import type { ListedRun } from '../runs/listed-run.ts'
import { type Trend, trendsOf } from '../runs/trends.ts'
import {
  fileLink,
  folded,
  type Html,
  html,
  nextPart,
  pageOf,
  rowOf,
  rowTitle,
  sectionOf,
  tableOf,
  td,
  titleSection,
} from './markup.ts'
import { runsScript } from './scripts.ts'

interface RunsPage {
  readonly version: string
  /** The directory, as typed in a command. */
  readonly directory: string
  /** Newest first. */
  readonly runs: readonly ListedRun[]
  readonly older: number
  /** Present if a server shows the page. The page then updates itself and compares runs. */
  readonly served?:
    | {
        /** A text that changes with the content of the page. */
        readonly state: string
        readonly live: readonly LivePage[]
        /** Returns the link to the report of a run. */
        readonly linkOf?: ((run: string) => string) | undefined
      }
    | undefined
}

/** The live page of a run in progress, or of a run that can be started again. */
export interface LivePage {
  readonly name: string
  readonly url: string
}

/** Renders the runs of a directory as one page, with the verdicts over time. It works from disk without a network. */
export function renderRunsHtml(page: RunsPage): string {
  const { version, directory, runs, served } = page
  const title = runs.length === 0 ? 'No runs yet' : plural(runs.length + page.older, 'run')
  return pageOf(
    {
      title: `${title}: ${directory}`,
      version,
      about: [directory, served !== undefined && html`<a href="./judge">Judge a saved history</a>`],
      own,
      isServed: served !== undefined,
      main: html` id="runs" tabindex="-1" data-directory="${directory}"${served !== undefined && html` data-state="${served.state}"`}`,
      code: runsScript,
    },
    html`${titleSection(title, summaryOf(page))}
<div id="live">${served === undefined || served.live.length === 0 ? undefined : liveSection(served.live)}</div>
<div id="trends">${trendsSection(trendsOf(runs))}</div>
${runs.length === 0 ? html`<section><p class="lede">Nothing has been run here yet. This begins with a cluster of its own:</p><p><code>npx chaos run</code></p></section>` : listSection(page)}
<p id="connection" role="status"></p>`,
  )
}

function summaryOf({ runs, older, directory }: RunsPage): string {
  const counted = (mood: ListedRun['mood']) => runs.filter((run) => run.mood === mood).length
  const parts = [
    [counted('bad'), 'with a violation'],
    [counted('good'), 'without'],
    [counted('unsure'), 'undecided'],
  ] as const
  const text = parts.filter(([number]) => number > 0).map(([number, what]) => `${count(number)} ${what}`)
  const rest = older === 0 ? [] : [`${count(older)} older ones are not shown: npx chaos ui ${directory}`]
  return [...text, ...rest].join(' · ')
}

const liveSection = (live: readonly LivePage[]): Html =>
  sectionOf(
    'now',
    'Open now',
    html`<ul class="live">${live.map(
      ({ name, url }) => html`<li><i class="pulse"></i><a href="${url}">Live page of ${name}</a></li>`,
    )}</ul>`,
  )

const MOST_IN_STRIP = 60
const MOST_SEEDS = 20

function trendsSection(trends: readonly Trend[]): Html | undefined {
  if (trends.length === 0) return undefined
  const rows = trends.map(({ target, workload, runs, seeds }) =>
    rowOf(target, td(workload), td(violatedText(runs)), td([strip(runs), seedsPart(seeds)])),
  )
  const titles = ['Target', 'Workload', 'Violated', 'Oldest to newest']
  return sectionOf('over-time', 'Over time', tableOf('Trends', 'trends', titles, rows))
}

const COMPARE = html`<span class="sr">Compare</span>`
const TITLES = [COMPARE, 'When (UTC)', 'Target', 'Workload', 'Faults', 'Seed', 'Verdict', 'Operations']

const violatedText = (runs: readonly ListedRun[]): string =>
  `${count(runs.filter(({ mood }) => mood === 'bad').length)} of ${count(runs.length)}`

const seedsPart = (seeds: Trend['seeds']): Html | undefined =>
  seeds.length === 0
    ? undefined
    : html`<details><summary>${plural(seeds.length, 'seed')} run more than once</summary><ul class="seeds">${seeds
        .slice(0, MOST_SEEDS)
        .map(
          ({ seed, runs }) =>
            html`<li><span>seed ${String(seed)}</span>${strip(runs)}<span>${violatedText(runs)}</span></li>`,
        )}</ul></details>`

const CELL = 10
const STEP = 12

/**
 * Draws a square for each run, oldest first: filled for a broken promise, outlined for a kept promise, dashed if
 * undecided.
 */
function strip(runs: readonly ListedRun[]): Html {
  const shown = runs.slice(-MOST_IN_STRIP)
  const cells = shown.map(
    (run, i) =>
      html`<rect class="${run.mood}" x="${i * STEP + 1}" y="1" width="${CELL - 2}" height="${CELL - 2}"><title>${[whenText(run.startedAt), `seed ${run.seed ?? 'unknown'}`, run.title].join(', ')}</title></rect>`,
  )
  const width = Math.max(STEP, shown.length * STEP)
  const about = `${violatedText(shown)} violated, oldest first: ${shown.map(({ mood }) => WORDS[mood]).join(', ')}`
  return html`<svg class="strip" viewBox="0 0 ${width} ${CELL}" width="${width}" height="${CELL}" role="img" aria-label="${about}">${cells}</svg>`
}

const WORDS: { readonly [mood in ListedRun['mood']]: string } = { good: 'held', bad: 'violated', unsure: 'undecided' }
const SIGNS: { readonly [mood in ListedRun['mood']]: string } = { good: '✓', bad: '✘', unsure: '?' }

function listSection({ runs, directory, served }: RunsPage): Html {
  const rows = runs.map((run) => row(run, directory, served?.linkOf))
  return sectionOf(
    'all',
    'All runs',
    html`<div class="tools"><label for="filter">Filter</label><input id="filter" type="search" placeholder="target, workload, fault, seed, verdict" autocomplete="off" spellcheck="false"><span id="found" role="status"></span></div>
${tableOf('Runs', 'runs', TITLES, rows)}
<div id="chosen" hidden><span id="chosen-text" role="status"></span>${
      served === undefined
        ? html`<code id="command"></code><button id="copy" type="button">Copy</button>`
        : html`<a class="button" id="compare" href="./compare">Compare the two</a>`
    }<button id="forget" type="button">Choose others</button></div>`,
  )
}

type LinkOf = ((run: string) => string) | undefined

function row(run: ListedRun, directory: string, linkOf: LinkOf): Html {
  const { name, startedAt, target, workload, faults, seed, operations, hasResult } = run
  return html`<tr data-name="${name}"><td class="pick">${hasResult && html`<input type="checkbox" id="pick-${name}" value="${name}" data-at="${startedAt}" aria-label="Compare ${name}">`}</td>${td(whenText(startedAt), 'when')}${rowTitle(target)}<td data-label="workload">${workload}</td><td class="kinds" data-label="faults">${faults.length === 0 ? (hasResult ? 'none' : '') : faults.join(', ')}</td><td class="seed" data-label="seed">${seed === undefined ? '' : String(seed)}</td>${td(verdictPart(run, directory, linkOf), `verdict-of ${run.mood}`)}<td class="number" data-label="operations">${operations === undefined ? '' : count(operations)}</td></tr>`
}

function verdictPart(
  { name, mood, title, level, why, next, hasReport, remedy }: ListedRun,
  directory: string,
  linkOf: LinkOf,
): Html {
  const text = html`<span class="sign" aria-hidden="true">${SIGNS[mood]}</span> ${title}`
  const link = hasReport ? html`<a href="${fileLink(linkOf?.(name) ?? `${name}/report.html`)}">${text}</a>` : text
  const command = remedy === undefined ? '' : `npx chaos ${remedy[0]} ${directory}/${remedy[1]}`
  const answers =
    (why !== '' || next.text !== '') &&
    folded(
      'answers-of',
      'Why, and what next',
      html`${why !== '' && html`<p>${why}</p>`}${next.text !== '' && nextPart(next)}`,
    )
  return html`${link}${level !== '' && html`<small>${level}</small>`}${answers}${command !== '' && html`<small><code>${command}</code></small>`}`
}

/** `2026-11-20 07:45:01`. */
const whenText = (startedAt: string): string => startedAt.replace('T', ' ').replace(/(\.\d+)?Z$/, '')

const own = `
body{max-width:1360px}
input[type=search]{font:inherit;font-size:14px;color:var(--ink);background:var(--page);border:1px solid var(--line2);border-radius:6px;padding:5px 10px;min-height:32px;width:340px;max-width:100%}
input[type=checkbox]{width:17px;height:17px;margin:0;accent-color:var(--data);vertical-align:-3px}
.live{list-style:none}.live li{padding:3px 0}.pulse{display:inline-block;width:9px;height:9px;border-radius:50%;background:var(--data);margin-right:8px}
.strip{display:block}.strip rect{stroke:var(--ink2);stroke-width:1.2;fill:none}.strip .bad{fill:var(--accent);stroke:var(--accent)}.strip .good{fill:var(--d1);stroke:var(--data)}.strip .unsure{stroke-dasharray:2 2}
.trends th,.trends td{vertical-align:middle}.trends tbody th{font-weight:550}.trends details{font-size:13px;color:var(--ink2)}.trends summary{cursor:pointer;width:fit-content}.seeds{list-style:none}.seeds li{display:flex;gap:14px;align-items:center;padding:2px 0}.seeds span:first-child{min-width:110px}
.runs{width:100%}.runs th,.runs td{padding-right:14px}.runs tbody th{font-weight:550}.runs td,.runs tbody th{vertical-align:top}.runs .when,.runs .seed,.runs .number{font-variant-numeric:tabular-nums}.runs .when{color:var(--ink2)}.runs .number{text-align:right}.runs thead th:last-child{text-align:right}.runs tbody tr:hover{background:var(--panel)}.runs td:last-child,.runs th:last-child{padding-right:0}
.runs .kinds,.runs tbody th{white-space:normal;overflow-wrap:anywhere;max-width:240px}.runs .verdict-of{white-space:normal;overflow-wrap:anywhere;min-width:240px}.runs small{display:block;color:var(--ink2)}.answers-of{font-size:13px;color:var(--ink2);max-width:60ch}.answers-of summary{cursor:pointer;width:fit-content}.verdict-of.bad,.verdict-of.bad a{color:var(--accent)}.verdict-of.bad a{font-weight:550}
#chosen{position:sticky;bottom:0;display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;padding:10px 14px;margin-top:12px;background:var(--panel);border:1px solid var(--line2);border-radius:8px;font-size:14px}#chosen[hidden]{display:none}
.button{font-size:13px;border:1px solid var(--ink);border-radius:6px;padding:4px 12px;min-height:28px;text-decoration:none;background:var(--ink);color:var(--page)}.button[hidden]{display:none}
#connection{color:var(--ink2);font-size:13px}
@media screen and (max-width:900px){.runs thead{display:block;position:absolute;width:1px;height:1px;overflow:hidden}.runs tbody .number{text-align:left}.runs,.runs tbody{display:block}.runs tbody tr{display:grid;grid-template-columns:26px minmax(0,1fr) auto;gap:0 10px;padding:9px 0;border-bottom:1px solid var(--line)}.runs tbody td,.runs tbody th{border:0;padding:1px 0;max-width:none;min-width:0;text-align:left;white-space:normal}.runs tbody th{grid-column:2;grid-row:1}.runs .pick{grid-row:1}.runs .when{grid-column:3;grid-row:1;font-size:13px}.runs .verdict-of{grid-column:2/-1;grid-row:2}.runs td[data-label]{grid-column:2/-1;font-size:13px;color:var(--ink2)}.runs td[data-label]:empty{display:none}.runs td[data-label]::before{content:attr(data-label) ": "}input[type=search]{width:100%}input[type=checkbox]{width:22px;height:22px}}
@media print{#chosen,.tools,.pick{display:none!important}.runs,.trends{font-size:8pt}.runs th,.runs td,.trends th,.trends td{white-space:normal;padding:2px 4px}}
`
