import type { Goodput, PlayedStory, StoryTelling } from '../played-story.ts'
import { verdictsText } from '../story-words.ts'
import { capitalised } from '../words.ts'
import {
  type Html,
  headOf,
  html,
  listOf,
  note,
  round,
  script,
  sectionOf,
  svgRect,
  svgText,
  topBar,
  trusted,
} from './markup.ts'
import { storyPageScript } from './scripts.ts'
import { hatching } from './story-lanes.ts'
import { stepRows } from './story-steps.ts'

/**
 * Renders a story as one self-contained file. Shows the steps of every telling (an accident, or the fix), with words on
 * the left, the drawing on the right, and time downwards. The file works from disk, without a network and without its
 * script.
 */
export function renderStoryHtml(story: PlayedStory, version: string): string {
  const { name, summary, lesson, source, tellings } = story
  const title = capitalised(name.replaceAll('-', ' '))
  return html`${headOf(title, storyStyle)}
<body${tellings.some(({ kind }) => kind === 'fix') && tellings.length > 1 ? html` class="wide"` : undefined}>${topBar(version, [`chaos scenario ${name}`])}
<main>${hatching}
<section class="intro"><h1>${title}</h1><p class="lede">${capitalised(summary)}.</p></section>
${sectionsOf(tellings)}
<section><h2>Lesson</h2><p class="lede">${lesson}</p></section>
<section><h2>Source</h2>${note(`${source}.`)}</section>
${stepper}
</main>${script(trusted(storyPageScript))}</body></html>
`.html
}

/** Returns a section for each accident, with the fix beside it if there is one. */
function sectionsOf(tellings: readonly StoryTelling[]): readonly Html[] {
  const fix = tellings.find(({ kind }) => kind === 'fix')
  const accidents = tellings.filter(({ kind }) => kind === 'accident')
  if (fix === undefined || accidents.length === 0) return tellings.map((each, i) => tellingSection(each, undefined, i))
  return accidents.map((accident, i) => tellingSection(accident, fix, i))
}

function tellingSection(telling: StoryTelling, fix: StoryTelling | undefined, number: number): Html {
  const id = `telling-${number + 1}`
  const heading = telling.kind === 'fix' ? `What prevents it: ${telling.title}` : capitalised(telling.title)
  return sectionOf(
    id,
    heading,
    html`${telling.promise !== undefined && html`<p class="promise">The promise: ${telling.promise}</p>`}
${stepRows(telling, fix, number + 1)}
<div class="endings${fix === undefined ? '' : ' two'}">${ending(telling)}${fix !== undefined && ending(fix)}</div>`,
  )
}

function ending({ kind, goodput, ending: outcome, verdicts, differences }: StoryTelling): Html {
  const isAsScripted = differences.length === 0
  return html`<div>${goodput !== undefined && goodputPlot(goodput)}<div class="ending ${kind === 'fix' && isAsScripted ? 'good' : 'bad'}"><p><b>${outcome}</b></p>${verdicts.length !== 0 && html`<p>${capitalised(verdictsText(verdicts))}.</p>`}${!isAsScripted && html`<p class="why-bad">It did not end as expected:</p>${listOf('warnings', differences.map(capitalised))}`}</div></div>`
}

/** The buttons that move through the steps of the page. The page's script makes them visible. */
const stepper = html`<nav id="stepper" aria-label="Steps" hidden><button id="step-back" type="button" aria-keyshortcuts="ArrowLeft k">◀ Back</button><button id="step-next" type="button" aria-keyshortcuts="ArrowRight j">Next ▶</button><p role="status"><span id="step-place">Step by step</span><span id="step-words" class="sr"></span></p><button id="step-all" type="button" aria-keyshortcuts="Escape" hidden>Show all</button><span class="note">Keys: ← → or j k, Home, End; Esc shows all</span></nav>`

const WIDTH = 800
const HEIGHT = 140
const LEFT = 44
const BOTTOM = 24

/** Draws the answered requests per second over time. Bands show the `troubles`. */
function goodputPlot({ answeredPerSecond, askedPerSecond, bucketMs, troubles }: Goodput): Html {
  const most = Math.max(askedPerSecond, ...answeredPerSecond)
  const [wide, high] = [WIDTH - LEFT, HEIGHT - BOTTOM]
  const step = wide / answeredPerSecond.length
  const xOf = (ms: number): number => round(LEFT + (ms / bucketMs) * step)
  const yOf = (value: number): number => round(high - (value / most) * (high - 8))
  const everySeconds = Math.max(1, Math.round((answeredPerSecond.length * bucketMs) / 10_000))
  const seconds = Array.from(
    { length: Math.floor((answeredPerSecond.length * bucketMs) / 1_000 / everySeconds) + 1 },
    (_, i) => i * everySeconds,
  )
  return html`<figure class="goodput"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="answered requests a second over time">
${troubles.map(({ fromMs, untilMs, kind }) => html`${svgRect('wrong', xOf(fromMs), 0, round(xOf(untilMs) - xOf(fromMs)), high)}<text x="${xOf(fromMs) + 3}" y="10">${kind}</text>`)}
${answeredPerSecond.map((value, i) => svgRect('bar', round(LEFT + i * step + 1), yOf(value), round(step - 1), round(high - yOf(value))))}
<line class="asked" x1="${LEFT}" x2="${WIDTH}" y1="${yOf(askedPerSecond)}" y2="${yOf(askedPerSecond)}"/>
${svgText('label', LEFT - 6, yOf(askedPerSecond) + 4, html`${askedPerSecond}/s`)}${svgText('label', LEFT - 6, high, '0')}
${seconds.map((second) => svgText('tick', xOf(second * 1_000), HEIGHT - 8, html`${second} s`))}</svg><figcaption class="note">Answered requests a second; the dashed line is what was asked.</figcaption></figure>`
}

