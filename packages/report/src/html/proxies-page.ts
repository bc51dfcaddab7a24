import { count, duration, plural } from '@chaosproxy/history'
import { printable } from '../operation-words.ts'
import { capitalised } from '../words.ts'
import { type Html, html, pageOf, round, sectionOf, svgPath, titleSection } from './markup.ts'
import { proxiesScript } from './scripts.ts'

/** The data of the page of a proxy without a cluster. */
export interface ProxiesPage {
  readonly version: string
  readonly seed: string
  readonly proxies: readonly ProxySummary[]
  /** The current recording; absent if nothing is recorded. */
  readonly recording: RecordingSummary | undefined
  readonly faults: readonly FaultSummary[]
  /** The newest first. */
  readonly events: readonly { readonly at: string; readonly text: string }[]
}

interface RecordingSummary {
  /** Number of operations with outcome `ok`. `fail` and `info` are the numbers for these outcomes. */
  readonly ok: number
  readonly fail: number
  readonly info: number
  readonly unmatched: number
  readonly files: readonly { readonly path: string; readonly lines: number; readonly lost: number }[]
  /**
   * The verdict so far; undefined if the recording is not judged. `because` is the violation, or the reason to doubt
   * the record.
   */
  readonly soFar: string | undefined
  readonly isViolated: boolean
  readonly because: string | undefined
}

interface ProxySummary {
  readonly name: string
  readonly listen: string
  readonly upstream: string
  readonly enabled: boolean
  /** The protocol: `http`, `tcp`. */
  readonly carries: string
  readonly connections: number
  /** Bytes per second towards the server in the last minute, oldest first; `received`: towards the client. */
  readonly sent: readonly number[]
  readonly received: readonly number[]
  /**
   * The requests of each second of the last minute, oldest first, and the mean time of the last replies. Absent if
   * requests are not parsed.
   */
  readonly requests: { readonly perSecond: readonly number[]; readonly meanMs: number | undefined } | undefined
  /** The actions that the buttons of the proxy offer. */
  readonly offered: readonly { readonly action: string; readonly text: string }[]
  /** The names of the faults in force on the proxy's links. */
  readonly activeFaults: readonly string[]
}

interface FaultSummary {
  readonly name: string
  readonly text: string
  readonly hits: number
  /** The requests that the fault hit last, newest first. */
  readonly requests: readonly { readonly number: number; readonly request: string }[]
  /** Why the fault cannot be healed here, if it cannot. */
  readonly kept?: string | undefined
}

/** Renders every proxy with its traffic and its faults. A server keeps the page up to date. */
export function renderProxiesHtml(page: ProxiesPage): string {
  const { version, seed, proxies, faults, events, recording } = page
  const affected = proxies.filter(({ activeFaults: hurtBy }) => hurtBy.length > 0).length
  const title =
    affected === 0
      ? 'No fault in force'
      : `Faults on ${count(affected)} of ${plural(proxies.length, 'proxy', 'proxies')}`
  const hits = faults.reduce((sum, fault) => sum + fault.hits, 0)
  return pageOf(
    {
      title: `${title}: chaos proxy`,
      version,
      about: ['chaos proxy', `seed ${seed}`],
      own,
      isServed: true,
      main: html` id="proxies" tabindex="-1"`,
      code: proxiesScript,
    },
    html`${titleSection(title, `${count(hits)} hits so far`)}
<p id="problem" role="alert"></p>
${sectionOf('all', 'Proxies', html`<div id="list">${proxies.length === 0 ? html`<p class="note">There is no proxy yet. <code>npx chaos ctl create db 127.0.0.1:0 127.0.0.1:5432</code> makes one.</p>` : proxies.map(card)}</div>`)}
${recordingPart(recording)}${sectionOf('in-force', 'Faults in force', html`<div id="faults">${faults.length === 0 ? html`<p class="note">None. Choose one above, or add any other by <code>npx chaos ctl add</code>.</p>` : html`<ul class="faults">${faults.map(faultItem)}</ul>`}</div>`)}
${sectionOf('events', 'What happened', html`<div id="happened"><ol class="events">${events.map(({ at, text }) => html`<li><time>${at}</time> ${text}</li>`)}</ol></div>`)}
<p id="connection" role="status"></p>`,
  )
}

function card(proxy: ProxySummary): Html {
  const { name, listen, upstream, enabled, carries, connections, sent, received, offered, activeFaults } = proxy
  return html`<article class="proxy${activeFaults.length > 0 ? ' hurt' : ''}" aria-label="${name}"><h3>${name} <small>${carries}${enabled ? '' : ', disabled'}</small></h3><p class="way">${listen} → ${upstream}</p><p class="rates">${requestRate(proxy)}${rate(sent, (last) => `${bytesText(last)} to the server`)}${rate(received, (last) => `${bytesText(last)} back`)}<span>${plural(connections, 'connection')}</span></p>${activeFaults.length !== 0 && html`<p class="hurt-by">${activeFaults.join(', ')}</p>`}<p class="actions">${offered.map(({ action, text }) => html`<button type="button" id="${`${action}-${name}`}" data-action="${action}" data-on="${name}">${text}<span class="sr"> ${name}</span></button>`)}</p></article>`
}

