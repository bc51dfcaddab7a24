import { lanesInOrder } from '../lane-order.ts'
import { printable } from '../operation-words.ts'
import { verdictsText } from '../story-words.ts'
import { groupsOf } from '../told-rows.ts'
import type { StoryTelling, ToldLedger, ToldStory } from '../told-story.ts'
import type { PageStyle } from './evidence.ts'
import { goodputPlot } from './goodput-plot.ts'
import { laneRows } from './lane-rows.ts'
import { finish, pageStyle, warnings } from './run-page.ts'
import type { Style, TerminalOptions } from './style.ts'
import { spread, wrap } from './width.ts'

const INDENT = '      '

/** A story on a terminal: each step in words, and below it what was drawn of it. Ends in a newline. */
export function renderStory(story: ToldStory, style: Style, options: TerminalOptions): string {
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
      ? [style.green(`${symbols.met} ended as told`)]
      : [style.bold(style.accent(`${symbols.violated} did not end as told`)), ...warnings(differences, page)]
  return [
    titleLines(telling, page),
    ...stepSections(telling, page),
    ...(telling.goodput === undefined ? [] : [goodputPlot(telling.goodput, page)]),
    [
      ...wrap(printable(telling.ending), width).map((line) => style.bold(line)),
      ...(telling.verdicts.length === 0 ? [] : wrap(`Verdict: ${verdictsText(telling.verdicts)}.`, width)),
      ...end,
    ],
  ]
}

function titleLines({ title, setting }: StoryTelling, { style, width }: PageStyle): string[] {
  const lines = spread(style.bold(title), style.dim(setting), width)
  return lines.length === 1 ? lines : [...wrap(title, width).map(style.bold), style.dim(setting)]
}

/** Each step's words, and below them its rows of the one drawing. */
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

/** How the promise stands, until it is broken. */
const ledgerLines = (ledger: ToldLedger | undefined, { style, symbols, width }: PageStyle): string[] =>
  ledger === undefined || (ledger.broken && !ledger.breaks)
    ? []
    : wrap(printable(ledger.broken ? `${symbols.violated} ${ledger.says}` : ledger.says), width - INDENT.length).map(
        (line) => `${INDENT}${ledger.broken ? style.bold(style.accent(line)) : style.dim(line)}`,
      )

/** The step that breaks the promise says so. */
const brokenLines = (broken: string, { style, symbols, width }: PageStyle): string[] =>
  broken === ''
    ? []
    : wrap(`${symbols.violated} ${broken}`, width - INDENT.length).map(
        (line) => `${INDENT}${style.bold(style.accent(line))}`,
      )

const stepLines = (text: string, number: number, { style, width }: PageStyle): string[] =>
  wrap(printable(text), width - INDENT.length).map((line, i) =>
    i === 0 ? `${style.bold(String(number).padStart(3))}   ${line}` : `${INDENT}${line}`,
  )

const labelled = (label: string, text: string, { width, style }: PageStyle): string[] =>
  wrap(printable(text), width - 9).map((line, i) => `${style.dim((i === 0 ? label : '').padEnd(9))}${line}`)
