import type { OperationRow, Report } from '@chaosproxy/checker'
import { byName, count, duration, type History, plural } from '@chaosproxy/history'
import type { EmbeddedOperations, PageData } from '../browser/page-data.ts'
import { rowsOf } from '../operation-words.ts'
import type { Selection } from './columns.ts'
import { type Html, html, note, script, scriptJson, sectionOf } from './markup.ts'

export function accusedRows(report: Report<string> | undefined): OperationRow[] {
  if (report === undefined) return []
  const rows = Object.values(report.levels).flatMap((verdict) =>
    verdict.result === 'violated' ? rowsOf(verdict.counterexample) : [],
  )
  return [...new Set(rows)]
}

/** Returns the timeline of all operations, which the page's script draws. */
export function explorer(history: History, selection: Selection, embedded: EmbeddedOperations): Html {
  return sectionOf(
    'explorer-title',
    'Every operation',
    html`
<div class="tools"><label>Search <input type="search" id="by-text" placeholder="value, error, line" autocomplete="off" spellcheck="false"></label><label>Outcome <select id="by-outcome"><option value="">all</option><option value="ok">ok</option><option value="fail">fail</option><option value="info">info</option></select></label>${choice('function', 'Function', embedded.functions)}${choice('key', 'Key', embedded.keys)}${choice('node', 'Node', embedded.nodes)}<span id="found" role="status"></span><span class="grow"></span><span class="group"><button type="button" id="to-contradiction" hidden>Go to the contradiction</button><button type="button" id="zoom-in" aria-label="Zoom in">+</button><button type="button" id="zoom-out" aria-label="Zoom out">−</button><button type="button" id="zoom-chosen">Selected</button><button type="button" id="zoom-all">All</button></span></div>
<canvas id="minimap" aria-hidden="true"></canvas>
<div id="timeline"><div id="timeline-rows"><canvas id="explorer" tabindex="0" role="application" aria-label="Timeline of operations. Arrow left and right pan, plus and minus zoom, Z zooms to the selected one, N and P step through operations, Home shows all."></canvas></div></div>
<p class="detail" id="detail" aria-live="polite">Point at an operation, or press N to step through them.</p>
<p class="note legend"><span><i class="write"></i>write</span><span><i class="read"></i>read</span><span><i class="fail"></i>fail</span><span><i class="info"></i>info</span><span><b class="part">▼</b>in the contradiction</span><span><i class="bad"></i>what cannot be</span><span>Drag to pan, with Shift to zoom to what you mark; Ctrl or ⌘ and wheel, or two fingers, to zoom; N and P to step.</span></p>
${note(`${lanesText(history)} ${selectionText(history, selection)}`)}
<noscript>${note('The timeline needs JavaScript; the operations are in the history file, at the lines cited above.')}</noscript>`,
  )
}

/** Maximum number of options in a list. The search field finds other names. */
const MOST_OPTIONS = 500

/** Returns a list of names in natural order; each option keeps its index. */
function choice(id: string, title: string, names: readonly string[]): Html | undefined {
  if (names.length <= 1) return undefined
  const options = names.map((name, i) => ({ name, i }))
  options.sort((a, b) => byName(a.name, b.name))
  return html`<label>${title} <select id="by-${id}"><option value="">all</option>${options
    .slice(0, MOST_OPTIONS)
    .map(({ name, i }) => html`<option value="${String(i)}">${name}</option>`)}</select></label>`
}

const lanesText = (history: History): string =>
  history.hasSessions
    ? 'Processes of one client share a lane unless they overlap.'
    : 'A lane for each client. If the outcome of an operation is unknown, its process ends, and the next new process continues in the same lane (p3, p8…).'

/** Returns a sentence about operations that the page leaves out. */
function selectionText(history: History, { operations, completeWithin, every }: Selection): string {
  const total = history.operations.length
  if (operations.length === total) return `All ${plural(total, 'operation')}.`
  return `${count(operations.length)} of ${plural(total, 'operation')}: all within ${duration(completeWithin)} of a contradiction or of the start or end of a fault, and one in ${count(every)} of the others. The timeline is hatched where it shows all operations: more bars there do not mean more traffic. The history file has the rest.`
}

/** Returns a script element with data. Browsers do not execute it. */
export const embeddedData = (data: PageData): Html => script(scriptJson(data), ' type="application/json" id="data"')
