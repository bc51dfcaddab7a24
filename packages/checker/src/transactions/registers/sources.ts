import { groupBy, ownersOf } from '../../encoding/lists.ts'
import { unlimited } from '../../limits/budget.ts'
import { Findings } from '../record/findings.ts'
import {
  ABORTED,
  committed,
  eachRow,
  READ,
  type TransactionRecord,
  UNANSWERED,
  UNKNOWN,
  WRITE,
} from '../record/record.ts'
import { findWrites } from '../record/writes.ts'

/** Stands for the writer of the initial value. */
export const INITIAL = -1

/** Stands for an unknown writer, and for the reader's own transaction. */
export const NOBODY = -2

/** The writer of each value that was read, found by unique values. */
export interface Sources {
  /**
   * By transaction: 1 if it counts as committed. An unanswered transaction counts if a committed transaction read its
   * write.
   */
  readonly counts: Uint8Array
  /**
   * By micro-operation: the transaction whose write it read, or INITIAL. NOBODY for writes, and for reads of the
   * transaction's own writes.
   */
  readonly source: Int32Array
  /** By micro-operation: 1 if it is its transaction's last write of the key. */
  readonly isLast: Uint8Array
  readonly findings: Findings
  /**
   * A read of a value that was written twice, or that was written and is also the initial value; undefined if there is
   * none.
   */
  readonly ambiguous: Ambiguity | undefined
}

/** A read, and two writes of the value that it returned. */
export interface Ambiguity {
  readonly read: number
  readonly first: number
  /** Another write of the value; -1 if the other possible source is the initial value of the key. */
  readonly second: number
}

/**
 * Returns the initial value of each key, as an id. This value is `initial`, unless `initial` is UNKNOWN. In that case,
 * it is the first value of the key that a committed transaction read and nobody wrote, or UNKNOWN if there is none.
 */
export function initialValues(record: TransactionRecord, initial: number): Int32Array {
  const values = new Int32Array(record.keys.length).fill(initial)
  if (initial !== UNKNOWN) return values
  const { kind, key, value } = record
  const writes = findWrites(record, WRITE)
  for (let row = 0; row < kind.length; row++) {
    const isFirst = kind[row] === READ && value[row] !== UNKNOWN && values[key[row]] === UNKNOWN
    if (isFirst && writes.find(key[row], value[row]) < 0) values[key[row]] = value[row]
  }
  return values
}

/** @param initial see `initialValues` */
export function findSources(record: TransactionRecord, initial: Int32Array): Sources {
  const { length, starts, kind, key, value, status } = record
  const rows = kind.length
  const writes = findWrites(record, WRITE)
  const counts = committed(record)
  const source = new Int32Array(rows).fill(NOBODY)
  const isLast = new Uint8Array(rows)
  const findings = new Findings()
  let ambiguous: Ambiguity | undefined
  const touched = new Int32Array(record.keys.length).fill(-1)
  for (let t = 0; t < length; t++) {
    const first = starts[t]
    for (let row = first; row < starts[t + 1]; row++) {
      const k = key[row]
      const before = touched[k] >= first ? touched[k] : -1
      touched[k] = row
      if (kind[row] === WRITE) {
        isLast[row] = 1
        for (let at = row - 1; before >= 0 && at >= first; at--) if (key[at] === k) isLast[at] = 0
        continue
      }
      if (kind[row] !== READ || value[row] === UNKNOWN) continue
      if (before >= 0 && value[before] !== value[row]) {
        const anomaly = kind[before] === WRITE ? 'internal' : 'non-repeatable-read'
        findings.add(anomaly, t, row, before)
      }
      if (before >= 0 && kind[before] === WRITE && value[before] === value[row]) continue
      const found = writes.find(k, value[row])
      if (value[row] === initial[k]) {
        // The read returned the key's initial value. If a transaction wrote the same value, the read may have seen
        // either of the two.
        if (found < 0) source[row] = INITIAL
        else ambiguous ??= { read: row, first: found, second: -1 }
      } else if (found < 0) findings.add('unwritten-read', t, row, -1)
      else if (writes.repeated.has(found))
        ambiguous ??= { read: row, first: found, second: writes.repeated.get(found)?.at(-1) ?? -1 }
      else {
        const writer = writes.transaction[found]
        if (writer === t) {
          if (found > row) findings.add('future-read', t, row, found)
        } else if (status[writer] === ABORTED) findings.add('G1a', t, row, found)
        else {
          source[row] = writer
          if (status[writer] === UNANSWERED) counts[writer] = 1
        }
      }
    }
  }
  eachRow(record, (row, t) => {
    const found = source[row] < 0 ? -1 : writes.find(key[row], value[row])
    if (isLast[found] === 0) findings.add('G1b', t, row, found)
  })
  return { counts, source, isLast, findings, ambiguous }
}

