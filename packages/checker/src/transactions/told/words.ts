import { type History, type ValueId, ValueTable } from '@chaosproxy/history'
import { placeOf } from '../../encoding/operation-row.ts'
import { show } from '../../verdict/words.ts'
import { LINK, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import type { CycleStep } from '../levels/situation.ts'
import { APPEND, READ, type TransactionRecord, UNKNOWN } from '../record/record.ts'
import type { Versions } from '../record/versions.ts'

/** Names the transactions of one sentence: `T1 (process 3, line 12)` the first time, then `T1`. */
export function createNames(history: History): (t: number) => string {
  const names = new Map<number, string>()
  return (t) => {
    const known = names.get(t)
    if (known !== undefined) return known
    const name = `T${names.size + 1}`
    names.set(t, name)
    return `${name} (process ${history.processName(history.operations.process[t])}, ${lineOf(history, t)})`
  }
}

/** `line 12`; with its file only if the history is of several. */
const lineOf = (history: History, t: number): string =>
  placeOf(history.files === undefined ? { ...history, source: undefined } : history, t)

export const keyText = ({ history, keys }: TransactionRecord, key: number): string => {
  const name = history.values.json(keys[key] as ValueId)
  return typeof name === 'string' ? name.replace(/^:/, '') : show(name)
}

/** `read x = [1,2]`, `appended 3 to x`, `wrote 3 to x`. */
/** The same, with the statement that did it if the recorder knows that. */
export function microText(record: TransactionRecord, row: number): string {
  const sql = statementOf(record, row)
  const text = plainText(record, row)
  return sql === undefined ? text : `${text} (${sql})`
}

function plainText(record: TransactionRecord, row: number): string {
  const key = keyText(record, record.key[row])
  switch (record.kind[row]) {
    case READ:
      return `read ${key} = ${readText(record, row)}`
    case APPEND:
      return `appended ${valueText(record, record.value[row])} to ${key}`
    default:
      return record.value[row] === UNKNOWN
        ? `changed ${key}`
        : `wrote ${valueText(record, record.value[row])} to ${key}`
  }
}

function statementOf({ history, starts, length }: TransactionRecord, row: number): string | undefined {
  if (history.transactionNotes === undefined) return undefined
  const after = starts.findIndex((start) => start > row)
  const t = after < 0 ? length - 1 : after - 1
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

/** Why one transaction comes before another. */
export function becauseOf(
  record: TransactionRecord,
  versions: Versions,
  step: CycleStep,
  name: (t: number) => string,
): string {
  const from = name(step.from)
  switch (step.kind) {
    case SO:
      return `${from} came before ${name(step.to)} in its session`
    case RT:
      return `${from} had completed before ${name(step.to)} began`
    case WW: {
      const [first, second] = [
        writeOf(record, versions, step.from, step.key),
        writeOf(record, versions, step.to, step.key),
      ]
      return `${from} ${first} before ${name(step.to)} ${second}`
    }
    case WR: {
      const read = readFrom(record, versions, step.to, step.from, step.key)
      return `${name(step.to)} ${read}, which ${from} wrote`
    }
    case RW:
    case LINK: {
      const read = oldestRead(record, versions, step.from, step.key)
      return `${from} ${read}, and ${name(step.to)} ${writeOf(record, versions, step.to, step.key)} after that`
    }
    default:
      return step.kind satisfies never
  }
}

/** What a transaction wrote to a key; of several, the last. */
function writeOf(record: TransactionRecord, { of }: Versions, t: number, key: number): string {
  const { starts, kind } = record
  for (let row = starts[t + 1] - 1; row >= starts[t]; row--)
    if (kind[row] !== READ && record.key[row] === key && of[row] >= 0) return microText(record, row)
  return `wrote ${keyText(record, key)}`
}

function readFrom(record: TransactionRecord, { of, writer }: Versions, t: number, source: number, key: number): string {
  const { starts, kind } = record
  for (let row = starts[t]; row < starts[t + 1]; row++)
    if (kind[row] === READ && record.key[row] === key && of[row] >= 0 && writer[of[row]] === source)
      return microText(record, row)
  return `read ${keyText(record, key)}`
}

function oldestRead(record: TransactionRecord, { of }: Versions, t: number, key: number): string {
  const { starts, kind } = record
  let oldest = -1
  for (let row = starts[t]; row < starts[t + 1]; row++) {
    if (kind[row] !== READ || record.key[row] !== key || of[row] < -1) continue
    if (oldest < 0 || of[row] < of[oldest]) oldest = row
  }
  return oldest < 0 ? `read ${keyText(record, key)}` : microText(record, oldest)
}
