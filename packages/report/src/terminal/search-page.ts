import { count, type Millis, plural, rate } from '@chaosproxy/history'
import type { Mood } from '../facts/headline.ts'
import { printable } from '../operation-words.ts'
import type { Race } from '../race/code-run.ts'
import type { HistoryTelling } from '../telling/run-telling.ts'
import { durationOfMillis } from '../words.ts'
import type { PageStyle } from './evidence.ts'
import { drawRace } from './race-lines.ts'
import { copied, finish, pageStyle, warnings } from './run-page.ts'
import { drawSequence, type SequenceStep } from './sequence-diagram.ts'
import type { Style, TerminalOptions } from './style.ts'
import { painted, paintFor } from './style.ts'
import { wrap } from './width.ts'

/** The effort and the results of a search for failures. */
export interface SearchSummary {
  /** What was searched: `raft with the bug stale-read`. */
  readonly subject: string
  /** The settings that the search chose: `with the settings its bug needs: pre-vote=false`. */
  readonly taken: string
  /** The level by which histories were judged, as an adjective. Undefined if only invariants were checked. */
  readonly level: string | undefined
  /** The isolation level by which SQL transactions were judged, or `none`. */
  readonly isolation?: string | undefined
  readonly trials: number
  readonly steps: number
  readonly elapsedMs: Millis
  readonly shrinkMs: Millis
  /** Keyed by strategy. */
  readonly tried: { readonly [strategy: string]: { readonly trials: number; readonly found: number } }
  /** Why a search that found nothing proves less than it seems to. */
  readonly doubts: readonly string[]
  /** The first failure of each cause. */
  readonly failures: readonly FoundFailure[]
}

export interface FoundFailure {
  /** The title of the failure: `NOT LINEARIZABLE`, `LEADER COMPLETENESS BROKEN`. */
  readonly title: string
  readonly sentence: string
  /** The stack of the exception that the protocol threw, innermost frame first; empty without an exception. */
  readonly trace: readonly string[]
  readonly seed: number
  readonly strategy: string
  /** If the search found this failure by varying an earlier run, the invariant that the earlier run violated. */
  readonly after?: string | undefined
  readonly times: number
  /** The size of the original run. */
  readonly found: Size
  /** The size of the reduced run. Absent, like `file`, if the failure cannot be replayed. */
  readonly shrunk: Size | undefined
  /** The steps of the reduced run, for the diagram. */
  readonly steps: readonly SequenceStep[]
  readonly columns: readonly string[]
  /** The await during which another request interleaved, if a race in a Node program caused the failure. */
  readonly race?: Race | undefined
  /** The unusual delays that a Node program needs for the failure, in a sentence. */
  readonly delays?: string | undefined
  readonly file: string | undefined
  /** For a violation: what users lost, and what to do next. */
  readonly telling?: HistoryTelling | undefined
  /** The command that replays the failure. */
  readonly again: string
}

export interface Size {
  readonly operations: number
  readonly faults: number
  readonly nodes: number
}

