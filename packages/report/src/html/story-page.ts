import { verdictsText } from '../story-words.ts'
import type { Goodput, StoryTelling, ToldStory } from '../told-story.ts'
import { capitalised } from '../words.ts'
import { type Html, headOf, html, script, topBar, trusted } from './markup.ts'
import { toldScript } from './scripts.ts'
import { hatching } from './story-lanes.ts'
import { stepRows } from './story-steps.ts'
import { storyStyle } from './story-style.ts'

/**
 * A story as one self-contained file: every telling step by step, words on the left, what was drawn of them on the
 * right, time running down. It works from disk, without a network, in a dark theme and in print. Its script walks from
 * step to step; without it everything is there.
 */
export function renderStoryHtml(story: ToldStory, version: string): string {
  const { name, summary, lesson, source, tellings } = story
  const title = capitalised(name.replaceAll('-', ' '))
  return html`${headOf(title, storyStyle)}
<body${tellings.some(({ kind }) => kind === 'fix') && tellings.length > 1 ? html` class="wide"` : undefined}>${topBar(version, [`chaos scenario ${name}`])}
<main>${hatching}
<section class="intro"><h1>${title}</h1><p class="lede">${capitalised(summary)}.</p></section>
${sectionsOf(tellings)}
<section><h2>Lesson</h2><p class="lede">${lesson}</p></section>
<section><h2>Source</h2><p class="note">${source}.</p></section>
${stepper}
</main>${script(trusted(toldScript))}</body></html>
`.html
}

/** Every accident next to its prevention, if that is told too. */
function sectionsOf(tellings: readonly StoryTelling[]): readonly Html[] {
  const fix = tellings.find(({ kind }) => kind === 'fix')
  const accidents = tellings.filter(({ kind }) => kind === 'accident')
  if (fix === undefined || accidents.length === 0) return tellings.map((each, i) => tellingSection(each, undefined, i))
  return accidents.map((accident, i) => tellingSection(accident, fix, i))
}

function tellingSection(told: StoryTelling, fix: StoryTelling | undefined, number: number): Html {
  const id = `telling-${number + 1}`
  const heading = told.kind === 'fix' ? `What prevents it: ${told.title}` : capitalised(told.title)
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>${told.promise === undefined ? undefined : html`<p class="promise">The promise: ${told.promise}</p>`}
${stepRows(told, fix, number + 1)}
<div class="endings${fix === undefined ? '' : ' two'}">${ending(told)}${fix === undefined ? undefined : ending(fix)}</div></section>`
}

function ending({ kind, goodput, ending: says, verdicts, differences }: StoryTelling): Html {
  const asTold = differences.length === 0
  return html`<div>${goodput === undefined ? undefined : goodputPlot(goodput)}<div class="ending ${kind === 'fix' && asTold ? 'good' : 'bad'}"><p><b>${says}</b></p>${verdicts.length === 0 ? undefined : html`<p>${capitalised(verdictsText(verdicts))}.</p>`}${
    asTold
      ? undefined
      : html`<p class="why-bad">It did not end as told:</p><ul class="warnings">${differences.map((difference) => html`<li>${capitalised(difference)}</li>`)}</ul>`
  }</div></div>`
}

/** Shown by the script that it needs. */
const stepper = html`<nav id="stepper" aria-label="Steps" hidden><button id="step-back" type="button" aria-keyshortcuts="ArrowLeft k">◀ Back</button><button id="step-next" type="button" aria-keyshortcuts="ArrowRight j">Next ▶</button><p role="status"><span id="step-place">Step by step</span><span id="step-words" class="sr"></span></p><button id="step-all" type="button" aria-keyshortcuts="Escape" hidden>Show all</button><span class="note">Keys: ← → or j k, Home, End; Esc shows all</span></nav>`

const WIDTH = 800
const HEIGHT = 140
const LEFT = 44
const BOTTOM = 24

/** Answered requests a second as bars over time, over bands where something was wrong. */
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
${troubles.map(({ fromMs, untilMs, kind }) => html`<rect class="wrong" x="${xOf(fromMs)}" y="0" width="${round(xOf(untilMs) - xOf(fromMs))}" height="${high}"/><text x="${xOf(fromMs) + 3}" y="10">${kind}</text>`)}
${answeredPerSecond.map((value, i) => html`<rect class="bar" x="${round(LEFT + i * step + 1)}" y="${yOf(value)}" width="${round(step - 1)}" height="${round(high - yOf(value))}"/>`)}
<line class="asked" x1="${LEFT}" x2="${WIDTH}" y1="${yOf(askedPerSecond)}" y2="${yOf(askedPerSecond)}"/>
<text class="label" x="${LEFT - 6}" y="${yOf(askedPerSecond) + 4}">${askedPerSecond}/s</text><text class="label" x="${LEFT - 6}" y="${high}">0</text>
${seconds.map((second) => html`<text class="tick" x="${xOf(second * 1_000)}" y="${HEIGHT - 8}">${second} s</text>`)}</svg><figcaption class="note">Answered requests a second; the dashed line is what was asked.</figcaption></figure>`
}

const round = (value: number): number => Math.round(value * 10) / 10