/** The writers of each key, and the readers of each key. For each reader, also the writer from which it read. */
export interface KeyFacts {
  readonly keys: number
  /** The writers of key k, without repetition, are rows writerStarts[k] to writerStarts[k + 1] - 1. */
  readonly writerStarts: Int32Array
  readonly writer: Int32Array
  /** The reads of key k are rows readStarts[k] to readStarts[k + 1] - 1. Each pair of reader and source occurs once. */
  readonly readStarts: Int32Array
  readonly reader: Int32Array
  /** The writer whose version was read, or INITIAL. */
  readonly source: Int32Array
  readonly isUpdate: Uint8Array
}

export function keyFactsOf(record: TransactionRecord, { counts, source, isLast }: Sources): KeyFacts {
  const { length, starts, kind, key } = record
  const keys = record.keys.length
  const writerStarts = new Int32Array(keys + 1)
  const readStarts = new Int32Array(keys + 1)
  const isRead = new Uint8Array(kind.length)
  for (let t = 0; t < length; t++) {
    if (counts[t] === 0) continue
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] === WRITE) writerStarts[key[row] + 1] += isLast[row]
      else if (kind[row] === READ && source[row] !== NOBODY && isNew(row, starts[t])) {
        isRead[row] = 1
        readStarts[key[row] + 1]++
      }
    }
  }
  function isNew(row: number, first: number): boolean {
    for (let at = first; at < row; at++)
      if (isRead[at] === 1 && key[at] === key[row] && source[at] === source[row]) return false
    return true
  }
  for (let k = 0; k < keys; k++) {
    writerStarts[k + 1] += writerStarts[k]
    readStarts[k + 1] += readStarts[k]
  }
  const writer = new Int32Array(writerStarts[keys])
  const reader = new Int32Array(readStarts[keys])
  const from = new Int32Array(readStarts[keys])
  const isUpdate = new Uint8Array(readStarts[keys])
  const nextWriter = writerStarts.slice()
  const nextRead = readStarts.slice()
  for (let t = 0; t < length; t++) {
    if (counts[t] === 0) continue
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] === WRITE && isLast[row] === 1) writer[nextWriter[key[row]]++] = t
      else if (isRead[row] === 1) {
        const at = nextRead[key[row]]++
        reader[at] = t
        from[at] = source[row]
      }
    }
  }
  const writes = new Int32Array(length).fill(-1)
  for (let k = 0; k < keys; k++) {
    for (let at = writerStarts[k]; at < writerStarts[k + 1]; at++) writes[writer[at]] = k
    for (let at = readStarts[k]; at < readStarts[k + 1]; at++) isUpdate[at] = writes[reader[at]] === k ? 1 : 0
  }
  return { keys, writerStarts, writer, readStarts, reader, source: from, isUpdate }
}

export interface Rows {
  of(transaction: number): Int32Array
  /** By row. */
  readonly key: Int32Array
}

/** @param starts the rows of key k are starts[k] to starts[k + 1] - 1 */
export function rowsBy(starts: Int32Array, transaction: Int32Array, transactions: number): Rows {
  const { start, items } = groupBy(transaction, transactions, unlimited)
  return { of: (t) => items.subarray(start[t], start[t + 1]), key: ownersOf(starts) }
}
