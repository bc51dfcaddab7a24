import type { Verdict } from '@chaosproxy/checker'
import { type Explained, type ExplainInput, factsOfExplained } from '../explanation/explained.ts'
import { printable } from '../operation-words.ts'
import { RACE_TITLE } from '../race/race-words.ts'
import { answersOf } from '../telling/telling.ts'
import { capitalised, listed } from '../words.ts'
import { drawCounterexample } from './drawing.ts'
import type { PageStyle } from './evidence.ts'
import { drawRace } from './race-lines.ts'
import { finish, pageStyle, vacuousTexts, warnings } from './run-page.ts'
import { type Paint, painted, paintFor, plainStyle, resultPaints, type Style, type TerminalOptions } from './style.ts'
import { wrap } from './width.ts'

/** Renders an explained verdict for readers. Ends in a newline. */
export function renderExplained(explained: Explained, style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  const { title, verdict, mood, sentence, also, notes, steps, messages, race, faults, causes } = explained
  const paint = (text: string): string => style.bold(paintFor(mood, style)(text))
  return finish(
    [
      painted([...(title === verdict ? [] : wrap(title, page.width)), verdict.toUpperCase()], paint),
      warnings([...vacuousTexts(notes), ...explained.warnings], page),
      wrap(sentence, page.width),
      answersOf(explained)
        .filter(([, answer]) => !sentence.endsWith(answer))
        .flatMap(([name, answer]) => wrap(`${name}: ${printable(answer)}`, page.width)),
      ...also.map((text) => wrap(text, page.width)),
      titled(
        'What happened',
        steps.flatMap((step, i) => stepLines(step, i + 1, page)),
        page,
      ),
      titled(
        'Messages between nodes meanwhile',
        messages.flatMap((message) => hanging(message, page)),
        page,
      ),
      titled(
        RACE_TITLE,
        race === undefined
          ? []
          : drawRace(race, { ...page, width: page.width - 2 }).map((line) => `  ${line}`.trimEnd()),
        page,
      ),
      proofLines(explained, page),
      titled(
        'Faults in force meanwhile',
        faults.flatMap((fault) => hanging(fault, page)),
        page,
      ),
      titled('What each level allows', levelLines(explained, page), page),
      titled(
        'Usual causes',
        causes.flatMap(({ cause, remedy }) => [...hanging(cause, page), ...hanging(remedy, page, '    ')]),
        page,
      ),
    ],
    options,
  )
}

const titled = (title: string, lines: readonly string[], { style }: PageStyle): string[] =>
  lines.length === 0 ? [] : [style.bold(title), ...lines]

const hanging = (text: string, { width }: PageStyle, indent: string = '  '): string[] =>
  wrap(text, width - indent.length).map((line) => `${indent}${line}`)

function stepLines(
  { at, text, isAccused, lines }: Explained['steps'][number],
  number: number,
  page: PageStyle,
): string[] {
  const { style, symbols } = page
  const when = at === '' ? '' : `${at}  `
  const cited = lines === '' ? '' : ` (${lines})`
  const output = hanging(
    `${number}. ${when}${text}${isAccused ? ` ${symbols.violated} This cannot be.` : ''}${cited}`,
    page,
  )
  return isAccused ? painted(output, style.accent) : output
}

/** Returns the lines of the proof. */
function proofLines({ proof }: Explained, page: PageStyle): string[] {
  if (proof === undefined) return []
  const { verdict, operations, orders, isProved } = proof
  const paint = isProved ? page.style.bold : page.style.yellow
  const named = operations.map(({ name, text }) => `${name}: ${text}`)
  const tried = orders.flatMap(({ order, fails }) => [
    ...hanging(order, page),
    ...hanging(`${page.symbols.violated} ${fails}`, page, '    '),
  ])
  return [
    ...wrap(verdict, page.width, paint),
    ...named.flatMap((line) => hanging(line, page)),
    ...(tried.length === 0
      ? []
      : ['', page.style.bold('All orders, each up to the first operation that does not fit'), ...tried]),
  ]
}

const WORD: { readonly [result in Verdict['result']]: string } = {
  met: 'allows it',
  violated: 'forbids it',
  unknown: 'is undecided',
}

/** Returns the lines of the levels. Omits levels that merely follow from a stronger level. */
function levelLines({ levels }: Explained, page: PageStyle): string[] {
  const listed = levels.filter(
    ({ asks, result, why }) => asks !== '' && !(result === 'met' && why.startsWith('follows')),
  )
  const shared = listed.filter(
    ({ result, why }) => result === 'unknown' && listed.filter((each) => each.why === why).length > 1,
  )
  return listed.flatMap((level): string[] => {
    if (!shared.includes(level)) return levelLine(level, page)
    const alike = shared.filter(({ why }) => why === level.why)
    return alike[0] === level ? undecidedLine(alike, page) : []
  })
}

function levelLine({ level, asks, result, why }: Explained['levels'][number], page: PageStyle): string[] {
  const text = `${capitalised(level)} ${WORD[result]}: ${asks}${result !== 'violated' && why !== '' ? ` (${why})` : ''}.`
  return paintedFirst(text, resultPaints(page.style)[result], page)
}

function undecidedLine(levels: readonly Explained['levels'][number][], page: PageStyle): string[] {
  const names = levels.map(({ level }) => level)
  return paintedFirst(`${capitalised(listed(names))} are undecided: ${levels[0]?.why ?? ''}.`, page.style.yellow, page)
}

/** Indents a text, and paints its first line. */
function paintedFirst(text: string, paint: Paint, page: PageStyle): string[] {
  const [first = '', ...rest] = hanging(text, page)
  return [paint(first), ...rest]
}

/** Draws, without colours, the contradiction that the function `explain` describes for the same input. */
export function drawContradiction(input: ExplainInput, options: TerminalOptions): string {
  const { counterexample: shown, near } = factsOfExplained(input)
  if (shown === undefined) return ''
  const page = pageStyle(plainStyle, options)
  const drawing = drawCounterexample(input.history, shown, near, page)
  return drawing.map((line) => line.trimEnd()).join('\n')
}
