import { type Counterexample, DECLARED, type Report, type Verdict, verdictOf, wordsOfLevel } from '@chaosproxy/checker'
import type { ProvedOrders } from '@chaosproxy/checker/proof'
import { judgedLevels } from '@chaosproxy/runner/result'
import { causesOf } from '../facts/causes.ts'
import { type Facts, type FactsInput, factsOf } from '../facts/facts.ts'
import type { Mood } from '../facts/headline.ts'
import { alsoForbiddenBy, sentenceText, violationText } from '../facts/violation-words.ts'
import { wireLines } from '../facts/wire.ts'
import { heldApart, reasonText } from '../level-words.ts'
import { printable } from '../operation-words.ts'
import type { Race } from '../race/code-run.ts'
import { type Telling, tellingOf } from '../telling/telling.ts'
import { capitalised } from '../words.ts'
import { proofTold, type ToldProof } from './proof-told.ts'
import { type Step, stepsOf } from './steps.ts'

/** A verdict told as a story, as plain data. */
export interface Explained {
  readonly title: string
  readonly verdict: string
  readonly mood: Mood
  /** Why it proves less than it seems to; empty if it does not. */
  readonly notes: readonly string[]
  /** What was tolerated in the history, or is missing from it. */
  readonly warnings: readonly string[]
  /** The same sentence as on every other page; empty if nothing is violated. */
  readonly sentence: string
  /** How it ended, why, how sure that is, and what to do next. */
  readonly outcome: Telling['outcome']
  readonly why: Telling['why']
  readonly next: Telling['next']
  /** What else broke levels, each cause once. */
  readonly also: readonly string[]
  /** The operations that matter, in the order in which they began. */
  readonly steps: readonly Step[]
  /** Messages between nodes meanwhile; empty where that was not recorded. */
  readonly messages: readonly string[]
  /** Of a simulated program: the await that was overtaken, and the lines that both requests ran; absent if none was. */
  readonly race?: Race | undefined
  /** That the operations have no order, as it was verified; absent if that was not asked for, or nothing is violated. */
  readonly proof?: ToldProof | undefined
  /** Faults in force meanwhile. */
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

export interface ExplainInput extends FactsInput {
  readonly report: Report<string>
  /** The level to explain; by default the one that pages are about, or the strongest that is violated. */
  readonly level?: string | undefined
  /** What the nodes answered, judged by itself, if the proxy recorded it. */
  readonly backend?: Report<string> | undefined
  /** Proves a violation, if that is asked for. */
  readonly prove?: ((counterexample: Counterexample) => ProvedOrders) | undefined
}

export function explain(input: ExplainInput): Explained {
  const { report, history } = input
  const facts = factsOfExplained(input)
  const { headline, shown, near, wire, race, violations } = facts
  const { outcome, why, next } = tellingOf(facts, input)
  const [first, ...others] = violations
  return {
    title: headline.title,
    verdict: headline.verdict,
    mood: headline.mood,
    ...{ outcome, why, next },
    sentence: shown === undefined ? '' : capitalised(sentenceText(history, shown, facts.why)),
    also: [
      ...(first === undefined ? [] : [alsoForbiddenBy(first)]),
      ...others.map((other) => [violationText(other.counterexample), alsoForbiddenBy(other)].join(' ').trim()),
    ].filter((text) => text !== ''),
    notes: facts.vacuous,
    warnings: history.warnings.map(printable),
    steps: shown === undefined ? [] : stepsOf(history, shown),
    messages: wireLines(wire),
    ...(race === undefined ? {} : { race }),
    ...(shown === undefined || input.prove === undefined ? {} : { proof: proofTold(history, input.prove(shown)) }),
    faults: near.map(({ whole }) => whole),
    levels: judgedLevels(report).map((each) => levelTold(report, facts, each)),
    causes:
      // The story of transactions has its cause above.
      shown === undefined || shown.story !== undefined
        ? []
        : causesOf({
            ...{ ...facts, report, history, counterexample: shown },
            backend: input.backend ?? input.run?.views?.backend,
          }),
  }
}

/** What an explanation is about: one level, if that was asked for. */
export const factsOfExplained = (input: ExplainInput): Facts =>
  factsOf(
    input.level === undefined
      ? input
      : { ...input, asked: input.level, isAboutLevel: true, expectation: undefined, run: aboutLevel(input.run) },
  )

/** Somebody who asks about one level is not told about the one that was expected. */
const aboutLevel = (run: FactsInput['run']): FactsInput['run'] =>
  run === undefined ? undefined : { ...run, expectation: undefined }

function levelTold(
  report: Report<string>,
  { headline: { despite } }: Facts,
  level: string,
): Explained['levels'][number] {
  const verdict = verdictOf(report, level)
  return {
    level,
    // Causal is also a level of transactions, and asks for another thing there.
    asks: report.transactions === undefined || level === DECLARED ? (wordsOfLevel(level)?.sentence ?? '') : '',
    result: verdict.result,
    why: despite?.level === level ? despite.because : whyOf(report, level, verdict),
  }
}

function whyOf(report: Report<string>, level: string, verdict: Verdict): string {
  switch (verdict.result) {
    case 'met':
      return verdict.witness.kind === 'implied' ? `follows from ${verdict.witness.by}` : ''
    case 'violated':
      return printable(
        [verdict.counterexample.sentence, heldApart(report, level)].filter((text) => text !== '').join(' '),
      )
    case 'unknown':
      return printable(reasonText(level, verdict.reason.text))
    default:
      return verdict satisfies never
  }
}
