import { type Html, html } from './markup.ts'

const WIDTH = 96
const HEIGHT = 22

/** Answers a second over a run, as bars; the band is when the fault was in force, in shares of the run. */
export function sparkline(
  values: readonly number[],
  most: number,
  band: readonly [from: number, to: number] | undefined,
): Html {
  const step = WIDTH / Math.max(1, values.length)
  const top = Math.max(most, ...values, 1)
  const bars = values.map((value, i) => {
    const height = Math.round((value / top) * HEIGHT * 10) / 10
    return `M${Math.round(i * step * 10) / 10} ${HEIGHT}v${-height}h${Math.max(1, step - 0.8)}v${height}z`
  })
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${aboutText(values)}">${band === undefined ? undefined : html`<rect class="band" x="${band[0] * WIDTH}" y="0" width="${(band[1] - band[0]) * WIDTH}" height="${HEIGHT}"/>`}<path class="spark-bars" d="${bars.join('')}"/></svg>`
}

const aboutText = (values: readonly number[]): string =>
  values.length === 0
    ? 'not measured'
    : `${Math.round(values[0] ?? 0)} answers a second at first, at least ${Math.round(Math.min(...values))}, ${Math.round(values.at(-1) ?? 0)} at last`
