import type { Json, Mark, TransactionNote } from '@chaosproxy/history'
import { NEVER } from '../../encoding/encoded.ts'
import { placeOf } from '../../encoding/operation-row.ts'
import { isUnknownStart } from '../../encoding/unknown-start.ts'
import type { Report } from '../../judge/report.ts'
import type { Budget } from '../../limits/budget.ts'
import { NOT_REQUESTED, notRecorded, type Reason } from '../../verdict/reason.ts'
import { unknownBecause, type Verdict, type Verdicts } from '../../verdict/verdict.ts'
import { headlineOf, reportOf, strongestOf, transactionsEntry } from '../entry.ts'
import { keyText, microText } from '../explanation/words.ts'
import { notesOf } from '../granted/row-locks.ts'
import { judgeVersions } from '../levels/judge.ts'
import { type IsolationLevel, impliesLevel } from '../levels/ladder.ts'
import type { Inference } from '../record/inference.ts'
import { eachRow, readTransactions, type TransactionRecord, transactionOf, UNKNOWN } from '../record/record.ts'
import { decideDeclared } from './declared.ts'
import { givenVersions } from './given.ts'
import { type DoubtfulCells, inferRecorded } from './infer.ts'
import {
  DECLARED,
  type RecordedLevel,
  recordedLadder,
  requestedLevel,
  requestedLevelsText,
  SERIALIZABLE,
} from './requested-levels.ts'
import { type UnitKind, united, unitsOf, withoutTransaction } from './units.ts'

export const recordedTransactions = transactionsEntry(
  'rw-register',
  'transactions of a database, recorded at the wire',
  recordedLadder,
  (history, { name }, { initial, levels, unit }, budget) =>
    judgeRecorded(readTransactions(history, false), { model: name, initial, levels, unit }, budget),
)

interface RecordedOptions {
  readonly model: string
  readonly initial: Json
  readonly levels: readonly RecordedLevel[]
  readonly unit: UnitKind | undefined
}

/**
 * Judges transactions that a recorder saw on the wire. Assumes that a transaction that writes a row locks the row until
 * it commits. A level is violated if the certain part of the orders contradicts it. A level is met if the likely orders
 * and sources of reads satisfy it, and nothing unrecorded could hide a violation (see `hiddenFrom`).
 */
function judgeRecorded(
  record: TransactionRecord,
  { model, initial, levels, unit }: RecordedOptions,
  budget: Budget,
): Report<RecordedLevel> {
  const doubts = new Doubts(record)
  const notes = notesOf(record)
  const isFresh = record.history.nodes.length < 2
  const isSql = notes.some((note) => note !== undefined && note.statements.length > 0)
  const first = isUnknownStart(initial) ? UNKNOWN : record.history.values.id(initial)
  const given = givenVersions(record, notes)
  const { certain, likely } =
    given === undefined ? inferRecorded(record, { initial: first, isFresh, doubts }) : { certain: given, likely: given }
  budget.look(record.kind.length)
  const assumed = given !== undefined ? [] : isFresh ? ['row-locks', 'fresh'] : ['row-locks']
  const isolationLevels = levels.filter((level) => level !== DECLARED)
  const judgedBy = (some: TransactionRecord, inference: Inference): Judged => {
    const judged = judgeVersions(some, inference.versions, inference.findings, budget)
    const report = reportOf(model, some, { inference, judged, assumed }, isolationLevels)
    const isRequested = isSql && levels.includes(DECLARED)
    const declared: Verdict = isRequested
      ? decideDeclared(some, inference, notes, budget)
      : unknownBecause(NOT_REQUESTED)
    return { report, verdicts: { ...report.levels, [DECLARED]: declared } }
  }
  const unseen = record.history.marks.find(({ kind }) => kind === 'unseen')
  const hidden = (level: RecordedLevel) => hiddenFrom(level, notes, doubts) ?? unseenReason(unseen)
  const sure = judgedBy(record, certain)
  const best = likely === undefined || isSame(certain, likely) ? sure : judgedBy(record, likely)
  const merged = (one: Judged, other: Judged) =>
    mergedLevels(one.verdicts, likely === undefined ? undefined : other.verdicts, hidden)
  const alone = { report: sure.report, verdicts: merged(sure, best) }
  const { report, verdicts } = unit === undefined ? alone : judgedAsOne(alone, unit)
  const { transactions } = report
  const granted = requestedLevelsText(notes, certain.versions.counts)
  return {
    ...report,
    levels: verdicts,
    headline: `${headlineOf(verdicts, transactions?.anomalies ?? {})}${declaredText(verdicts, granted)}`,
    ...(transactions && { transactions: { ...transactions, strongest: strongestOf(verdicts) } }),
  }

  /**
   * Judges each unit as if it were one transaction. If the separate transactions already violate a level, that verdict
   * stays. The verdict on `declared` stays, too.
   */
  function judgedAsOne(alone: Judged, by: UnitKind): Judged {
    const units = unitsOf(record, notes, certain.versions.counts, by)
    const [sureUnits, bestUnits] = [united(record, certain, units), united(record, likely ?? certain, units)]
    const sure = judgedBy(sureUnits.record, sureUnits.inference)
    const best = judgedBy(bestUnits.record, bestUnits.inference)
    const asOne = merged(sure, best)
    const levels = recordedLadder.levels.map((level): [RecordedLevel, Verdict] => [
      level,
      level === DECLARED || alone.verdicts[level].result === 'violated'
        ? alone.verdicts[level]
        : withoutTransaction(asOne[level], units, isSql),
    ])
    return { report: sure.report, verdicts: Object.fromEntries(levels) as unknown as Verdicts<RecordedLevel> }
  }
}

