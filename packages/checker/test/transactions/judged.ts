import { type EventInput, type Header, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { levelsOf, type Report } from '../../src/index.ts'
import { checkProved } from '../proof/proving.ts'

/** A transaction in a test: its process, its micro-operations, and how it ends. */
export type Line = readonly [process: number, value: Json, end?: 'ok' | 'fail' | 'info']

/** One transaction after another. */
export const oneByOne = (...lines: readonly Line[]): readonly EventInput[] =>
  lines.flatMap(([process, value, type = 'ok']) => [
    { process, type: 'invoke', f: 'txn', value },
    { process, type, f: 'txn', value },
  ])

/** Overlapping transactions: none ends before all have begun. */
export const together = (...lines: readonly Line[]): readonly EventInput[] => [
  ...lines.map(([process, value]): EventInput => ({ process, type: 'invoke', f: 'txn', value })),
  ...lines.map(([process, value, type = 'ok']): EventInput => ({ process, type, f: 'txn', value })),
]

export function judged(
  events: Iterable<EventInput>,
  initial: Json = null,
  model: 'list-append' | 'rw-register' = 'list-append',
  header?: Header,
): Report<string> {
  const history = historyFromEvents(events, { header })
  return checkProved(history, {
    model,
    initial,
    levels: levelsOf(model, history),
    failedCas: 'drop',
    deadlineMs: millis(60_000),
    memoryBytes: 1e9,
    now: () => millis(0),
  })
}

export const anomaliesIn = ({ transactions }: Report<string>): string[] => Object.keys(transactions?.anomalies ?? {})

export const met = ({ levels }: Report<string>): string[] =>
  Object.keys(levels).filter((level) => levels[level]?.result === 'met')

export const sentenceOf = ({ levels }: Report<string>, level: string): string => {
  const verdict = levels[level]
  return verdict?.result === 'violated' ? verdict.counterexample.sentence : (verdict?.result ?? '')
}
