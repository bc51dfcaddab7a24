import { type EdgeKind, EdgeList, type Edges, NO_KEY } from '../graph/edges.ts'
import { Findings } from '../record/findings.ts'
import { READ, type TransactionRecord } from '../record/record.ts'
import { NOBODY, type Sources } from './sources.ts'

/** Some transactions of a record as a record of their own. Reads of what others wrote show nothing. */
export interface Part {
  readonly record: TransactionRecord
  readonly sources: Sources
  /** Granted orders among them. */
  readonly granted: Edges
  /** By transaction of the part: its number in the whole. */
  readonly whole: Int32Array
  /** By key of the part: its number in the whole. */
  readonly keys: readonly number[]
}

/** @param kept numbers of transactions, ascending */
export function partOf(record: TransactionRecord, sources: Sources, orders: Edges, kept: readonly number[]): Part {
  const whole = Int32Array.from(kept)
  const number = new Map(kept.map((t, i) => [t, i]))
  const starts = new Int32Array(whole.length + 1)
  const rows: number[] = []
  whole.forEach((t, i) => {
    starts[i] = rows.length
    for (let row = record.starts[t]; row < record.starts[t + 1]; row++) rows.push(row)
  })
  starts[whole.length] = rows.length
  const granted = new EdgeList(16)
  const keys = [...new Set(rows.map((row) => record.key[row]))]
  const keyNumber = new Map(keys.map((key, i) => [key, i]))
  for (let e = 0; e < orders.length; e++) {
    const [from, to] = [number.get(orders.from[e]), number.get(orders.to[e])]
    if (from !== undefined && to !== undefined)
      granted.add(from, to, orders.kind[e] as EdgeKind, keyNumber.get(orders.key[e]) ?? NO_KEY)
  }
  const ofRows = (column: Int32Array): Int32Array => Int32Array.from(rows, (row) => column[row])
  const ofTransactions = (column: Int32Array): Int32Array => whole.map((t) => column[t])
  const bits = (column: Uint8Array): Uint8Array => Uint8Array.from(rows, (row) => column[row])
  return {
    record: {
      ...record,
      length: whole.length,
      status: Uint8Array.from(whole, (t) => record.status[t]),
      session: ofTransactions(record.session),
      invoked: ofTransactions(record.invoked),
      completed: ofTransactions(record.completed),
      starts,
      kind: bits(record.kind),
      key: Int32Array.from(rows, (row) => keyNumber.get(record.key[row]) ?? 0),
      value: ofRows(record.value),
      list: ofRows(record.list),
      keys: Int32Array.from(keys, (key) => record.keys[key]),
    },
    sources: {
      ...sources,
      counts: Uint8Array.from(whole, (t) => sources.counts[t]),
      source: Int32Array.from(rows, (row) => {
        const source = sources.source[row]
        return record.kind[row] !== READ || source < 0 ? source : (number.get(source) ?? NOBODY)
      }),
      isLast: bits(sources.isLast),
      findings: new Findings(),
    },
    granted,
    whole,
    keys,
  }
}