interface Judged {
  readonly report: Report<IsolationLevel>
  readonly verdicts: Verdicts<RecordedLevel>
}

/** Describes, in the headline, whether transactions got the level that they asked for. */
function declaredText({ [DECLARED]: { result } }: Verdicts<RecordedLevel>, requested: string): string {
  if (result === 'unknown') return ''
  return result === 'met'
    ? `; each got the level it asked for (${requested})`
    : `; not every transaction got the level it asked for (${requested})`
}

function mergedLevels(
  certain: Verdicts<RecordedLevel>,
  likely: Verdicts<RecordedLevel> | undefined,
  hidden: (level: RecordedLevel) => Reason | undefined,
): Verdicts<RecordedLevel> {
  const merged = recordedLadder.levels.map((level): [RecordedLevel, Verdict] => {
    const [sure, best] = [certain[level], likely?.[level]]
    if (sure.result === 'violated') return [level, sure]
    const reason = hidden(level)
    if (reason !== undefined) return [level, unknownBecause(reason)]
    if (best === undefined || best.result === 'violated') return [level, unknownBecause(AMBIGUOUS)]
    return [level, best]
  })
  return Object.fromEntries(merged) as unknown as Verdicts<RecordedLevel>
}

const AMBIGUOUS = notRecorded(
  'some reads may have seen one of several writes of the same value, and some writes have no certain order. Write values that differ, or read and write in one transaction',
)

/** Returns the reason why a hidden violation of the level is possible, if there is one. */
function hiddenFrom(
  level: RecordedLevel,
  notes: readonly (TransactionNote | undefined)[],
  doubts: Doubts,
): Reason | undefined {
  if (doubts.reason !== undefined) return notRecorded(doubts.reason)
  if (level !== DECLARED && !impliesLevel(level, 'serializable')) return undefined
  const some = level === DECLARED ? notes.filter((note) => requestedLevel(note) === SERIALIZABLE) : notes
  const sql = some.flatMap((note) => note?.predicates ?? [])[0]
  return sql === undefined
    ? undefined
    : notRecorded(
        `the level is met for single rows, but ${sql} also depends on rows that it does not return. Select rows by primary key, so that they are judged, or expect repeatable-read, which does not depend on such rows`,
      )
}

const unseenReason = (mark: Mark | undefined): Reason | undefined =>
  mark === undefined ? undefined : notRecorded(`${mark.what} may change rows unseen, and ${mark.why}`)

