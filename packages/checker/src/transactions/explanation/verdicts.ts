import { placeOf } from '../../encoding/operation-row.ts'
import { notRecorded } from '../../verdict/reason.ts'
import { CHECKED, type TransactionStory, unknownBecause, type Verdict, type Witness } from '../../verdict/verdict.ts'
import { nameOf } from '../anomalies/classes.ts'
import { type FoundCycles, findCycles } from '../anomalies/find.ts'
import { findLostUpdates } from '../anomalies/lost-updates.ts'
import { excludedBy, isMet, violationOf } from '../levels/decide.ts'
import { findExampleAmong } from '../levels/example.ts'
import type { Judged } from '../levels/judge.ts'
import { type IsolationLevel, impliesLevel, isolationLadder, partsOf } from '../levels/ladder.ts'
import type { CycleStep, Violation } from '../levels/situation.ts'
import type { Inference } from '../record/inference.ts'
import { type TransactionRecord, transactionOf } from '../record/record.ts'
import {
  type Explanation,
  explainAmong,
  explainComponent,
  explainContradiction,
  explainCycle,
  explainFinding,
} from './counterexample.ts'
import { storyAt, storyOfCycle } from './stories.ts'
import { microText } from './words.ts'

/** How often an anomaly was found, and the transactions of its first occurrence. */
export interface FoundAnomaly {
  readonly count: number
  readonly first: readonly number[]
}

export interface ExplainedJudgement {
  /** The verdicts on some levels. The verdicts on the other levels follow from these. */
  readonly verdicts: { readonly [level in IsolationLevel]?: Verdict }
  readonly anomalies: { readonly [name: string]: FoundAnomaly }
}

/** Converts outcomes to verdicts, with the shortest example of each violation. */
export function explainJudged(
  record: TransactionRecord,
  { versions, findings, repeated }: Inference,
  { outcomes, situation, order, witnessBy }: Judged,
): ExplainedJudgement {
  const anomalies: { [name: string]: FoundAnomaly } = {}
  for (const name of findings.names()) {
    const first = findings.first(name)
    if (first !== undefined) anomalies[name] = { count: findings.count(name), first: [first.transaction] }
  }
  const cycles = situation === undefined ? undefined : findCycles(situation, outcomes)
  for (const { anomaly, count, steps } of cycles?.classes ?? [])
    anomalies[anomaly] = { count, first: steps.map(({ from }) => from) }
  const lost = situation === undefined ? undefined : findLostUpdates(situation)
  if (lost !== undefined) anomalies['lost-update'] = lost
  const verdicts: { [level in IsolationLevel]?: Verdict } = {}
  for (const [level, outcome] of outcomes)
    switch (outcome.result) {
      case 'met':
        verdicts[level] = {
          result: 'met',
          witness: order === undefined ? (witnessBy?.(level) ?? CHECKED.witness) : witnessOf(order),
        }
        break
      case 'unknown':
        verdicts[level] = outcome
        break
      case 'violated': {
        const { cycle, among, contradiction } = outcome
        const explanation =
          contradiction !== undefined
            ? explainContradiction(record, contradiction)
            : cycle !== undefined
              ? explanationOf(level, outcome, cycle)
              : among !== undefined
                ? explainAmong(record, among, outcome)
                : exampleFor(level)
        if (cycle !== undefined) anomalies[nameOf(cycle)] ??= { count: 1, first: cycle.map(({ from }) => from) }
        verdicts[level] = { result: 'violated', counterexample: { level, ...explanation } }
        break
      }
      default:
        outcome satisfies never
    }
  if (repeated.size > 0)
    for (const level of isolationLadder.levels)
      if (violationOf(level, outcomes) === undefined) verdicts[level] = doubtful(record, repeated)
  const cursors = verdicts['cursor-stability']
  // Reports the lost update instead of the non-repeatable read, which is harmless by itself.
  const isReadAgain = findings.names().join() === 'non-repeatable-read'
  if (lost !== undefined && isReadAgain && cursors?.result === 'violated')
    for (const level of isolationLadder.levels) if (impliesLevel(level, 'cursor-stability')) verdicts[level] = cursors
  return { verdicts, anomalies }

  /**
   * Describes a cycle of transactions. Usually, the weakest level that excludes cycles of this form is violated. If
   * that level is met, only `level` puts the writes of this cycle in this order, and the story names `level`.
   */
  function explanationOf(level: IsolationLevel, outcome: Violation, cycle: readonly CycleStep[]): Explanation {
    const story = storyOfCycle(record, versions, cycle)
    const isRefused = !isMet(story.refusedBy as IsolationLevel, outcomes)
    const explain = (own: TransactionStory) => explainCycle(record, versions, nameOf(cycle), cycle, outcome, own)
    return isRefused ? explain(story) : (findingFor(level) ?? explain(storyAt(level, story)))
  }

  function findingFor(level: IsolationLevel): Explanation | undefined {
    for (const name of findings.names()) {
      const first = findings.first(name)
      if (first !== undefined && impliesLevel(level, excludedBy[name])) return explainFinding(record, first)
    }
    return undefined
  }

  function exampleFor(level: IsolationLevel): Explanation {
    const finding = findingFor(level)
    if (finding !== undefined) return finding
    const found = cycleFor(level, cycles)
    if (found !== undefined) return explainCycle(record, versions, found.anomaly, found.steps)
    if (situation === undefined) throw new Error(`${level} is violated, but no explanation was found`)
    const example = findExampleAmong(situation, level)
    return example?.among === undefined ? explainComponent(situation) : explainAmong(record, example.among, example)
  }
}

const witnessOf = (order: Int32Array): Witness => ({ kind: 'order', orders: [{ operations: Array.from(order) }] })

function doubtful(record: TransactionRecord, repeated: Inference['repeated']): Verdict {
  const [[first, second]] = [...repeated.values()]
  const place = (micro: number): string => placeOf(record.history, transactionOf(record, micro))
  const more = repeated.size > 1 ? `. ${repeated.size} keys have such repeated values` : ''
  return unknownBecause(
    notRecorded(
      `two transactions ${microText(record, first)} (${place(first)} and ${place(second)}), so reads do not show which of the two they saw${more}. Write each value to a key once`,
    ),
  )
}

function cycleFor(level: IsolationLevel, cycles: FoundCycles | undefined) {
  const { isolation, form } = partsOf(level)
  // Without predicates, repeatable read excludes the same cycles as serializable.
  const requested = isolation === 'repeatable-read' ? form.prefixed('serializable') : level
  const known = cycles?.classes.find(({ excludedBy: weakest }) => impliesLevel(requested, weakest))
  return known ?? cycles?.ofLevel(level)
}
