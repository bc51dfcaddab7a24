import { readFileSync, writeFileSync } from 'node:fs'
import { type EventInput, type Json, millis } from '@chaosproxy/history'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { type check, UNKNOWN_START } from '../../src/index.ts'
import { prove } from '../../src/proof/prove.ts'
import { sha256 } from './proving.ts'

// node judge-again.js CHECKER HISTORIES JUDGED [OUTCOME]
//
// Judges each of the histories by a checker, and writes to JUDGED what it says and whether the verifier accepts it. With
// OUTCOME, JUDGED is what the correct checker said: whether any verdict of this one is not accepted where that one's is.

interface Given {
  readonly model: string
  readonly initial?: Json
  readonly failedCas: 'drop' | 'observes'
  readonly levels: readonly string[]
  readonly text: string
}

/** By level, `met` or `violated`, and whether that is proved; as text, to compare whole reports. */
interface Judged {
  readonly text: string
  readonly levels: { readonly [level: string]: { readonly result: string; readonly isProved: boolean } }
}

/** What became of a mistake. */
export interface AgainOutcome {
  /** The verdict that is not accepted. */
  readonly caught?: string
  /** A verdict that the correct checker contradicts, and whether the verifier accepts it. */
  readonly wrong?: string
  readonly isAccepted?: boolean
  /** How many histories were judged otherwise: in words or evidence, as unknown, or not at all. */
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
  const told = JSON.stringify(report.levels)
  if (told === known) return 'same'
  const proved = prove(history, report, head, { sha256 }).levels
  return {
    text: told,
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
