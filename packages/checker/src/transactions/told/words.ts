import { clientInWords, type History, type ValueId, ValueTable } from '@chaosproxy/history'
import type {
  ArrowEnd,
  DrawnStep,
  DrawnTransaction,
  TransactionArrow,
  TransactionDrawing,
} from '../../verdict/verdict.ts'
import { show } from '../../verdict/words.ts'
import { LINK, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import type { CycleStep } from '../levels/situation.ts'
import { ADD, APPEND, READ, type TransactionRecord, transactionOf, UNKNOWN } from '../record/record.ts'
import type { Versions } from '../record/versions.ts'

/** Names a sentence's transactions, in order of call: `T1 (process 3)` the first time, then `T1`. */
export function createNames(history: History, transactions: readonly number[]): (t: number) => string {
  const numbers = inOrder(transactions)
  const named = new Set<number>()
  return (t) => {
    const name = `T${numbers.indexOf(t) + 1}`
    if (named.has(t)) return name
    named.add(t)
    return `${name} (${clientInWords(history, history.operations.process[t])})`
  }
}

/** Each once, in the order in which they were called. */
export const inOrder = (transactions: readonly number[]): readonly number[] =>
  [...new Set(transactions)].sort((a, b) => a - b)

export const keyText = ({ history, keys }: TransactionRecord, key: number): string => {
  const name = history.values.json(keys[key] as ValueId)
  return typeof name === 'string' ? name.replace(/^:/, '') : show(name)
}

/** `read x = [1,2]`, `appended 3 to x`, `wrote 3 to x`; with the statement that did it if the recorder knows that. */
export function microText(record: TransactionRecord, row: number): string {
  const sql = statementOf(record, row)
  const text = wordsOf(record, row, DONE)
  return sql === undefined ? text : `${text} (${clipped(sql)})`
}

/** A micro-operation as it is drawn: `read x = [1,2]`, `append 3 to x`. */
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
      // The reply of a transaction whose outcome is unknown never came.
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

/** A sentence has room for the beginning of a statement. */
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

/** Lists are told by their ends: what was read last, or is missing, is there. */
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

/** The micro-operations that an order of two transactions is about; NO_ROW for orders of sessions and of real time. */
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

/** Why one transaction comes before another. */
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

/** The last that a transaction appended to a key before another's write; otherwise the last that it wrote. */
function writeBefore(record: TransactionRecord, versions: Versions, t: number, key: number, write: number): number {
  const { of } = versions
  const last = writeOf(record, versions, t, key)
  if (write === NO_ROW || last === NO_ROW || record.kind[last] !== APPEND) return last
  for (let row = last; row >= record.starts[t]; row--)
    if (record.kind[row] !== READ && record.key[row] === key && of[row] >= 0 && of[row] < of[write]) return row
  return last
}

/** What a transaction wrote to a key: this version, otherwise the last. */
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

/** An order of two transactions, and the micro-operations that it is about. */
export interface DrawnOrder extends Omit<TransactionArrow, 'from' | 'to'> {
  readonly from: number
  readonly to: number
  readonly rows: StepRows
}

/** A transaction without which the others of a counterexample are no contradiction. */
export interface Proof {
  readonly transaction: number
  /** Its micro-operations that matter. */
  readonly rows: readonly number[]
  /** `shows that T1 wrote x before T3`. */
  readonly why: string
}

/** Transactions in a cycle, and what proves it: of each only what an order is about. */
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

/** What a transaction had read of a key when it wrote it: the value may come from there. */
function readBefore({ starts, kind, key }: TransactionRecord, write: number, t: number): number {
  if (kind[write] === READ) return NO_ROW
  for (let row = write - 1; row >= starts[t]; row--) if (key[row] === key[write] && kind[row] === READ) return row
  return NO_ROW
}

/** Whether the two transactions of a cycle about one key read the same version before they wrote. */
export function haveReadTheSame(record: TransactionRecord, versions: Versions, steps: readonly CycleStep[]): boolean {
  const missed = steps.find(({ kind }) => kind === RW)
  const next = steps.find((step) => step !== missed)
  if (missed === undefined || next === undefined) return false
  const { from: one, to: write } = rowsOfStep(record, versions, missed)
  const other = next.kind === RW ? rowsOfStep(record, versions, next).from : readBefore(record, write, missed.to)
  return other !== NO_ROW && record.list[one] === record.list[other] && record.value[one] === record.value[other]
}

/** Of a transaction in a contradiction that is no cycle, the first of what it did. */
const MOST_STEPS = 5

/** Transactions of which all may matter. */
export function drawnWhole(record: TransactionRecord, transactions: readonly number[]): TransactionDrawing {
  const { starts } = record
  const rows = transactions.flatMap((t) =>
    Array.from({ length: Math.min(MOST_STEPS, starts[t + 1] - starts[t]) }, (_, i) => starts[t] + i),
  )
  return { parts: partsOf(record, transactions, new Set(rows), []).parts, arrows: [], isCycle: false }
}

interface DrawnFinding {
  readonly transaction: number
  readonly micro: number
  /** The other micro-operation it takes, and its transaction; -1 if there is none. */
  readonly other: number
  readonly second: number
  /** Whether the other micro-operation is a write. */
  readonly isWrite: boolean
  readonly because: string
  readonly proofs: readonly Proof[]
}

/** A read that is wrong by itself, and what it contradicts. */
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
  const shown = inOrder([...transactions, ...proofs.map(({ transaction }) => transaction)])
  const rows = [...new Set([...some, ...proofs.flatMap((proof) => proof.rows)])]
  const rowsOfPart = shown.map((t) => rows.filter((row) => row >= record.starts[t] && row < record.starts[t + 1]))
  for (const its of rowsOfPart) its.sort((a, b) => a - b)
  return {
    parts: shown.map((operation, at) => ({
      operation,
      steps: (rowsOfPart[at] ?? []).map((row) => ({
        ...stepOf(record, row),
        ...(row === wrong ? { isWrong: true } : {}),
      })),
      others: record.starts[operation + 1] - record.starts[operation] - (rowsOfPart[at]?.length ?? 0),
      ...whyOf(proofs, operation),
    })),
    endOf: (transaction, row) => {
      const part = shown.indexOf(transaction)
      const step = rowsOfPart[part]?.indexOf(row) ?? -1
      return step < 0 ? { part } : { part, step }
    },
  }
}

/** Why a transaction is there, unless it is on the cycle or wrong itself. */
function whyOf(proofs: readonly Proof[], t: number): Pick<DrawnTransaction, 'why'> {
  const why = proofs.find(({ transaction }) => transaction === t)?.why
  return why === undefined ? {} : { why }
}