/** Reports whether the certain and the likely inference are equal, so that nothing is uncertain. */
const isSame = (one: Inference, other: Inference): boolean =>
  one.versions.writer.length === other.versions.writer.length &&
  one.versions.of.every((version, row) => version === other.versions.of[row])

/** The cells whose reads and writes prove nothing, because something unrecorded may have changed them. */
class Doubts implements DoubtfulCells {
  readonly #record: TransactionRecord
  readonly #reasons: Map<number, string> = new Map()
  readonly #startUnknown: Set<number> = new Set()

  constructor(record: TransactionRecord) {
    this.#record = record
    const touched = latestOf(record.history.marks)
    if (touched.length === 0) return
    const first = firstUses(record)
    record.keys.forEach((_, cell) => {
      for (const mark of touched) {
        if (mark.key !== undefined && !covers(mark.key, keyText(record, cell))) continue
        if (mark.settled === undefined || first[cell] < mark.settled)
          this.#doubt(cell, `${whatOf(mark)} may have changed ${keyText(record, cell)}: ${mark.why}`)
        else this.#startUnknown.add(cell)
      }
    })
  }

  has(cell: number): boolean {
    return this.#reasons.has(cell)
  }

  isStartUnknown(cell: number): boolean {
    return this.#startUnknown.has(cell)
  }

  /** The reason why no level can be met; undefined if no cell is in doubt. */
  get reason(): string | undefined {
    const [first] = this.#reasons.values()
    if (first === undefined) return undefined
    const others = this.#reasons.size - 1
    return others === 0 ? first : `${first} (and ${others} more ${others === 1 ? 'key is' : 'keys are'} in doubt)`
  }

  overlap(cell: number, one: number, other: number): void {
    const { history } = this.#record
    this.#doubt(
      cell,
      `two transactions held the row of ${keyText(this.#record, cell)} locked at once (${placeOf(history, one)} and ${placeOf(history, other)}), so its writes have no order`,
    )
  }

  unexplained(cell: number, micro: number, newest: number | undefined): void {
    const found = newest === undefined ? '' : ` (the newest version that it may have seen: ${this.#describe(newest)})`
    this.#doubt(cell, `${this.#describe(micro)}, which no recorded write explains${found}: ${OTHERS}`)
  }

  changed(cell: number, micro: number): void {
    this.#doubt(cell, `${this.#describe(micro)} after its own write of another value: ${OTHERS}`)
  }

  #describe(micro: number): string {
    const record = this.#record
    return `the transaction of ${placeOf(record.history, transactionOf(record, micro))} ${microText(record, micro)}`
  }

  #doubt(cell: number, reason: string): void {
    if (!this.#reasons.has(cell)) this.#reasons.set(cell, reason)
  }
}

/** Returns, for each key, the mark with the latest `settled`. */
function latestOf(marks: readonly Mark[]): readonly Mark[] {
  const latest = new Map<string | undefined, Mark>()
  for (const mark of marks) {
    if (mark.kind !== 'touched') continue
    const known = latest.get(mark.key)
    const isLater = known === undefined || (known.settled ?? NEVER) < (mark.settled ?? NEVER)
    if (isLater) latest.set(mark.key, mark)
  }
  return [...latest.values()]
}

/** Returns, by cell, the beginning of the first transaction that accesses it, as an event position. */
function firstUses(record: TransactionRecord): Int32Array {
  const { key, keys, invoked } = record
  const first = new Int32Array(keys.length).fill(NEVER)
  eachRow(record, (row, t) => {
    first[key[row]] = Math.min(first[key[row]], invoked[t])
  })
  return first
}

const OTHERS =
  'a trigger, a function or a client that bypasses the proxy changes this value. Let all clients use the proxy, or do not record this column'

const whatOf = ({ what, line }: Mark): string => `${what} (line ${line})`

/**
 * Reports whether a cell is among those that a mark's `key` names (see `Mark`). A `*` in the key stands for any primary
 * key.
 */
function covers(mark: string, cell: string): boolean {
  if (mark === cell) return true
  const star = mark.indexOf('/*/')
  return star >= 0 && cell.startsWith(mark.slice(0, star + 1)) && cell.endsWith(mark.slice(star + 2))
}
