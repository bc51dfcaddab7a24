import { READ, type TransactionRecord, WRITE } from '../record/record.ts'
import { NOBODY, type Sources } from './sources.ts'

/** Who wrote each key, and who read which writer's value of it. */
export interface KeyFacts {
  readonly keys: number
  /** The writers of key k, each once, are rows writerStarts[k] to writerStarts[k + 1]. */
  readonly writerStarts: Int32Array
  readonly writer: Int32Array
  /** The reads of key k, each pair of reader and source once, are rows readStarts[k] to readStarts[k + 1]. */
  readonly readStarts: Int32Array
  readonly reader: Int32Array
  /** The writer whose value was read, or INITIAL. */
  readonly source: Int32Array
  /** Whether the reader writes the key as well. */
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
