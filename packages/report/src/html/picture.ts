import { type Counterexample, type Report, verdictOf } from '@chaosproxy/checker'
import { count, operationsIn } from '@chaosproxy/history'
import { judgedLevels } from '@chaosproxy/runner/result'
import { type Facts, factsOf } from '../facts/facts.ts'
import type { Sheet } from '../sheets/sheet.ts'
import { tellingOf } from '../telling/telling.ts'
import { sheetLines } from '../terminal/drawing.ts'
import { plainStyle, unicodeSymbols } from '../terminal/style.ts'
import { clip, wrap } from '../terminal/width.ts'
import { capitalised } from '../words.ts'
import { contradictionSvg, drawnOf } from './contradiction.ts'
import { type Html, html, svgText, trusted } from './markup.ts'
import type { Page } from './page-input.ts'
import { ledeOf, standing, warningsOf } from './page-words.ts'
import { drawingStyles, themes } from './stylesheet.ts'
import { canDraw, transactionsSvg } from './transactions.ts'

const WIDTH = 800
const MARGIN = 20
/** Number of characters in a line, by text size. */
const FIT = { title: 52, text: 104, command: 100 }
/** Maximum number of lines of a text; the page has all of it. */
const MOST_LINES = 4
/** Maximum number of warnings; the page has the others. */
const MOST_WARNINGS = 4

const styles = `${themes}
${drawingStyles}
.page{fill:var(--page)}svg .title{font-size:26px;font-weight:650;letter-spacing:-.01em}svg .title.bad{fill:var(--accent)}svg .lede{font-size:14.5px}svg .small{fill:var(--ink2)}svg .command{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}svg .violated{fill:var(--accent);font-weight:620}`

interface Line {
  readonly text: string
  readonly below: number
  readonly look: string
}

/**
 * Renders the verdict as one self-contained picture for a pull request, a wiki or a chat. Below the verdict, the
 * picture shows the contradiction as a drawing or a table. If there is neither, the picture shows the levels. Its
 * colours follow the reader's theme.
 */
export function renderPicture(page: Page, facts: Facts = factsOf(page)): string {
  const head = placed(headOf(page, facts), MARGIN)
  const own = facts.violations[0]?.sheet
  const sheet = own?.isTimed === true ? undefined : own
  const drawn =
    facts.counterexample === undefined ||
    sheet !== undefined ||
    !(facts.counterexample.transactions === undefined || canDraw(page.history, facts.counterexample.transactions))
      ? undefined
      : drawing(page, facts.counterexample, facts, head.bottom)
  const levels = drawn === undefined && page.report !== undefined ? levelsOf(page.report) : []
  const rows = placed(sheet === undefined ? levels : sheetTexts(sheet), head.bottom)
  const foot = placed(footOf(page), drawn?.bottom ?? rows.bottom)
  const height = foot.bottom + MARGIN
  const name = clip(`${facts.headline.title}: ${page.title}`, FIT.text * 2)
  const picture =
    html`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${name}" data-generator="chaos"><title>${name}</title><style>${trusted(styles)}</style><rect class="page" width="${WIDTH}" height="${height}"/>${head.texts}${drawn?.svg}${rows.texts}${foot.texts}</svg>
`.html
  return picture.replace(NOT_XML, '\ufffd')
}

/** Matches the characters that HTML may contain but XML cannot represent. */
const NOT_XML = /[\ud800-\udfff\ufffe\uffff]/gu

function headOf(page: Page, facts: Facts): readonly Line[] {
  const { title, mood } = facts.headline
  const telling = tellingOf(facts, page)
  const look = mood === 'bad' ? 'title bad' : 'title'
  return [
    ...linesOf(title, FIT.title, look, 30),
    ...linesOf(standing(facts), FIT.text, 'small', 22),
    ...linesOf(ledeOf(page, facts), FIT.text, 'lede', 23),
    ...linesOf(capitalised(telling.why.text), FIT.text, 'small', 20),
    ...warningsOf(page, facts, telling)
      .slice(0, MOST_WARNINGS)
      .flatMap((warning) => linesOf(`! ${capitalised(warning)}`, FIT.text, 'small', 18)),
  ]
}

const levelsOf = (report: Report<string>): readonly Line[] =>
  judgedLevels(report).map((level, i) => {
    const { result } = verdictOf(report, level)
    return { text: `${level.replaceAll('-', ' ')}: ${result}`, look: result, below: i === 0 ? 30 : 19 }
  })

const sheetTexts = (sheet: Sheet): readonly Line[] =>
  sheetLines(sheet, { width: FIT.command, style: plainStyle, symbols: unicodeSymbols }).map((text, i) => ({
    text,
    look: text.startsWith(unicodeSymbols.violated) ? 'command violated' : 'command',
    below: i === 0 ? 34 : 19,
  }))

function footOf({ again, title, version, history }: Page): readonly Line[] {
  const about = `${title}, ${count(operationsIn(history))} operations, chaos ${version}`
  const command = again === undefined ? [] : [{ text: clip(again, FIT.command), look: 'command', below: 26 }]
  return [...command, { text: clip(about, FIT.text), look: 'small', below: again === undefined ? 26 : 18 }]
}

function linesOf(text: string, width: number, look: string, below: number): readonly Line[] {
  if (text === '') return []
  const lines = wrap(clip(text, width * MOST_LINES), width).slice(0, MOST_LINES)
  return lines.map((line) => ({ text: clip(line, width), look, below }))
}

function placed(lines: readonly Line[], top: number): { readonly texts: readonly Html[]; readonly bottom: number } {
  let bottom = top
  const texts = lines.map(({ text, below, look }) => {
    bottom += below
    return svgText(look, MARGIN, bottom, text)
  })
  return { texts, bottom }
}

function drawing(
  { history }: Page,
  counterexample: Counterexample,
  { near, wire }: Facts,
  top: number,
): { readonly svg: Html; readonly bottom: number } {
  let bottom = top
  const place = (width: number, height: number): Html => {
    bottom = top + MARGIN + height
    return html` x="${MARGIN}" y="${top + MARGIN}" width="${width}" height="${height}"`
  }
  const { transactions } = counterexample
  const svg =
    transactions === undefined
      ? contradictionSvg(history, drawnOf(history, counterexample), near, { wire, place })
      : transactionsSvg(history, counterexample, transactions, { width: WIDTH - 2 * MARGIN, place })
  return { svg, bottom }
}
