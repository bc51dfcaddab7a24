import { lanesInOrder } from '../lane-order.ts'
import { printable } from '../operation-words.ts'
import type { Goodput, PlayedLedger, PlayedStory, StoryTelling } from '../played-story.ts'
import { groupsOf } from '../story-rows.ts'
import { verdictsText } from '../story-words.ts'
import type { PageStyle } from './evidence.ts'
import { laneRows } from './lane-rows.ts'
import { finish, pageStyle, warnings } from './run-page.ts'
import type { Paint, Style, TerminalOptions } from './style.ts'
import { spread, wrap } from './width.ts'

const INDENT = '      '

/** Renders a story on a terminal, each step with its part of the drawing. */
export function renderStory(story: PlayedStory, style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  const { name, summary, lesson, source, prevention } = story
  return finish(
    [
      [style.bold(name.replaceAll('-', ' ').toUpperCase()), ...wrap(summary, page.width)],
      ...story.tellings.flatMap((telling) => tellingSections(telling, page)),
      [
        ...labelled('lesson', lesson, page),
        ...labelled('source', source, page),
        ...(prevention === undefined ? [] : labelled('instead', `${prevention.title}: ${prevention.command}`, page)),
      ],
    ],
    options,
  )
}

function tellingSections(telling: StoryTelling, page: PageStyle): string[][] {
  const { style, symbols, width } = page
  const { differences } = telling
  const end =
    differences.length === 0
      ? [style.green(`${symbols.met} ended as expected`)]
      : [style.bold(style.accent(`${symbols.violated} did not end as expected`)), ...warnings(differences, page)]
  return [
    titleLines(telling, page),
    ...stepSections(telling, page),
    ...(telling.goodput === undefined ? [] : [goodputPlot(telling.goodput, page)]),
    [
      ...wrap(printable(telling.ending), width, style.bold),
      ...(telling.verdicts.length === 0 ? [] : wrap(`Verdict: ${verdictsText(telling.verdicts)}.`, width)),
      ...end,
    ],
  ]
}

function titleLines({ title, setting }: StoryTelling, { style, width }: PageStyle): string[] {
  const lines = spread(style.bold(title), style.dim(setting), width)
  return lines.length === 1 ? lines : [...wrap(title, width, style.bold), style.dim(setting)]
}

/** Returns a section for each step. */
function stepSections(telling: StoryTelling, page: PageStyle): string[][] {
  const { header, row } = laneRows(lanesInOrder(telling), page)
  return [
    [header],
    ...groupsOf(telling).map(({ number, text, broken, signs, ledger }) => [
      ...stepLines(text, number, page),
      ...signs.map(row),
      ...ledgerLines(ledger, page),
      ...brokenLines(broken, page),
    ]),
  ]
}

/**
 * Returns the lines about the story's promise. Empty if the step does not change the state of the promise, or if an
 * earlier step has broken the promise.
 */
function ledgerLines(ledger: PlayedLedger | undefined, page: PageStyle): string[] {
  if (ledger === undefined || (ledger.broken && !ledger.breaks)) return []
  return ledger.broken ? brokenLines(ledger.says, page) : indented(ledger.says, page.style.dim, page)
}

/** Returns the note of the step that breaks a level or the promise. */
const brokenLines = (broken: string, page: PageStyle): string[] =>
  broken === ''
    ? []
    : indented(`${page.symbols.violated} ${broken}`, (line) => page.style.bold(page.style.accent(line)), page)

const indented = (text: string, paint: Paint, { width }: PageStyle): string[] =>
  wrap(printable(text), width - INDENT.length).map((line) => `${INDENT}${paint(line)}`)

const stepLines = (text: string, number: number, { style, width }: PageStyle): string[] =>
  wrap(printable(text), width - INDENT.length).map((line, i) =>
    i === 0 ? `${style.bold(String(number).padStart(3))}   ${line}` : `${INDENT}${line}`,
  )

const labelled = (label: string, text: string, { width, style }: PageStyle): string[] =>
  wrap(printable(text), width - 9).map((line, i) => `${style.dim((i === 0 ? label : '').padEnd(9))}${line}`)

/** Height of the plot in rows. */
const HEIGHT = 5
const LABEL_WIDTH = 7
const EIGHTHS = ' ▁▂▃▄▅▆▇█'
/** ASCII characters that replace the block characters of `EIGHTHS`. */
const PLAIN = ' ...::###'
const BUCKETS_PER_TICK = 8

/** Draws the answered requests per second as bars over time. */
function goodputPlot(goodput: Goodput, { style, symbols }: PageStyle): string[] {
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