const twoColumns = (page: string): string =>
  `${page} :is(li,.row-head,.names){grid-template:auto 1fr/minmax(0,1fr) minmax(0,1fr)}${page} :is(.says,.title,.heads).told{grid-area:1/1}${page} :is(.says,.title,.heads).fixed{grid-area:1/2}${page} .cell.told{grid-area:2/1}${page} .cell.fixed{grid-area:2/2}${page} .row-head{gap:0 20px}`

const threeColumns = (page: string, columns: string): string =>
  `${page} :is(li,.row-head,.names){grid-template:auto 1fr/${columns}}${page} .says.told{grid-area:1/1}${page} .says.fixed{grid-area:2/1}${page} .cell.told{grid-area:1/2/3/3}${page} .cell.fixed{grid-area:1/3/3/4}${page} :is(.title,.heads).told{grid-area:1/2}${page} :is(.title,.heads).fixed{grid-area:1/3}${page} .row-head{gap:0 20px}`

/**
 * Returns styles for pages with several columns. The names of the lanes appear only once, above the steps. The system
 * that prevents the failure (`fixed`) has its own column beside the failing system (`told`), so it needs no border. On
 * narrow pages, `fixed` is below `told`, and a border marks `fixed`.
 */
const namedOnce = (page: string): string =>
  `${page} .names{display:grid}${page} .cell-head{display:none}${page} li{padding-bottom:0}${page} .says.fixed:empty{display:block}${page} .cell.fixed{padding-left:0;border-left:0}`

