import type { History, TransactionNote } from '@chaosproxy/history'
import { NEVER } from '../../encoding/encoded.ts'
import { addTo } from '../../encoding/lists.ts'
import type { TransactionStory, Verdict } from '../../verdict/verdict.ts'
import { Findings } from '../record/findings.ts'
import type { Inference } from '../record/inference.ts'
import { columnsOf } from '../record/part.ts'
import { ABORTED, COMMITTED, eachRow, READ, type TransactionRecord } from '../record/record.ts'
import { NO_VERSION, type Versions } from '../record/versions.ts'
import { findRepeated } from './infer.ts'

/**
 * The kind of unit that is judged as one transaction. `request`: all transactions of one request to the application;
 * comments in the SQL statements name the request. `connection`: all transactions of a connection until it became idle.
 */
export type UnitKind = 'request' | 'connection'

/** A connection is idle after this time without a transaction. */
const IDLE_NANOS = 10_000_000

/**
 * By transaction: the first transaction of its unit. A transaction that does not count as committed is a unit by
 * itself.
 */
export type Units = Int32Array

export function unitsOf(
  { history, length }: TransactionRecord,
  notes: readonly (TransactionNote | undefined)[],
  counts: Uint8Array,
  by: UnitKind,
): Units {
  const { process, callTime, returnTime } = history.operations
  const units = Int32Array.from({ length }, (_, t) => t)
  const last = new Map<string, number>()
  for (let t = 0; t < length; t++) {
    if (counts[t] === 0) continue
    const name = by === 'request' ? notes[t]?.request : `${process[t]}`
    if (name === undefined) continue
    const before = last.get(name)
    last.set(name, t)
    if (before === undefined) continue
    if (by === 'request' || callTime[t] - returnTime[before] < IDLE_NANOS) units[t] = units[before]
  }
  return units
}

function membersOf(units: Units): ReadonlyMap<number, readonly number[]> {
  const members = new Map<number, number[]>()
  units.forEach((unit, t) => {
    addTo(members, unit, t)
  })
  return members
}

/** A record in which the transactions of each unit are merged. */
export interface United {
  readonly record: TransactionRecord
  readonly inference: Inference
}

/**
 * Moves the micro-operations of each unit to its first transaction. The unit's other transactions become empty and do
 * not count.
 */
export function united(record: TransactionRecord, { versions, repeated }: Inference, units: Units): United {
  const { length, history } = record
  const members = membersOf(units)
  const starts = new Int32Array(length + 1)
  const rows: number[] = []
  const completed = record.completed.slice()
  const status = record.status.slice()
  const counts = versions.counts.slice()
  for (let t = 0; t < length; t++) {
    starts[t] = rows.length
    const all = members.get(t) ?? []
    for (const member of all) {
      for (let row = record.starts[member]; row < record.starts[member + 1]; row++) rows.push(row)
      if (completed[t] === NEVER || record.completed[member] === NEVER) completed[t] = NEVER
      else completed[t] = Math.max(completed[t], record.completed[member])
      if (record.status[member] === COMMITTED) status[t] = COMMITTED
    }
    if (all.length > 0) continue
    counts[t] = 0
    status[t] = ABORTED
  }
  starts[length] = rows.length
  const writer = versions.writer.map((t) => units[t])
  const merged: TransactionRecord = {
    ...{ ...record, starts, completed, status, history: withNotes(history, members) },
    ...columnsOf(record, rows),
  }
  const of = Int32Array.from(rows, (row) => versions.of[row])
  eachRow(merged, (row, t) => {
    if (merged.kind[row] === READ && of[row] >= 0 && writer[of[row]] === t) of[row] = NO_VERSION
  })
  const findings = new Findings()
  findRepeated(merged, of, findings)
  findIntermediate(merged, { ...versions, writer, of }, findings)
  return { record: merged, inference: { versions: { ...versions, writer, of, counts }, findings, repeated } }
}

/** Finds reads of intermediate versions: the unit that wrote the version overwrote it later (Adya 2000, G1b). */
function findIntermediate(record: TransactionRecord, { ordered, writer, of }: Versions, findings: Findings): void {
  const { kind, key } = record
  const writes = new Int32Array(writer.length)
  for (const [row, version] of of.entries()) if (kind[row] !== READ && version >= 0) writes[version] = row
  eachRow(record, (row, t) => {
    const version = of[row]
    if (kind[row] !== READ || version < 0 || writer[version] === t) return
    const isLast = version + 1 >= ordered[key[row]] || writer[version + 1] !== writer[version]
    if (!isLast) findings.add('G1b', t, row, writes[version])
  })
}

function withNotes(history: History, members: ReadonlyMap<number, readonly number[]>): History {
  const { returnLine } = history.operations
  const notes = new Map(history.transactionNotes)
  for (const [unit, [, ...others]] of members) {
    const note = notes.get(returnLine[unit])
    if (note === undefined || others.length === 0) continue
    const statements = others.flatMap((t) => notes.get(returnLine[t])?.statements ?? [])
    notes.set(returnLine[unit], { ...note, statements: [...note.statements, ...statements] })
  }
  return { ...history, transactionNotes: notes }
}

/**
 * Describes a violation that shows only if each unit (see `UnitKind`) is judged as one transaction. Judged separately,
 * the transactions show no violation. The remedy is a transaction around each unit.
 */
export function withoutTransaction(verdict: Verdict, units: Units, isSql: boolean): Verdict {
  if (verdict.result !== 'violated') return verdict
  const { counterexample } = verdict
  const members = membersOf(units)
  const operations = counterexample.operations.flatMap(({ operation, role }) =>
    (members.get(operation) ?? [operation]).map((member) => ({ operation: member, role })),
  )
  const { story, transactions, sentence } = counterexample
  return {
    result: 'violated',
    counterexample: {
      ...counterexample,
      operations: operations.sort((one, other) => one.operation - other.operation),
      story: { ...(isSql ? NO_TRANSACTION : NOT_ONE_COMMAND), refusedBy: story?.refusedBy ?? counterexample.level },
      sentence: isSql
        ? `Statements that belong together were not in one transaction: ${sentence} Put these statements between BEGIN and COMMIT; then choose the level.`
        : `Operations that belong together are not one: ${sentence}`,
      transactions: transactions && {
        ...transactions,
        parts: transactions.parts.map((part) => ({ ...part, members: members.get(part.operation) ?? [] })),
      },
    },
  }
}

const NO_TRANSACTION = {
  name: 'no transaction around it',
  title: 'Statements that belong together ran without a transaction',
  cause: 'Each statement ran in its own transaction, and another transaction took effect between them.',
  cure: 'Put them into one transaction: BEGIN … COMMIT. Then give it the level that it needs.',
} satisfies Omit<TransactionStory, 'refusedBy'>

const NOT_ONE_COMMAND = {
  name: 'no transaction around it',
  title: 'Operations that belong together ran one by one',
  cause: 'Each operation took effect by itself, and an operation of another client came between.',
  cure: 'Use one operation that reads and writes: an increment, a compare and set, a script; in Redis also WATCH with MULTI.',
} satisfies Omit<TransactionStory, 'refusedBy'>
