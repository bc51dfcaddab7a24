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
import { capitalised, nonEmpty, sentences } from '../words.ts'
import { type ExplainedProof, explainProof } from './explained-proof.ts'
import { type Step, stepsOf } from './steps.ts'

export interface Explained {
  readonly title: string
  readonly verdict: string
  readonly mood: Mood
  /** Why the verdict proves less than it seems to. */
  readonly notes: readonly string[]
  readonly warnings: readonly string[]
  /** What happened in the violation and, if known, why; empty if there is no violation. */
  readonly sentence: string
  readonly outcome: Telling['outcome']
  readonly why: Telling['why']
  readonly next: Telling['next']
  /** The violations other than the explained one, one for each cause. */
  readonly also: readonly string[]
  /** The relevant operations, in the order of their beginnings. */
  readonly steps: readonly Step[]
  /** The relevant messages between nodes. */
  readonly messages: readonly string[]
  /** The race in a simulated program that explains the violation, if any does. */
  readonly race?: Race | undefined
  /** The verified proof that the operations admit no order, if it was requested. */
  readonly proof?: ExplainedProof | undefined
  readonly faults: readonly string[]
  /** The levels, strongest first: what each demands, and whether it allows the operations. */
  readonly levels: readonly {
    readonly level: string
    readonly asks: string
    readonly result: Verdict['result']
    readonly why: string
  }[]
  /** The usual causes, most relevant first. */
  readonly causes: readonly { readonly cause: string; readonly remedy: string }[]
}

export interface ExplainInput extends FactsInput {
  readonly report: Report<string>
  /** The level to explain; by default the level that the pages are about. */
  readonly level?: string | undefined
  /**
   * The verdict on the backend's view (the nodes' own answers), if the client's view and the backend's view were
   * recorded.
   */
  readonly backend?: Report<string> | undefined
  /** Proves a violation, if a proof is requested. */
  readonly prove?: ((counterexample: Counterexample) => ProvedOrders) | undefined
}

export function explain(input: ExplainInput): Explained {
  const { report, history } = input
  const facts = factsOfExplained(input)
  const { headline, counterexample: shown, near, wire, race, violations } = facts
  const { outcome, why, next } = tellingOf(facts, input)
  const [first, ...others] = violations
  return {
    title: headline.title,
    verdict: headline.verdict,
    mood: headline.mood,
    ...{ outcome, why, next },
    sentence: shown === undefined ? '' : capitalised(sentenceText(history, shown, facts.why)),
    also: nonEmpty([
      ...(first === undefined ? [] : [alsoForbiddenBy(first)]),
      ...others.map((other) => [violationText(other.counterexample), alsoForbiddenBy(other)].join(' ').trim()),
    ]),
    notes: facts.vacuous,
    warnings: history.warnings.map(printable),
    steps: shown === undefined ? [] : stepsOf(history, shown),
    messages: wireLines(wire),
    race,
    proof: shown && input.prove && explainProof(history, input.prove(shown)),
    faults: near.map(({ whole }) => whole),
    levels: judgedLevels(report).map((each) => explainedLevel(report, facts, each)),
    causes:
      // The story of a transactional violation already states the cause.
      shown === undefined || shown.story !== undefined
        ? []
        : causesOf({
            ...{ ...facts, report, history, counterexample: shown },
            backend: input.backend ?? input.run?.views?.backend,
          }),
  }
}

/** Returns the facts for an explanation. If `level` is set, the facts are only about this level. */
// Drops the expected level, because the explanation of a single level must not mention it.
export const factsOfExplained = (input: ExplainInput): Facts =>
  factsOf(
    input.level === undefined
      ? input
      : {
          ...input,
          requestedLevel: input.level,
          isAboutLevel: true,
          expectation: undefined,
          run: input.run && { ...input.run, expectation: undefined },
        },
  )

function explainedLevel(
  report: Report<string>,
  { headline: { despite } }: Facts,
  level: string,
): Explained['levels'][number] {
  const verdict = verdictOf(report, level)
  return {
    level,
    // `causal` is the name of a consistency level, and also of a different level for transactions.
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
      return printable(sentences(verdict.counterexample.sentence, heldApart(report, level)))
    case 'unknown':
      return printable(reasonText(level, verdict.reason.text))
    default:
      return verdict satisfies never
  }
}
