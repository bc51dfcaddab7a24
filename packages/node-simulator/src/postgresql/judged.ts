import {
  check,
  type DrawnTransaction,
  limitedTo,
  type TransactionStory,
  type Verdict,
  verdictOf,
} from '@chaosproxy/checker'
import { type History, momentInMillis, type Nanos } from '@chaosproxy/history'
import { historyOfTraffic, type Passed, proposeTables, type TrafficHistory } from '@chaosproxy/recorder/postgresql'
import type { Engine } from '@chaosproxy/simulated-postgresql'
import type { PostgresSpec } from '../declared/reference.ts'

/** The level that the transactions of a database must keep, and what counts as one. */
export type Isolation = Pick<PostgresSpec, 'expect' | 'unit'>

/** A level that the transactions of a run broke. */
interface BrokenIsolation {
  readonly what: string
  /** The transactions, statement by statement. */
  readonly evidence: readonly string[]
}

export type JudgedIsolation =
  | { readonly result: 'broken'; readonly broken: BrokenIsolation }
  | { readonly result: 'kept' }
  | { readonly result: 'unknown'; readonly why: string }

/** As in a search's checks of clients' histories. */
const CHECK_STEPS = 150_000_000
const MEMORY_BYTES = 256 * 2 ** 20
/** Serializable but for conditions. */
const ROWS = 'repeatable-read'

/** What passed between the programs and a database. */
interface Judging {
  readonly id: string
  readonly engine: Engine
  readonly traffic: readonly Passed[]
  /** Times are shown from here on. */
  readonly startedAt: Nanos
}

/** The transactions in the traffic with a database, unless none of its tables can be recorded. */
export function recordedSql({
  id,
  engine,
  traffic,
}: Omit<Judging, 'startedAt'>): TrafficHistory | { readonly leftOut: readonly string[] } {
  const { as, leftOut } = proposeTables(engine.catalogue())
  return Object.keys(as.tables).length === 0 ? { leftOut } : historyOfTraffic(traffic, as, id)
}

export function judgedIsolation(
  { expect: level, unit }: Isolation & { readonly expect: string },
  { id, engine, traffic, startedAt }: Judging,
): JudgedIsolation {
  const recorded = recordedSql({ id, engine, traffic })
  if ('leftOut' in recorded) return { result: 'unknown', why: ['no table is judged', ...recorded.leftOut].join('; ') }
  const judgedBy = (history: History, story?: Pick<TransactionStory, 'cause' | 'cure'>): JudgedIsolation => {
    const report = check(history, {
      model: 'rw-register',
      initial: 'unknown',
      levels: [level, ROWS],
      ...(unit === undefined ? {} : { unit }),
      memoryBytes: MEMORY_BYTES,
      ...limitedTo(CHECK_STEPS),
    })
    const verdict = verdictOf(report, level)
    // Rows that a condition does not return may have decided what it returned: the others were judged.
    if (verdict.result === 'unknown' && isSerializable(level) && verdictOf(report, ROWS).result === 'met')
      return { result: 'kept' }
    return judged(verdict, { history, startedAt, story })
  }
  const byRows = judgedBy(recorded.history)
  if (byRows.result === 'broken' || !isSerializable(level)) return byRows
  const history = recorded.withPhantoms()
  const byConditions = history && judgedBy(history, ROWS_COME_TO_BE)
  return byConditions?.result === 'broken' ? byConditions : byRows
}

/** In place of what is told of rows that are there to be locked. */
const ROWS_COME_TO_BE = {
  cause: 'Each transaction decided by the rows that it had found, and another one changed which there are.',
  cure: 'Use SERIALIZABLE and retry, let a unique key or an exclusion constraint refuse the second row, or lock a row first that all of them lock. SELECT … FOR UPDATE locks no row that does not exist yet.',
}

/** Weaker levels promise nothing of rows that come to be. */
const isSerializable = (level: string): boolean => level.endsWith('serializable')

interface Telling extends Pick<Judging, 'startedAt'> {
  readonly history: History
  /** When absent, that of the verdict. */
  readonly story?: Pick<TransactionStory, 'cause' | 'cure'> | undefined
}

function judged(verdict: Verdict, { history, startedAt, story: other }: Telling): JudgedIsolation {
  switch (verdict.result) {
    case 'met':
      return { result: 'kept' }
    case 'unknown':
      return { result: 'unknown', why: verdict.reason.text }
    case 'violated': {
      const { sentence, transactions } = verdict.counterexample
      const story = other ?? verdict.counterexample.story
      const parts = transactions?.parts ?? []
      return {
        result: 'broken',
        broken: {
          what: shortened(sentence, parts),
          evidence: [
            ...parts.flatMap((part, i) => linesOf(part, `T${i + 1}`, { history, startedAt })),
            ...(story === undefined ? [] : [story.cause, `Cure: ${story.cure}`]),
          ],
        },
      }
    }
    default:
      return verdict satisfies never
  }
}

/** Longer statements are cut in sentences. */
const MOST_SQL = 80

/** Without the statements, which lines show, and the places in a file, of which there is none. */
function shortened(sentence: string, parts: readonly DrawnTransaction[]): string {
  let text = sentence.replace(/ \(process \d+, lines? [\d, and–-]+\)/g, '')
  for (const { steps } of parts)
    for (const { sql } of steps) {
      if (sql === undefined) continue
      const shown = sql.length <= MOST_SQL ? sql : `${sql.slice(0, MOST_SQL - 1)}…`
      text = text.replaceAll(` (${shown})`, '')
    }
  return text
}

/** Its request, its times, and its statements that matter. */
function linesOf(
  { operation, steps, members = [] }: DrawnTransaction,
  name: string,
  { history, startedAt }: Pick<Judging, 'startedAt'> & { readonly history: History },
): readonly string[] {
  const { callTime, returnTime, returnLine } = history.operations
  const timeOf = (time: number | undefined): string => momentInMillis((time ?? 0) - startedAt)
  const last = members.at(-1) ?? operation
  const request = history.transactionNotes?.get(returnLine[operation] ?? 0)?.request
  return [
    `${name}${request === undefined ? '' : ` of ${request}`}, ${timeOf(callTime[operation])} to ${timeOf(returnTime[last])}`,
    ...steps.map(({ text, sql }) => `    ${text}${sql === undefined ? '' : `: ${sql}`}`),
  ]
}
