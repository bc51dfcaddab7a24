import type { Counterexample } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import type { Facts } from '../facts/facts.ts'
import {
  alsoForbiddenBy,
  citation,
  sentenceText,
  storyOf,
  uncutText,
  violationText,
  whyTitle,
} from '../facts/violation-words.ts'
import type { Violation } from '../facts/violations.ts'
import { type Wire, wireLines } from '../facts/wire.ts'
import { adjective } from '../level-words.ts'
import { reproach } from '../moments.ts'
import { capitalised, nonEmpty, sentences } from '../words.ts'
import type { Brevity } from './brevity.ts'
import { drawCounterexample, sheetLines } from './drawing.ts'
import type { Style, Symbols } from './style.ts'
import { drawTransactions } from './transactions.ts'
import { wrap } from './width.ts'

export interface PageStyle {
  readonly width: number
  readonly style: Style
  readonly symbols: Symbols
  readonly brevity: Brevity
}

/** Maximum number of faults to list on a short page. */
const MOST_FAULTS = 2
/** A short page draws a counterexample of at most this many operations. */
const MOST_ALWAYS_DRAWN = 3

/** Returns the drawing and the sentence of a contradiction, without the page's margin. */
export function evidence(
  history: History,
  violation: Violation,
  { near: all, wire, why, isAside }: Pick<Facts, 'near' | 'wire' | 'why' | 'isAside'>,
  file: string,
  page: PageStyle,
): string[] {
  const { counterexample, sheet } = violation
  const { style, brevity } = page
  const isLong = sheet === undefined && counterexample.operations.length > MOST_ALWAYS_DRAWN
  const inner = { ...page, width: page.width - 2, listed: brevity.picture && isLong }
  const near = brevity.picture ? all.slice(0, 1) : all
  // A brief page with a drawing lists no faults, because the title already names the first one.
  const named = !brevity.picture ? all : isLong ? all.slice(0, MOST_FAULTS) : []
  return [
    ...wrap(`${whyTitle(history, violation, { near, isAside })}:`, page.width, style.bold),
    ...(brevity.picture ? [] : ['']),
    ...(counterexample.transactions !== undefined
      ? drawTransactions(history, counterexample.transactions, inner)
      : sheet === undefined
        ? drawCounterexample(history, counterexample, near, inner)
        : [...sheetLines(sheet, inner), ...reasonLines(history, violation, inner)]
    ).map((line) => `  ${line}`),
    ...named.map(({ text }, i) => style.dim(`${i === 0 ? '\n' : ''}  ${style.yellow(page.symbols.shade)} ${text}`)),
    ...wireLines(brevity.remainder ? withLastMessage(wire) : wire).map((text, i) =>
      style.dim(`${i === 0 && named.length === 0 && !brevity.picture ? '\n' : ''}  ${page.symbols.bullet} ${text}`),
    ),
    '',
    ...wrap(capitalised(sentenceText(history, counterexample, why)), page.width),
    ...(brevity.remainder ? [] : nonEmpty(wrap(alsoForbiddenBy(violation), page.width))),
    ...noteOf(counterexample, page),
    ...wrap(citation(history, counterexample, file), page.width, style.dim),
  ].flatMap((line) => line.split('\n'))
}

/** Returns why the last row is impossible, if times matter. */
function reasonLines(history: History, { counterexample, sheet }: Violation, { width, style, symbols }: PageStyle) {
  const because = sheet?.isTimed === true ? reproach(history, counterexample) : undefined
  return because === undefined ? [] : wrap(`${symbols.violated} ${because.text}`, width, style.accent)
}

/** Removes all messages except the one that the sentence `wire.sentence` describes. */
function withLastMessage(wire: Wire | undefined): Wire | undefined {
  if (wire === undefined) return undefined
  const { messages, reader } = wire
  const message = messages.findLast(({ to }) => to === reader) ?? messages.at(-1)
  return { ...wire, others: 0, messages: message === undefined ? [] : [message] }
}

const noteOf = (counterexample: Counterexample, { width, style }: PageStyle): string[] => {
  const note = uncutText(counterexample)
  return note === undefined ? [] : wrap(note, width, style.yellow)
}

/** Returns a sentence for each violation except the drawn one. */
export function otherViolations(
  history: History,
  [, ...others]: readonly Violation[],
  file: string,
  { width, style, brevity }: PageStyle,
): string[] {
  const listed = brevity.remainder ? [] : brevity.others ? others.slice(-1) : others
  return listed.flatMap((violation) => {
    const { counterexample } = violation
    const sentence = brevity.others
      ? `Not even ${adjective(counterexample.level)}: ${storyOf(history, counterexample)}`
      : violationText(counterexample)
    const text = sentences(sentence, alsoForbiddenBy(violation))
    return ['', ...wrap(text, width), style.dim(citation(history, counterexample, file))]
  })
}
