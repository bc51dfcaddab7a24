import { type Counterexample, type Report, type Verdict, verdictOf } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import type { FaultSpan } from '../fault-spans.ts'
import { levelsOf, reasonText } from '../level-words.ts'
import { printable } from '../operation-words.ts'
import { accusedLevel, counterexampleOf, faultsAround } from '../terminal/evidence.ts'
import { headlineOf } from '../terminal/headline.ts'
import { capitalised, duration, moment } from '../words.ts'
import { causesOf } from './causes.ts'
import { levelSentence } from './level-sentences.ts'
import { type Step, stepsOf } from './steps.ts'

/** A verdict told as a story, as plain data. */
export interface Explained {
  /** `Not linearizable`. */
  readonly title: string
  /** The same sentence as on every other page; empty if nothing is violated. */
  readonly sentence: string
  /** The operations that matter, in the order in which they began. */
  readonly steps: readonly Step[]
  /** What was broken meanwhile. */
  readonly faults: readonly string[]
  /** Strongest first: what the level asks for, and whether it allows what was seen. */
  readonly levels: readonly {
    readonly level: string
    readonly asks: string
    readonly result: Verdict['result']
    readonly why: string
  }[]
  /** What usually leads to this, most telling first. */
  readonly causes: readonly { readonly cause: string; readonly remedy: string }[]
}

export interface ExplainInput {
  readonly report: Report<string>
  readonly history: History
  readonly spans: readonly FaultSpan[]
  /** The level to explain; by default the strongest that is violated. */
  readonly asked?: string | undefined
  /** What the nodes answered, judged by itself, if the proxy recorded it. */
  readonly backend?: Report<string> | undefined
}

export function explain(input: ExplainInput): Explained {
  const { report, history, spans, asked } = input
  const shown = counterexampleOf(report, accusedLevel(report, asked))
  const { title } = headlineOf(report, shown?.level ?? asked, false)
  return {
    title,
    sentence: shown === undefined ? '' : capitalised(printable(shown.sentence)),
    steps: shown === undefined ? [] : stepsOf(history, shown),
    faults: shown === undefined ? [] : faultTexts(history, shown, spans),
    levels: levelsOf(report).map((level) => levelTold(report, level)),
    causes: shown === undefined ? [] : causesOf({ ...input, counterexample: shown }),
  }
}

function faultTexts(history: History, counterexample: Counterexample, spans: readonly FaultSpan[]): string[] {
  return faultsAround(history, counterexample, spans).map(({ label, from, to, hits }) => {
    const bit = hits === undefined ? '' : hits === 0 ? '; it never took effect' : ''
    return `${label}, from ${moment(from)} to ${moment(to)} (${duration(to - from)})${bit}`
  })
}

function levelTold(report: Report<string>, level: string): Explained['levels'][number] {
  const verdict = verdictOf(report, level)
  return { level, asks: levelSentence(level), result: verdict.result, why: whyOf(level, verdict) }
}

function whyOf(level: string, verdict: Verdict): string {
  switch (verdict.result) {
    case 'met':
      return verdict.witness.kind === 'implied' ? `follows from ${verdict.witness.by}` : ''
    case 'violated':
      return printable(verdict.counterexample.sentence)
    case 'unknown':
      return printable(reasonText(level, verdict.reason))
    default:
      return verdict satisfies never
  }
}
