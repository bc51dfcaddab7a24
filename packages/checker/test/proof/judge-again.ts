import { readFileSync, writeFileSync } from 'node:fs'
import { type EventInput, type Json, millis } from '@chaosproxy/history'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { type check, UNKNOWN_START } from '../../src/index.ts'
import { prove } from '../../src/proof/prove.ts'
import { sha256 } from './proving.ts'

// node judge-again.js CHECKER HISTORIES JUDGED [OUTCOME]
//
// Judges each history by the checker in the module CHECKER.
//
// Without OUTCOME, writes to JUDGED each verdict and whether the verifier accepts it. CHECKER is then the correct
// checker.
//
// With OUTCOME, compares the verdicts with those of the correct checker in JUDGED, and writes the differences to
// OUTCOME. Stops at the first verdict that the verifier rejects although it accepts the verdict of the correct checker.

interface Given {
  readonly model: string
  readonly initial?: Json
  readonly failedCas: 'drop' | 'observes'
  readonly levels: readonly string[]
  readonly text: string
}

/** `levels`: by level, `met` or `violated`, and whether this is proved. `text`: the whole report, for comparisons. */
interface Judged {
  readonly text: string
  readonly levels: { readonly [level: string]: { readonly result: string; readonly isProved: boolean } }
}

/** The effect of a mistake in a checker. */
export interface AgainOutcome {
  /** The verdict that the verifier does not accept. */
  readonly caught?: string
  /** `wrong`: a verdict that the correct checker contradicts. `isAccepted`: whether the verifier accepts it. */
  readonly wrong?: string
  readonly isAccepted?: boolean
  /**
   * `other`: the number of histories with different verdicts, words or evidence. `unknown`: the number of these
   * histories in which a level became unknown. `threw`: the number of histories for which the checker threw.
   */
  readonly other: number
  readonly unknown: number
  readonly threw: number
}

const [checker = '', histories = '', judged = '', outcome] = process.argv.slice(2)
const { check: checkBy } = (await import(checker)) as { readonly check: typeof check }
const given = readFileSync(histories, 'utf8').trimEnd().split('\n')
if (outcome === undefined) writeFileSync(judged, given.map((line) => `${JSON.stringify(judge(line))}\n`).join(''))
else writeFileSync(outcome, JSON.stringify(compare(readFileSync(judged, 'utf8').trimEnd().split('\n'))))

function judge(line: string, known?: string): Judged | 'same' {
  const { text, levels, ...head }: Given = JSON.parse(line)
  const events: EventInput[] = text.split('\n').flatMap((event) => (event === '' ? [] : [JSON.parse(event)]))
  const history = smallHistory(events)
  const { initial = UNKNOWN_START } = head
  const limits = { deadlineMs: millis(5_000), memoryBytes: 1e9, now: () => millis(0) }
  const report = checkBy(history, { ...head, initial, levels, ...limits })
  const levelsText = JSON.stringify(report.levels)
  if (levelsText === known) return 'same'
  const proved = prove(history, report, head, { sha256 }).levels
  return {
    text: levelsText,
    levels: Object.fromEntries(
      proved.map(({ level, result, verdict }) => [level, { result, isProved: verdict === 'accepted' }]),
    ),
  }
}

function compare(correct: readonly string[]): AgainOutcome {
  const count = { other: 0, unknown: 0, threw: 0 }
  let wrong: Pick<AgainOutcome, 'wrong' | 'isAccepted'> = {}
  for (const [at, line] of given.entries()) {
    const due: Judged = JSON.parse(correct[at] ?? '{}')
    let ours: Judged | 'same'
    try {
      ours = judge(line, due.text)
    } catch {
      count.threw++
      continue
    }
    if (ours === 'same') continue
    count.other++
    if (Object.keys(due.levels).some((level) => ours.levels[level] === undefined)) count.unknown++
    for (const [level, { result, isProved }] of Object.entries(ours.levels)) {
      const known = due.levels[level]
      const isWrong = known !== undefined && known.result !== result
      if (isWrong && wrong.isAccepted !== true) wrong = { wrong: `${level} ${result}: ${line}`, isAccepted: isProved }
      if (!isProved && known?.isProved === true) return { ...count, caught: `${level} ${result}: ${line}` }
    }
  }
  return { ...count, ...wrong }
}
