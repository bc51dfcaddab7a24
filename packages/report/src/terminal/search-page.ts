import { count, type Millis, plural, rate } from '@chaosproxy/history'
import type { Mood } from '../facts/headline.ts'
import { printable } from '../operation-words.ts'
import type { Race } from '../race/code-run.ts'
import type { ToldHistory } from '../telling/told-run.ts'
import { durationOfMillis } from '../words.ts'
import type { PageStyle } from './evidence.ts'
import { drawRace } from './race-lines.ts'
import { copied, finish, pageStyle, warnings } from './run-page.ts'
import { drawSequence, type SequenceStep } from './sequence-diagram.ts'
import type { Style, TerminalOptions } from './style.ts'
import { paintFor } from './style.ts'
import { wrap } from './width.ts'

/** The work and the results of a search for failures. */
export interface SearchSummary {
  /** `raft with the bug stale-read`. */
  readonly subject: string
  /** `with the settings its bug needs: pre-vote=false`; empty if nothing was taken that nobody chose. */
  readonly taken: string
  /** The level its histories were held to, as an adjective: `linearizable`. Undefined: only its invariants were watched. */
  readonly level: string | undefined
  /** The level of isolation that its transactions in SQL were held to, or `none`; undefined if it has no such database. */
  readonly isolation?: string | undefined
  readonly trials: number
  readonly steps: number
  readonly elapsedMs: Millis
  /** How long it took to cut down what was found. */
  readonly shrinkMs: Millis
  /** Keyed by strategy. */
  readonly tried: { readonly [strategy: string]: { readonly trials: number; readonly found: number } }
  /** If nothing was found: why that proves less than it seems to. */
  readonly doubts: readonly string[]
  /** The first failure found of each cause. */
  readonly failures: readonly FoundFailure[]
}

export interface FoundFailure {
  /** `NOT LINEARIZABLE`, `LEADER COMPLETENESS BROKEN`. */
  readonly title: string
  readonly sentence: string
  /** Where in its code the protocol threw, innermost first; empty if it did not. */
  readonly trace: readonly string[]
  readonly seed: number
  readonly strategy: string
  /** The broken invariant whose variations led to this failure. */
  readonly after?: string | undefined
  readonly times: number
  /** Operations and faults as found; `shrunk` has them as cut down. */
  readonly found: Size
  /** Absent, like the file, if the failure cannot be replayed. */
  readonly shrunk: Size | undefined
  /** The steps of the smallest run, for the diagram. */
  readonly steps: readonly SequenceStep[]
  readonly columns: readonly string[]
  /** Of a Node program: the await that was overtaken, if one was. */
  readonly race?: Race | undefined
  /** Of a Node program: the unusual delays that it needs, in a sentence. */
  readonly delays?: string | undefined
  readonly file: string | undefined
  /** Of a violation: what users lost, and what to do next. */
  readonly told?: ToldHistory | undefined
  /** The command that replays it. */
  readonly again: string
}

export interface Size {
  readonly operations: number
  readonly faults: number
  readonly nodes: number
}

/** The page at the end of a search. Ends in a newline. */
export function renderSearch(summary: SearchSummary, style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  const { trials, steps, elapsedMs, shrinkMs, taken, tried, failures, isolation } = summary
  const seconds = Math.max(elapsedMs, 1) / 1000
  const shrunk = failures.length === 0 ? '' : `; cut down in ${durationOfMillis(shrinkMs)}`
  const speed = `${plural(trials, 'trial')} in ${durationOfMillis(elapsedMs)}, starting included: ${rate(trials / seconds)} trials and ${plural(Math.round(steps / seconds), 'step')} a second${shrunk}`
  const head = failures.length === 0 ? nothingFound(summary, page) : []
  const sections = [
    head,
    ...failures.flatMap((failure) => failureSections(failure, page)),
    [
      ...(taken === '' ? [] : [printable(taken)]),
      ...(isolation === 'none' ? ['its transactions in SQL were not judged: add --expect serializable'] : []),
      speed,
      triedText(tried),
    ]
      .flatMap((line) => wrap(line, page.width))
      .map((line) => style.dim(line)),
  ]
  return finish(sections, options)
}

