import type { Goodput } from '../told-story.ts'
import { type Html, html } from './markup.ts'

const WIDTH = 800
const HEIGHT = 140
const LEFT = 44
const BOTTOM = 24

/** Answered requests a second as bars over time, over bands where something was wrong. */
export function goodputPlot({ answeredPerSecond, askedPerSecond, bucketMs, troubles }: Goodput): Html {
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
