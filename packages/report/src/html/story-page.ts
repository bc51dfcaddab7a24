import { type Nanos, nanosToMillis } from '@chaosproxy/history'
import { verdictsText } from '../story-words.ts'
import { groupsOf } from '../told-rows.ts'
import type { StoryTelling, ToldStory } from '../told-story.ts'
import { capitalised } from '../words.ts'
import { goodputPlot } from './goodput-plot.ts'
import { type Html, html, trusted } from './markup.ts'
import { lanesOf, signRow, type Wall, wallsAfter } from './story-lanes.ts'
import { stylesheet } from './stylesheet.ts'

/**
 * A story as one self-contained file: every telling step by step, words on the left, what was drawn of them on the
 * right, time running down. It works from disk, without a network or scripts, in a dark theme and in print.
 */
export function renderStoryHtml(story: ToldStory, version: string): string {
  const { name, summary, lesson, source, tellings } = story
  const title = capitalised(name.replaceAll('-', ' '))
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="generator" content="chaos"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${title}</title><style>${trusted(stylesheet)}${trusted(own)}</style></head>
<body><header class="top"><span><b>chaos</b> ${version}</span><span>chaos scenario ${name}</span></header>
<main>
<section class="intro"><h1>${title}</h1><p class="lede">${capitalised(summary)}.</p></section>
${tellings.map((telling, i) => tellingSection(telling, i))}
<section><h2>Lesson</h2><p class="lede">${lesson}</p></section>
<section><h2>Source</h2><p class="note">${source}.</p></section>
</main></body></html>
`.html
}

function tellingSection(telling: StoryTelling, number: number): Html {
  const { title, setting, verdicts, goodput, ending, differences, kind } = telling
  const id = `telling-${number + 1}`
  const asTold = differences.length === 0
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${kind === 'fix' ? 'What prevents it: ' : ''}${kind === 'fix' ? title : capitalised(title)}</h2><p class="note">${setting}</p>
${steps(telling)}
${goodput === undefined ? undefined : goodputPlot(goodput)}
<div class="ending ${kind === 'fix' && asTold ? 'good' : 'bad'}"><p><b>${ending}</b></p>${verdicts.length === 0 ? undefined : html`<p>${capitalised(verdictsText(verdicts))}.</p>`}${
    asTold
      ? undefined
      : html`<p class="why-bad">It did not end as told:</p><ul class="warnings">${differences.map((difference) => html`<li>${capitalised(difference)}</li>`)}</ul>`
  }</div></section>`
}

function steps(telling: StoryTelling): Html {
  const lanes = lanesOf(telling)
  const groups = groupsOf(telling)
  let walls: readonly Wall[] = []
  const rows = groups.map(({ number, text, broken, signs }) => {
    const drawn = signs.map((sign) => {
      walls = wallsAfter(walls, sign)
      return html`<div class="sign"><span class="at">${timeText(sign.at)}</span>${signRow(sign, lanes, walls)}</div>`
    })
    return html`<li${broken === '' ? undefined : html` class="breaks"`}><p><span class="n">${number}</span> ${text}${broken === '' ? undefined : html`<b class="broken">✘ ${broken}</b>`}</p><div class="drawn">${drawn}</div></li>`
  })
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${telling.title}"><div class="told"><div class="lanes" aria-hidden="true"><span class="at"></span><div class="heads">${lanes.map(({ name, at }) => html`<b style="left:${at}%">${name}</b>`)}</div></div><ol>${rows}</ol></div></div>`
}

const timeText = (at: Nanos): string => `${nanosToMillis(at).toFixed(at < 1e8 ? 1 : 0)} ms`

const own = `
.intro{padding-top:20px;margin-bottom:24px}
.told ol{list-style:none}.told li{display:grid;grid-template-columns:minmax(220px,5fr) minmax(440px,8fr);gap:0 20px;border-top:1px solid var(--line);padding:6px 0}
.told li>p{font-size:14px;padding-right:4px}.told .n{margin-right:4px}
.lanes{display:grid;grid-template-columns:minmax(220px,5fr) minmax(440px,8fr);gap:0 20px;height:26px}.lanes .at{visibility:hidden}
.heads{position:relative;margin-left:64px}.heads b{position:absolute;transform:translateX(-50%);font-size:13px}
.sign{display:flex;align-items:center}.at{width:64px;flex:none;font-size:12px;color:var(--ink2);font-variant-numeric:tabular-nums}
.sign svg{flex:1;height:34px;overflow:visible;min-width:0}
.life{stroke:var(--d1);stroke-width:1.5}.flow{stroke:var(--data);stroke-width:1.6}.flow.refused,.flow.none{stroke:var(--ink2);stroke-dasharray:4 3}
.head-mark{fill:var(--data)}.head-mark.refused,.head-mark.none{fill:var(--ink2)}
.sign text{text-anchor:middle;paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.flow.message{stroke:var(--ink2);stroke-width:1.3}.head-mark.message{fill:var(--ink2)}.flow.stopped{stroke-dasharray:4 3}.stop{stroke:var(--ink);stroke-width:2.2;fill:none}.sign .message-text{font-size:12px;fill:var(--ink2)}
.told li.breaks{background:var(--tint);box-shadow:inset 3px 0 var(--accent)}.broken{display:block;color:var(--accent);font-size:13px;padding-top:4px}.told li.breaks>p{padding-left:10px}
.wall{fill:url(#hatch)}.wall-edge{stroke:var(--line2);stroke-dasharray:2 3}
.box{fill:var(--panel);stroke:var(--ink)}.box.fault{fill:var(--band);stroke:var(--line2)}
.ending{margin-top:12px;padding:8px 12px;border-left:3px solid var(--ink);background:var(--panel)}.ending.bad{border-color:var(--accent);background:var(--tint)}
.goodput{margin:12px 0}.goodput svg{width:100%;max-width:800px}.goodput text{font-size:11px;fill:var(--ink2)}.goodput .label{text-anchor:end}.goodput .bar{fill:var(--data)}.goodput .wrong{fill:var(--band)}.goodput .asked{stroke:var(--ink2);stroke-dasharray:4 3}
@media screen and (max-width:760px){.told{min-width:480px}.told li{grid-template-columns:minmax(0,1fr)}.told li>p{position:sticky;left:0;max-width:calc(100vw - 40px)}.lanes{grid-template-columns:minmax(0,1fr);position:static}.lanes>.at{display:none}}
@media print{.told li{break-inside:avoid}}
`
