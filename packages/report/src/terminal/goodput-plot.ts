import type { Goodput } from '../told-story.ts'
import type { PageStyle } from './evidence.ts'

/** Rows of the plot. */
const HEIGHT = 5
const LABEL_WIDTH = 7
const EIGHTHS = ' ▁▂▃▄▅▆▇█'
/** What draws eighths where there is no Unicode. */
const PLAIN = ' ...::###'
const BUCKETS_PER_TICK = 8

/** Answered requests a second as bars over time, one column for each bucket; below them, what was wrong. */
export function goodputPlot(goodput: Goodput, { style, symbols }: PageStyle): string[] {
  const { answeredPerSecond, askedPerSecond, bucketMs, troubles } = goodput
  const most = Math.max(askedPerSecond, ...answeredPerSecond)
  const levels = symbols.met === '✔' ? EIGHTHS : PLAIN
  const rows = Array.from({ length: HEIGHT }, (_, i) => {
    const row = HEIGHT - 1 - i
    const bars = answeredPerSecond
      .map((value) => levels[Math.max(0, Math.min(8, Math.round((value / most) * HEIGHT * 8) - row * 8))] ?? '')
      .join('')
    return `${(i === 0 ? String(Math.round(most)) : '').padStart(LABEL_WIDTH - 2)}  ${bars}`.trimEnd()
  })
  const wrong = answeredPerSecond.map((_, bucket) => {
    const [from, to] = [bucket * bucketMs, (bucket + 1) * bucketMs]
    return troubles.some(({ fromMs, untilMs }) => fromMs < to && untilMs > from) ? symbols.violated : symbols.line
  })
  return [
    style.dim(`answered requests a second; ${askedPerSecond} are asked`),
    ...rows,
    `${'0'.padStart(LABEL_WIDTH - 2)}  ${wrong.join('')}`,
    `${' '.repeat(LABEL_WIDTH)}${ticks(goodput)}`,
    ...troubles.map(({ kind, fromMs, untilMs }) =>
      style.dim(`${' '.repeat(LABEL_WIDTH)}${symbols.violated} ${kind}, ${fromMs / 1_000} s to ${untilMs / 1_000} s`),
    ),
  ]
}

const ticks = ({ answeredPerSecond, bucketMs }: Goodput): string =>
  answeredPerSecond
    .flatMap((_, bucket) =>
      bucket % BUCKETS_PER_TICK === 0 ? [`${(bucket * bucketMs) / 1_000} s`.padEnd(BUCKETS_PER_TICK)] : [],
    )
    .join('')
    .trimEnd()