const storyStyle: string = `
:root{--dim:var(--ink2)}@supports (color:light-dark(red,red)){:root{--dim:light-dark(#6b707a,#868c96)}}
html{scroll-padding:60px 0 72px}
body.wide{max-width:1400px}.intro{padding-top:20px;margin-bottom:24px}.defs{position:absolute}
.told-page{--gutter:58px}.told-page ol{list-style:none}
.told-page li,.row-head,.names{display:grid;grid-template:none/minmax(0,1fr);gap:0 20px}.row-head{gap:8px}.names{display:none}.told-page li{padding-bottom:8px}.cell.fixed{padding-left:6px;border-left:4px double var(--ink2)}
.names{position:sticky;top:0;z-index:2;padding:4px 0;background:var(--page);border-bottom:1px solid var(--line2)}
.told-page li{position:relative;border-bottom:1px solid var(--line)}.says{padding:6px 0 6px 10px;font-size:14px}.says.fixed:empty{display:none}.says.fixed:not(:empty){margin:6px 0 6px 10px;padding:0 0 0 8px;border-left:2px solid var(--line2)}
.n{display:inline-block;min-width:24px;margin-right:4px;padding:1px 4px;line-height:20px;font-weight:600;text-align:center;text-decoration:none;color:var(--ink);border:1px solid var(--line2);border-radius:4px}.n:hover{background:var(--band)}
.promise{margin-bottom:10px}.ledger{display:inline-block;margin:6px 6px 0 0;padding:1px 6px;font-size:12px;border:1px solid var(--line2);border-radius:4px}.ledger.bad{color:var(--accent);border-color:var(--accent);font-weight:600}
.system{font-size:14px}.heads,.boxes{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);margin-left:var(--gutter)}.heads{position:relative}.heads b{text-align:center;font-size:13px;overflow-wrap:anywhere}.heads .label{position:absolute;left:calc(-1*var(--gutter));width:var(--gutter);font-size:12px;text-align:left}.heads.fixed .label,.system{font-weight:650}
.cell{display:flex;flex-direction:column;min-width:0;border-radius:6px}.cell-head{position:sticky;top:0;z-index:1;padding:2px 0;background:var(--page)}
.edge,.rest,.boxes{position:relative}.edge{min-height:6px}.rest{flex:1;min-height:6px}.back{position:absolute;inset:0 0 0 var(--gutter);width:calc(100% - var(--gutter));height:100%}.boxes .back{inset:0;width:100%}
.belief{position:relative;display:flex;flex-direction:column;align-items:center;margin:2px 3px 4px;padding:2px 1px;font-size:11px;line-height:1.3;text-align:center;overflow-wrap:anywhere;background:var(--panel);border:1px solid var(--line2);border-radius:4px}.belief.changed{margin:1px 2px 3px;border:2px solid var(--ink)}
.same{position:relative;margin-left:var(--gutter);padding-top:4px;font-size:12px;color:var(--ink2);text-align:center}.endings.two{display:grid;grid-template-columns:1fr 1fr;gap:0 20px}
.sr,.whose{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.sign{display:flex;align-items:center}.at{width:var(--gutter);padding-left:6px;flex:none;font-size:11.5px;white-space:nowrap;color:var(--ink2);font-variant-numeric:tabular-nums}
.sign svg{flex:1;height:34px;overflow:visible;min-width:0}
.life{stroke:var(--d1);stroke-width:1.5}.flow{stroke:var(--data);stroke-width:1.6}.flow.refused,.flow.none{stroke:var(--ink2);stroke-dasharray:4 3}
.head-mark{fill:var(--data)}.head-mark.refused,.head-mark.none{fill:var(--ink2)}
.sign text{text-anchor:middle;paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.flow.message{stroke:var(--ink2);stroke-width:1.3}.head-mark.message{fill:var(--ink2)}.flow.stopped{stroke-dasharray:4 3}.stop{stroke:var(--ink);stroke-width:2.2;fill:none}.sign .message-text{font-size:12px;fill:var(--ink2)}
.breaks .says.told{box-shadow:inset 3px 0 var(--accent)}.breaks :is(.says.told,.cell.told){--page:var(--tint);background:var(--tint)}.broken{display:block;color:var(--accent);font-size:13px;padding-top:4px}
.wall{fill:url(#hatch)}.wall-edge{stroke:var(--line2);stroke-dasharray:2 3}
.box{fill:var(--panel);stroke:var(--ink)}.box.fault{fill:var(--band);stroke:var(--line2)}
.ending{margin-top:12px;padding:8px 12px;border-left:3px solid var(--ink);background:var(--panel)}.ending.bad{border-color:var(--accent);background:var(--tint)}
.goodput{margin:12px 0}.goodput svg{width:100%;max-width:800px}.goodput text{font-size:11px;fill:var(--ink2)}.goodput .label{text-anchor:end}.goodput .bar{fill:var(--data)}.goodput .wrong{fill:var(--band)}.goodput .asked{stroke:var(--ink2);stroke-dasharray:4 3}
#stepper:not([hidden]){position:sticky;bottom:0;z-index:3;display:flex;flex-wrap:wrap;align-items:center;gap:4px 8px;margin-top:32px;padding:8px 0;background:var(--page);border-top:1px solid var(--line2)}#stepper p{min-width:8em;font-weight:600}#stepper button{min-height:32px}#stepper [aria-disabled=true]{color:var(--ink2);border-style:dashed;cursor:default}
@media screen{.ahead{--ink:var(--dim);--ink2:var(--dim);--accent:var(--dim);--data:var(--dim);--tint:var(--page);color:var(--dim)}.ahead svg{opacity:.5}.ahead .belief,.ahead .ledger{background:none;border-color:var(--line)}.breaks.ahead .says.told{box-shadow:none}
li[aria-current],li:target{box-shadow:inset 4px 0 var(--data)}.cell.now{outline:2px solid var(--data);outline-offset:-2px}.breaks .cell.told.now{outline-color:var(--accent)}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}.told-page svg{transition:opacity .12s}}
@media print,(min-width:761px){${namedOnce('.told-page:not(.two,.many)')}${threeColumns('.told-page:not(.two,.many)', 'minmax(200px,4fr) minmax(0,9fr)')}}
@media screen and (min-width:1001px){${namedOnce('.two:not(.many)')}${twoColumns('.two:not(.many)')}}
@media screen and (min-width:1101px){${threeColumns('.two:not(.many)', 'minmax(190px,2fr) minmax(0,5fr) minmax(0,5fr)')}${namedOnce('.many:not(.two)')}${threeColumns('.many:not(.two)', 'minmax(200px,4fr) minmax(0,9fr)')}}
@media screen and (min-width:1301px){${namedOnce('.many.two')}${twoColumns('.many.two')}}
@media screen and (max-width:760px){.endings.two{grid-template-columns:minmax(0,1fr)}.told-page{--gutter:48px}.sign text,.sign .message-text{font-size:11px}.at{font-size:10px}.heads b{font-size:11px}.belief,.belief.changed{padding:1px 0;margin:2px 1px 4px;font-size:10px}#stepper .note{display:none}
.many .boxes{display:block;padding:2px 0}.many .boxes .back{display:none}.many .belief,.many .belief.changed{flex-flow:wrap;gap:0 6px;margin:2px 0;padding:1px 6px;font-size:12px;text-align:left}.many .whose{position:static;width:auto;height:auto;clip-path:none;font-weight:600}}
@media print{.told-page li{break-inside:avoid}.names{position:static}#stepper:not([hidden]){display:none}}
`