/** Renders the page at the end of a search. */
export function renderSearch(summary: SearchSummary, style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  const { trials, steps, elapsedMs, shrinkMs, taken, tried, failures, isolation } = summary
  const seconds = Math.max(elapsedMs, 1) / 1000
  const shrunk = failures.length === 0 ? '' : `; shrinking took ${durationOfMillis(shrinkMs)}`
  const speed = `${plural(trials, 'trial')} in ${durationOfMillis(elapsedMs)}, including startup: ${rate(trials / seconds)} trials and ${plural(Math.round(steps / seconds), 'step')} a second${shrunk}`
  const head = failures.length === 0 ? nothingFound(summary, page) : []
  const sections = [
    head,
    ...failures.flatMap((failure) => failureSections(failure, page)),
    painted(
      [
        ...(taken === '' ? [] : [printable(taken)]),
        ...(isolation === 'none' ? ['its transactions in SQL were not judged: add --expect serializable'] : []),
        speed,
        `strategies: ${Object.entries(tried)
          .map(
            ([strategy, { trials, found }]) =>
              `${strategy} ${count(trials)}${found > 0 ? ` (${count(found)} failed)` : ''}`,
          )
          .join(', ')}`,
      ].flatMap((line) => wrap(line, page.width)),
      style.dim,
    ),
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
  return [style.bold(style.yellow('NOTHING FOUND, BUT LITTLE WAS PROVED')), ...warnings(doubts, page)]
}

/** Returns a title in capitals. A quoted text after a colon, such as SQL, keeps its case. */
const inCapitals = (title: string): string => title.replace(/^[^:]*/, (words) => words.toUpperCase())

function failureSections(failure: FoundFailure, page: PageStyle): string[][] {
  const { style, width } = page
  const { telling } = failure
  return [
    [
      ...whatLines(telling, page),
      style.bold(style.accent(inCapitals(failure.title))),
      ...wrap(printable(failure.sentence), width),
      ...traceLines(failure.trace),
      ...answerLines(telling, page),
      ...wrap(foundText(failure), width, style.dim),
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

const whatLines = (telling: HistoryTelling | undefined, { style, width }: PageStyle): string[] =>
  telling === undefined || telling.what === '' ? [] : wrap(printable(telling.what), width, style.bold)

const answerLines = (telling: HistoryTelling | undefined, { width }: PageStyle): string[] =>
  (telling?.answers ?? []).flatMap(([name, text]) => wrap(`${name.toLowerCase()}: ${printable(text)}`, width))

/** Lines of a stack trace are never wrapped, because editors make links of the file names and line numbers in them. */
const traceLines = (trace: readonly string[]): string[] => trace.map((frame) => copied(`    ${printable(frame)}`))

function foundText({ seed, strategy, after, times, found, shrunk }: FoundFailure): string {
  const others = times > 1 ? `, and ${plural(times - 1, 'other trial')}` : ''
  const followed = after === undefined ? '' : `, by varying a run that broke the invariant ${after}`
  const size = shrunk === undefined ? sizeText(found) : `cut down from ${sizeText(found)} to ${sizeText(shrunk)}`
  // `size` counts only the operations before healing. The text adds "and the final operations", because the drawing
  // shows these as well.
  return `seed ${seed} (${strategy}${followed})${others} · ${size}, and the final operations`
}

const sizeText = ({ operations, faults, nodes }: Size): string =>
  `${plural(operations, 'operation')}, ${plural(faults, 'fault')}, ${plural(nodes, 'node')}`

export interface ReplaySummary
  extends Pick<FoundFailure, 'title' | 'sentence' | 'trace' | 'steps' | 'columns' | 'race' | 'delays' | 'telling'> {
  readonly mood: Mood
  /**
   * Why the replay proves less than it seems to. If nothing went wrong, the page shows these doubts instead of
   * `sentence`.
   */
  readonly doubts: readonly string[]
  /** How often and where the failure was replayed, and whether the replay matched the recording. */
  readonly played: string
}

/** Renders the page of a replay. Ends in a newline. */
export function renderReplay(summary: ReplaySummary, style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  const { title, mood, sentence, trace, doubts, steps, columns, race, delays, played, telling } = summary
  const outcomeLines =
    mood === 'unsure' && doubts.length > 0 ? [] : [...wrap(printable(sentence), page.width), ...traceLines(trace)]
  const sections = [
    [
      ...whatLines(telling, page),
      style.bold(paintFor(mood, style)(inCapitals(title))),
      ...outcomeLines,
      ...warnings(doubts, page),
      ...answerLines(telling, page),
    ],
    drawSequence(steps, columns, page),
    race === undefined ? [] : drawRace(race, page),
    delays === undefined ? [] : wrap(printable(delays), page.width),
    wrap(played, page.width, style.dim),
  ]
  return finish(sections, options)
}