const WIDTH = 120
const HEIGHT = 18

function rate(rates: readonly number[], text: (last: number) => string): Html {
  const top = Math.max(1, ...rates)
  const step = WIDTH / Math.max(1, rates.length)
  const bars = rates.map((bytes, i) => {
    const height = round((bytes / top) * HEIGHT)
    return `M${round(i * step)} ${HEIGHT}v${-height}h${Math.max(1, Math.round(step * 8) / 10)}v${height}z`
  })
  return html`<span><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true">${svgPath('spark-bars', bars.join(''))}</svg>${text(rates.at(-1) ?? 0)}</span>`
}

function requestRate({ requests }: ProxySummary): Html | undefined {
  if (requests === undefined) return undefined
  const { perSecond, meanMs } = requests
  const took = meanMs === undefined ? '' : `, answered in ${duration(meanMs * 1e6)} on average`
  return rate(perSecond, (last) => `${plural(last, 'request')}/s${took}`)
}

function recordingPart(recording: RecordingSummary | undefined): Html | undefined {
  if (recording === undefined) return undefined
  const { ok, fail, info, unmatched, files, soFar, isViolated, because } = recording
  const counts = `${plural(ok + fail + info, 'operation')} recorded: ${count(ok)} ok, ${count(fail)} failed, ${count(info)} of unknown outcome`
  const others = unmatched === 0 ? '' : `; ${plural(unmatched, 'request')} passed on without being recorded`
  const verdict =
    soFar !== undefined &&
    html`<p${isViolated && html` class="why-bad"`}><b>${capitalised(soFar)} so far.</b>${because === undefined ? '' : ` ${capitalised(printable(because))}`}</p>`
  return html`${sectionOf('recorded', 'Recording', html`<div id="recording">${verdict}<p>${counts}${others}.</p><ul class="events">${files.map(({ path, lines, lost }) => html`<li><code>${path}</code>, ${plural(lines, 'line')}${lost === 0 ? '' : `; ${plural(lost, 'line')} lost`}</li>`)}</ul></div>`)}
`
}

/** `1.2 kB/s`. */
function bytesText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B/s`
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB/s` : `${(bytes / 1e6).toFixed(1)} MB/s`
}

const faultItem = ({ name, text, hits, requests, kept }: FaultSummary): Html =>
  html`<li><div><b>${text}</b><small>${name}, ${hits === 0 ? 'no hit yet' : plural(hits, 'hit')}</small>${requests.length !== 0 && html`<ol class="requests">${requests.map(({ number, request }) => html`<li><span>${`hit ${number}`}</span> <code>${request}</code></li>`)}</ol>`}</div>${kept === undefined ? html`<button type="button" class="heal" id="${`heal-${name}`}" data-action="heal" data-on="${name}">Heal<span class="sr"> ${name}</span></button>` : html`<small>${kept}</small>`}</li>`

const own = `
#list{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(340px,100%),1fr));gap:14px}.proxy{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 16px;min-width:0}.proxy.hurt{border-color:var(--ink)}.proxy h3{font-size:16px;overflow-wrap:anywhere}.proxy small{font-weight:400;color:var(--ink2)}
.way{font-size:13px;color:var(--ink2);overflow-wrap:anywhere}.rates{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;margin:8px 0;font-variant-numeric:tabular-nums}.rates svg{display:block}.spark-bars{fill:var(--data)}.hurt-by{font-size:13px;font-weight:600;overflow-wrap:anywhere;margin-bottom:8px}
.actions{display:flex;flex-wrap:wrap;gap:6px}
.faults{list-style:none}.faults>li{display:flex;justify-content:space-between;gap:12px;align-items:flex-start;padding:8px 0 8px 12px;border-left:3px solid var(--ink);margin-bottom:8px}.faults b{font-weight:600;overflow-wrap:anywhere}.faults small{display:block;color:var(--ink2)}.requests{list-style:none;font-size:13px;margin-top:4px}.requests span{color:var(--ink2);display:inline-block;min-width:54px;font-variant-numeric:tabular-nums}
button.heal{background:var(--ink);color:var(--page);border-color:var(--ink);flex:none}
.events{list-style:none;font-size:13px;font-variant-numeric:tabular-nums}.events li{padding:2px 0;overflow-wrap:anywhere}.events time{color:var(--ink2);margin-right:8px}
#problem:not(:empty){border-left:3px solid var(--ink);padding:6px 10px;margin-bottom:12px;background:var(--panel);overflow-wrap:anywhere}#connection{color:var(--ink2);font-size:13px}
@media (max-width:560px){button{min-height:36px}}
`