function nothingFound({ subject, level, isolation, doubts }: SearchSummary, page: PageStyle): string[] {
  const { style } = page
  if (doubts.length === 0)
    return [
      style.bold(style.green('NOTHING FOUND')),
      ...wrap(
        `${subject} kept its ${level === undefined ? 'invariants' : `histories ${level}`}${isolation === undefined || isolation === 'none' ? '' : `, and its transactions in SQL ${isolation},`} in every trial`,
        page.width,
      ),
    ]
  return [style.bold(style.yellow('NOTHING FOUND, AND LITTLE PROVED')), ...warnings(doubts, page)]
}

const triedText = (tried: SearchSummary['tried']): string =>
  `strategies: ${Object.entries(tried)
    .map(
      ([strategy, { trials, found }]) => `${strategy} ${count(trials)}${found > 0 ? ` (${count(found)} failed)` : ''}`,
    )
    .join(', ')}`

/** What a title quotes after a colon, such as SQL, stays as it was typed. */
const inCapitals = (title: string): string => title.replace(/^[^:]*/, (words) => words.toUpperCase())

function failureSections(failure: FoundFailure, page: PageStyle): string[][] {
  const { style, width } = page
  const { told } = failure
  return [
    [
      ...whatLines(told, page),
      style.bold(style.accent(inCapitals(failure.title))),
      ...wrap(printable(failure.sentence), width),
      ...traceLines(failure.trace),
      ...answerLines(told?.answers ?? [], page),
      ...wrap(foundText(failure), width).map((line) => style.dim(line)),
    ],
    failure.steps.length === 0 ? [] : drawSequence(failure.steps, failure.columns, page),
    failure.race === undefined ? [] : drawRace(failure.race, page),
    failure.delays === undefined ? [] : wrap(printable(failure.delays), width),
    [
      ...(failure.file === undefined ? [] : [copied(`replay   ${printable(failure.file)}`)]),
      copied(`again    ${printable(failure.again)}`),
    ],
  ]
}

const whatLines = (told: ToldHistory | undefined, { style, width }: PageStyle): string[] =>
  told === undefined || told.what === '' ? [] : wrap(printable(told.what), width).map(style.bold)

const answerLines = (answers: ToldHistory['answers'], { width }: PageStyle): string[] =>
  answers.flatMap(([name, text]) => wrap(`${name.toLowerCase()}: ${printable(text)}`, width))

/** Not wrapped, since editors turn places in files into links. */
const traceLines = (trace: readonly string[]): string[] => trace.map((frame) => copied(`    ${printable(frame)}`))

function foundText({ seed, strategy, after, times, found, shrunk }: FoundFailure): string {
  const others = times > 1 ? `, and ${plural(times - 1, 'other trial')}` : ''
  const followed = after === undefined ? '' : `, from where ${after} was broken`
  const size = shrunk === undefined ? sizeText(found) : `cut down from ${sizeText(found)} to ${sizeText(shrunk)}`
  // The reads after healing are drawn, but nobody planned them.
  return `seed ${seed} (${strategy}${followed})${others} · ${size}, and the reads at the end`
}

const sizeText = ({ operations, faults, nodes }: Size): string =>
  `${plural(operations, 'operation')}, ${plural(faults, 'fault')}, ${plural(nodes, 'node')}`

export interface ReplaySummary
  extends Pick<FoundFailure, 'title' | 'sentence' | 'trace' | 'steps' | 'columns' | 'race' | 'delays' | 'told'> {
  readonly mood: Mood
  /** Shown instead of the sentence if nothing went wrong: why that proves less than it seems to. */
  readonly doubts: readonly string[]
  /** How often and where it was replayed, and whether it matched the recording. */
  readonly played: string
}

/** The page of a replay. Ends in a newline. */
export function renderReplay(summary: ReplaySummary, style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  const { title, mood, sentence, trace, doubts, steps, columns, race, delays, played, told } = summary
  const said =
    mood === 'unsure' && doubts.length > 0 ? [] : [...wrap(printable(sentence), page.width), ...traceLines(trace)]
  const sections = [
    [
      ...whatLines(told, page),
      style.bold(paintFor(mood, style)(inCapitals(title))),
      ...said,
      ...warnings(doubts, page),
      ...answerLines(told?.answers ?? [], page),
    ],
    drawSequence(steps, columns, page),
    race === undefined ? [] : drawRace(race, page),
    delays === undefined ? [] : wrap(printable(delays), page.width),
    wrap(played, page.width).map((line) => style.dim(line)),
  ]
  return finish(sections, options)
}
