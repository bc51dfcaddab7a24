import type { Json } from '@chaosproxy/history'
import { EXIT } from '@chaosproxy/runner/result'
import * as v from 'valibot'
import { anyObject, describedText, oneOf, texts, whole } from './schema.ts'

/** A result of `--json`. A language model needs only a few of its members. */
interface WholeResult {
  readonly title: string
  readonly verdict: string
  readonly sentence?: string
  readonly telling: {
    readonly why: { readonly certainty: string }
    readonly next: { readonly text: string; readonly command?: string }
  }
  readonly model?: string
  readonly levels: {
    readonly [level: string]: {
      readonly result: 'met' | 'violated' | 'unknown'
      readonly reason?: string
    }
  }
  readonly expectation?: { readonly level: string; readonly met: boolean | 'unknown' }
  readonly operations: Json
  readonly vacuous?: readonly string[]
  readonly trouble?: readonly string[]
  readonly warnings?: readonly string[]
  readonly seed?: number
}

/** The members that `summaryMembers` describes. This type declares only the members that `summaryText` prints. */
interface ResultSummary {
  readonly title: string
  readonly verdict: string
  readonly outcome: string
  readonly expected: string
  readonly levels: { readonly [level: string]: string }
  readonly sentence: string
  readonly advice: string
  readonly doubts: readonly string[]
  readonly [member: string]: unknown
}

const OUTCOMES = ['as expected', 'violated', 'unknown', 'trouble', 'interrupted', 'nothing expected'] as const

export const summaryMembers: v.ObjectEntries = {
  title: describedText('what users lost, in their words; the verdict if nothing is lost'),
  verdict: describedText('the strongest consistency that was kept, or what was broken: "Not linearizable"'),
  outcome: oneOf(OUTCOMES, 'how the result compares with the expectation: exitCode as a word'),
  expected: describedText('the level that was expected, or none'),
  exitCode: whole(
    'exit code of the command: 0 as expected, 1 violated, 2 unknown, 4 trouble with the target, 130 interrupted',
  ),
  levels: anyObject('each consistency level: met, violated or unknown'),
  undecided: anyObject('for each level that is unknown, the reason'),
  sentence: describedText('the contradiction in a sentence, and why it was possible; empty if there is none'),
  certainty: describedText('how certain the cause is: shown, likely or unknown'),
  advice: describedText('what to do next'),
  doubts: texts('reasons why the result proves less than it seems to'),
  operations: anyObject('numbers of operations, by outcome'),
  model: v.optional(describedText('the model of the object: register, queue, lock, …')),
  seed: v.optional(whole('the seed that repeats the run')),
}

export function summarizeResult(json: Json, exitCode: number): ResultSummary {
  const result = json as unknown as WholeResult
  const levels = Object.entries(result.levels)
  return {
    title: result.title,
    verdict: result.verdict,
    outcome: outcomeOf(exitCode, result.expectation !== undefined),
    expected: result.expectation?.level ?? 'none',
    exitCode,
    levels: Object.fromEntries(levels.map(([level, verdict]) => [level, verdict.result])),
    undecided: Object.fromEntries(
      levels.flatMap(([level, { result: found, reason }]) => (found === 'unknown' ? [[level, reason ?? '']] : [])),
    ),
    sentence: result.sentence ?? '',
    certainty: result.telling.why.certainty,
    advice: result.telling.next.text,
    doubts: [...(result.vacuous ?? []), ...(result.trouble ?? []), ...(result.warnings ?? [])],
    operations: result.operations,
    model: result.model,
    seed: result.seed,
  }
}

/** Returns the outcome for an exit code. Without an expectation, it is `nothing expected` and not a success. */
function outcomeOf(exitCode: number, hasExpectation: boolean): (typeof OUTCOMES)[number] {
  if (exitCode === EXIT.violated) return 'violated'
  if (exitCode === EXIT.unknown) return 'unknown'
  if (exitCode === EXIT.interrupted) return 'interrupted'
  if (exitCode !== EXIT.met) return 'trouble'
  return hasExpectation ? 'as expected' : 'nothing expected'
}

export function summaryText({
  title,
  verdict,
  outcome,
  expected,
  levels,
  sentence,
  advice,
  doubts,
}: ResultSummary): string {
  return [
    title === verdict ? title : `${title}. ${verdict}.`,
    `Expected ${expected}: ${outcome}.`,
    sentence,
    `Levels: ${
      Object.entries(levels)
        .map(([level, result]) => `${level} ${result}`)
        .join(', ') || 'none decided'
    }.`,
    ...doubts.map((doubt) => `Doubt: ${doubt}`),
    `Advice: ${advice}`,
  ]
    .filter((line) => line !== '')
    .join('\n')
}
