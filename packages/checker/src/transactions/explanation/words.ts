import { type History, type ValueId, ValueTable } from '@chaosproxy/history'
import { ascending, range } from '../../encoding/lists.ts'
import type {
  ArrowEnd,
  DrawnStep,
  DrawnTransaction,
  TransactionArrow,
  TransactionDrawing,
} from '../../verdict/verdict.ts'
import { show, who } from '../../verdict/words.ts'
import { LINK, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import type { CycleStep } from '../levels/situation.ts'
import { ADD, APPEND, READ, type TransactionRecord, transactionOf, UNKNOWN } from '../record/record.ts'
import type { Versions } from '../record/versions.ts'

/**
 * Returns a function that names these transactions T1, T2, … in the order in which they were called. The first use of a
 * name includes the process: `T1 (process 3)`.
 */
export function createNames(history: History, transactions: readonly number[]): (t: number) => string {
  const numbers = ascending(transactions)
  const named = new Set<number>()
  return (t) => {
    const name = `T${numbers.indexOf(t) + 1}`
    if (named.has(t)) return name
    named.add(t)
    return `${name} (${who(history, t)})`
  }
}

export const keyText = ({ history, keys }: TransactionRecord, key: number): string => {
  const name = history.values.json(keys[key] as ValueId)
  return typeof name === 'string' ? name.replace(/^:/, '') : show(name)
}

/** Describes a micro-operation and its statement, if known: `read x = [1,2]`, `appended 3 to x`. */
export function microText(record: TransactionRecord, row: number): string {
  const sql = statementOf(record, row)
  const text = wordsOf(record, row, DONE)
  return sql === undefined ? text : `${text} (${clipped(sql)})`
}

/** Describes a micro-operation for a drawing: `read x = [1,2]`, `append 3 to x`. */
const stepOf = (record: TransactionRecord, row: number): DrawnStep => {
  const sql = statementOf(record, row)
  return { text: wordsOf(record, row, TO_DO), ...(sql === undefined ? {} : { sql }) }
}

const DONE = { add: 'added', append: 'appended', write: 'wrote', change: 'changed' }
const TO_DO: typeof DONE = { add: 'add', append: 'append', write: 'write', change: 'change' }

function wordsOf(record: TransactionRecord, row: number, verbs: typeof DONE): string {
  const key = keyText(record, record.key[row])
  switch (record.kind[row]) {
    case READ:
      // A transaction of unknown outcome received no answer, so its reads have no values.
      return record.value[row] === UNKNOWN ? `read ${key}` : `read ${key} = ${readText(record, row)}`
    case APPEND:
      return `${verbs.append} ${valueText(record, record.value[row])} to ${key}`
    case ADD:
      return `${verbs.add} ${valueText(record, record.value[row])} to ${key}`
    default:
      return record.value[row] === UNKNOWN
        ? `${verbs.change} ${key}`
        : `${verbs.write} ${valueText(record, record.value[row])} to ${key}`
  }
}

/** The maximum length of a statement in a sentence, in code units. */
const MOST_SQL = 80

const clipped = (sql: string): string => (sql.length <= MOST_SQL ? sql : `${sql.slice(0, MOST_SQL - 1)}…`)

function statementOf(record: TransactionRecord, row: number): string | undefined {
  const { history, starts } = record
  if (history.transactionNotes === undefined) return undefined
  const t = transactionOf(record, row)
  const note = history.transactionNotes.get(history.operations.returnLine[t])
  let end = starts[t]
  for (const [sql, count] of note?.statements ?? []) {
    end += count
    if (row < end) return sql
  }
  return undefined
}

const valueText = ({ history }: TransactionRecord, id: number): string => show(history.values.json(id as ValueId))

/**
 * The number of elements that are shown of a longer list. These are its last elements, because they show what was read
 * last, or what is missing.
 */
const MOST_ELEMENTS = 6

function readText(record: TransactionRecord, row: number): string {
  const { history, list, lists, value } = record
  const node = list[row]
  if (node < 0) return valueText(record, value[row])
  if (lists.depth[node] <= MOST_ELEMENTS)
    return ValueTable.listOf(value[row]) < 0 ? '[]' : show(history.values.json(value[row] as ValueId))
  const last: string[] = []
  for (let at = node; last.length < MOST_ELEMENTS; at = lists.parent[at])
    last.unshift(valueText(record, lists.last[at]))
  return `[… ${last.join(',')}] (${lists.depth[node]} elements)`
}

/** The micro-operations that show the order of two transactions, or NO_ROW. */
export interface StepRows {
  readonly from: number
  readonly to: number
}

export const NO_ROW = -1

export function rowsOfStep(
  record: TransactionRecord,
  versions: Versions,
  { kind, from, to, key }: CycleStep,
): StepRows {
  switch (kind) {
    case SO:
    case RT:
      return { from: NO_ROW, to: NO_ROW }
    case WW: {
      const last = writeOf(record, versions, to, key)
      return { from: writeBefore(record, versions, from, key, last), to: last }
    }
    case WR: {
      const read = readFrom(record, versions, to, from, key)
      const version = read === NO_ROW ? undefined : versions.of[read]
      return { from: writeOf(record, versions, from, key, version), to: read }
    }
    case RW:
    case LINK:
      return { from: oldestRead(record, versions, from, key), to: writeOf(record, versions, to, key) }
    default:
      return kind satisfies never
  }
}

export function becauseOf(
  record: TransactionRecord,
  step: CycleStep,
  rows: StepRows,
  name: (t: number) => string,
): string {
  const from = name(step.from)
  const did = (row: number, otherwise: string): string =>
    row === NO_ROW ? `${otherwise} ${keyText(record, step.key)}` : microText(record, row)
  switch (step.kind) {
    case SO:
      return `${from} came before ${name(step.to)} in the same session`
    case RT:
      return `${from} had completed before ${name(step.to)} began`
    case WW:
      return `${from} ${did(rows.from, 'wrote')} before ${name(step.to)} ${did(rows.to, 'wrote')}`
    case WR:
      return `${name(step.to)} ${did(rows.to, 'read')}, which ${from} wrote`
    case RW:
    case LINK:
      return `${from} ${did(rows.from, 'read')} and did not see that ${name(step.to)} ${did(rows.to, 'wrote')}`
    default:
      return step.kind satisfies never
  }
}

/**
 * Returns the transaction's last append to the key before `write`. If there is none, returns its last write of the key.
 */
function writeBefore(record: TransactionRecord, versions: Versions, t: number, key: number, write: number): number {
  const { of } = versions
  const last = writeOf(record, versions, t, key)
  if (write === NO_ROW || last === NO_ROW || record.kind[last] !== APPEND) return last
  for (let row = last; row >= record.starts[t]; row--)
    if (record.kind[row] !== READ && record.key[row] === key && of[row] >= 0 && of[row] < of[write]) return row
  return last
}

export function writeOf(record: TransactionRecord, { of }: Versions, t: number, key: number, version?: number): number {
  const { starts, kind } = record
  let last = NO_ROW
  for (let row = starts[t + 1] - 1; row >= starts[t]; row--) {
    if (kind[row] === READ || record.key[row] !== key || of[row] < 0) continue
    if (of[row] === version) return row
    if (last === NO_ROW) last = row
  }
  return last
}

function readFrom(record: TransactionRecord, { of, writer }: Versions, t: number, source: number, key: number): number {
  const { starts, kind } = record
  for (let row = starts[t]; row < starts[t + 1]; row++)
    if (kind[row] === READ && record.key[row] === key && of[row] >= 0 && writer[of[row]] === source) return row
  return NO_ROW
}

function oldestRead(record: TransactionRecord, { of }: Versions, t: number, key: number): number {
  const { starts, kind } = record
  let oldest = NO_ROW
  for (let row = starts[t]; row < starts[t + 1]; row++) {
    if (kind[row] !== READ || record.key[row] !== key || of[row] < -1) continue
    if (oldest === NO_ROW || of[row] < of[oldest]) oldest = row
  }
  return oldest
}

export interface DrawnOrder extends Omit<TransactionArrow, 'from' | 'to'> {
  readonly from: number
  readonly to: number
  readonly rows: StepRows
}

/** A transaction that is drawn in addition to those of a cycle or a finding, for the reason `why`. */
export interface Proof {
  readonly transaction: number
  readonly rows: readonly number[]
  /** The reason to show the transaction: `shows that T1 wrote x before T3`. */
  readonly why: string
}

/** Draws a cycle and its `proofs`. Draws only the micro-operations in `orders`, and the reads before the writes. */
export function drawn(
  record: TransactionRecord,
  transactions: readonly number[],
  orders: readonly DrawnOrder[],
  proofs: readonly Proof[],
): TransactionDrawing {
  const rows = new Set(orders.flatMap(({ rows: { from, to } }) => [from, to]).filter((row) => row !== NO_ROW))
  for (const row of [...rows]) {
    const read = readBefore(record, row, transactionOf(record, row))
    if (read !== NO_ROW) rows.add(read)
  }
  const { parts, endOf } = partsOf(record, transactions, rows, proofs)
  const arrows = orders.map(
    ({ from, to, rows, edge, key, because }): TransactionArrow => ({
      ...{ from: endOf(from, rows.from), to: endOf(to, rows.to), edge, key, because },
    }),
  )
  return { parts, arrows, isCycle: true }
}

/**
 * Returns the last read of a key before a write of the key in the same transaction. The written value may be computed
 * from this read.
 */
export function readBefore({ starts, kind, key }: TransactionRecord, write: number, t: number): number {
  if (kind[write] === READ) return NO_ROW
  for (let row = write - 1; row >= starts[t]; row--) if (key[row] === key[write] && kind[row] === READ) return row
  return NO_ROW
}

/** Reports whether both transactions of a cycle on one key read the same version before they wrote. */
export function haveReadTheSame(record: TransactionRecord, versions: Versions, steps: readonly CycleStep[]): boolean {
  const missed = steps.find(({ kind }) => kind === RW)
  const next = steps.find((step) => step !== missed)
  if (missed === undefined || next === undefined) return false
  const { from: one, to: write } = rowsOfStep(record, versions, missed)
  const other = next.kind === RW ? rowsOfStep(record, versions, next).from : readBefore(record, write, missed.to)
  return other !== NO_ROW && record.list[one] === record.list[other] && record.value[one] === record.value[other]
}

/** The maximum number of micro-operations that `drawnWhole` draws of a transaction. */
const MOST_STEPS = 5

export function drawnWhole(record: TransactionRecord, transactions: readonly number[]): TransactionDrawing {
  const { starts } = record
  const rows = transactions.flatMap((t) => range(starts[t], Math.min(starts[t] + MOST_STEPS, starts[t + 1])))
  return { parts: partsOf(record, transactions, new Set(rows), []).parts, arrows: [], isCycle: false }
}

interface DrawnFinding {
  readonly transaction: number
  readonly micro: number
  /** `other`: another micro-operation that belongs to the anomaly, or -1. `second`: the transaction of `other`. */
  readonly other: number
  readonly second: number
  readonly isWrite: boolean
  readonly because: string
  readonly proofs: readonly Proof[]
}

export function drawnFinding(
  record: TransactionRecord,
  { transaction, micro, other, second, isWrite, because, proofs }: DrawnFinding,
): TransactionDrawing {
  const rows = new Set([micro, other].filter((row) => row >= 0))
  const { parts, endOf } = partsOf(record, [transaction, second], rows, proofs, micro)
  const key = keyText(record, record.key[micro])
  const arrow: TransactionArrow = {
    ...{ from: endOf(second, other), to: endOf(transaction, micro), key, because },
    edge: record.kind[micro] === READ ? 'wr' : 'ww',
  }
  return { parts, arrows: isWrite && second !== transaction ? [arrow] : [], isCycle: false }
}

function partsOf(
  record: TransactionRecord,
  transactions: readonly number[],
  some: ReadonlySet<number>,
  proofs: readonly Proof[],
  wrong: number = NO_ROW,
): {
  readonly parts: readonly DrawnTransaction[]
  readonly endOf: (transaction: number, row: number) => ArrowEnd
} {
  const drawn = ascending([...transactions, ...proofs.map(({ transaction }) => transaction)])
  const rows = [...new Set([...some, ...proofs.flatMap((proof) => proof.rows)])]
  const rowsOfPart = drawn.map((t) => rows.filter((row) => row >= record.starts[t] && row < record.starts[t + 1]))
  for (const its of rowsOfPart) its.sort((a, b) => a - b)
  return {
    parts: drawn.map((operation, at) => ({
      operation,
      steps: rowsOfPart[at].map((row) => ({
        ...stepOf(record, row),
        ...(row === wrong ? { isWrong: true } : {}),
      })),
      others: record.starts[operation + 1] - record.starts[operation] - rowsOfPart[at].length,
      ...whyOf(proofs, operation),
    })),
    endOf: (transaction, row) => {
      const part = drawn.indexOf(transaction)
      const step = rowsOfPart[part]?.indexOf(row) ?? -1
      return step < 0 ? { part } : { part, step }
    },
  }
}

function whyOf(proofs: readonly Proof[], t: number): Pick<DrawnTransaction, 'why'> {
  const why = proofs.find(({ transaction }) => transaction === t)?.why
  return why === undefined ? {} : { why }
}
