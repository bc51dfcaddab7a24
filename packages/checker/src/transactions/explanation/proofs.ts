import { addTo, ascending, range } from '../../encoding/lists.ts'
import { RW, WW } from '../graph/edges.ts'
import type { CycleStep, Violation } from '../levels/situation.ts'
import { APPEND, COMMITTED, READ, type TransactionRecord, transactionOf } from '../record/record.ts'
import type { Versions } from '../record/versions.ts'
import { keyText, microText, NO_ROW, type Proof, rowsOfStep, writeOf } from './words.ts'

/**
 * Why a transaction is shown. NEEDED: without this transaction, the others do not contradict each other. FOUND_WITH: it
 * is not known whether the others contradict each other without this transaction.
 */
const NEEDED = 'without it an order is left'
const FOUND_WITH = 'may take part in it'

/**
 * Returns the transactions that prove the order of a cycle's writes: for lists, a reader of both elements; for
 * registers, the other transactions of the violation.
 */
export function proofsOfCycle(
  record: TransactionRecord,
  versions: Versions,
  steps: readonly CycleStep[],
  { among = [], proves, isCut }: Pick<Violation, 'among' | 'proves' | 'isCut'>,
): readonly Proof[] {
  const cycle = steps.map(({ from }) => from)
  const readers = steps.flatMap((step) => {
    const row = readerOf(record, versions, step, cycle)
    return row === NO_ROW ? [] : [{ row, step, transaction: transactionOf(record, row) }]
  })
  const others = ascending([...among, ...readers.map(({ transaction }) => transaction)]).filter(
    (t) => !cycle.includes(t),
  )
  const all = ascending([...cycle, ...others])
  const name = (t: number): string => `T${all.indexOf(t) + 1}`
  return others.map((transaction): Proof => {
    const own = readers.filter((each) => each.transaction === transaction)
    if (own.length > 0) {
      const orders = [...new Set(own.map(({ step }) => orderText(record, step, name)))]
      return { transaction, rows: own.map(({ row }) => row), why: `shows ${orders.join(' and ')}` }
    }
    const rows = rowsWith(record, versions, transaction, all)
    const step = proves?.get(transaction)
    if (step !== undefined) return { transaction, rows, why: `shows ${orderText(record, step, name)}` }
    const open = rows
      .map((row) => sourceOf(record, versions, row))
      .find((t) => t >= 0 && record.status[t] !== COMMITTED)
    return {
      transaction,
      rows,
      why: open !== undefined ? `shows that ${name(open)} committed` : isCut ? NEEDED : FOUND_WITH,
    }
  })
}

function orderText(record: TransactionRecord, { from, to, kind, key }: CycleStep, name: (t: number) => string): string {
  const what = keyText(record, key)
  if (kind === RW) return `that ${name(from)} read ${what} before ${name(to)} wrote it`
  const wrote = record.kind.subarray(record.starts[from], record.starts[from + 1]).includes(APPEND)
    ? 'appended to'
    : 'wrote'
  return `that ${name(from)} ${wrote} ${what} before ${name(to)}`
}

export function proofsText(record: TransactionRecord, proofs: readonly Proof[], name: (t: number) => string): string {
  const groups = new Map<string, Proof[]>()
  for (const proof of proofs) addTo(groups, proof.why, proof)
  const sentences = [...groups].map(([why, some]) => {
    if (why === FOUND_WITH) return ''
    if (why === NEEDED) return ` The contradiction needs ${eachOf(some, name)}.`
    const did = some.map(({ transaction, rows }) => {
      const what = rows.map((row) => microText(record, row)).join(' and ')
      return what === '' ? name(transaction) : `${name(transaction)} ${what}`
    })
    if (!why.startsWith('shows')) return ` ${did.join('; ')}.`
    return ` ${did.join('; ')}${some.length > 1 ? '. Together this' : ', which'} ${why}.`
  })
  return sentences.join('')
}

function eachOf(proofs: readonly Proof[], name: (t: number) => string): string {
  const named = proofs.slice(0, MOST_NAMED).map(({ transaction }) => name(transaction))
  const more = proofs.length > MOST_NAMED ? ` and ${proofs.length - MOST_NAMED} more` : ''
  return `${named.length === 1 ? '' : 'each of '}${named.join(', ')}${more}`
}

/** The maximum number of transactions that a sentence names. */
export const MOST_NAMED = 8

/**
 * Returns a read of a list that shows the order of two appends, preferably a short list with both elements. NO_ROW if
 * the cycle already contains such a read.
 */
function readerOf(
  record: TransactionRecord,
  { of, ...versions }: Versions,
  step: CycleStep,
  cycle: readonly number[],
): number {
  const { starts, kind, key, list, lists, length } = record
  const { from, to } = rowsOfStep(record, { of, ...versions }, step)
  if (step.kind !== WW || from === NO_ROW || kind[from] !== APPEND) return NO_ROW
  let best = NO_ROW
  let least = Number.POSITIVE_INFINITY
  for (let t = 0; t < length; t++)
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] !== READ || key[row] !== step.key || list[row] < 0 || of[row] < of[from]) continue
      if (cycle.includes(t)) return NO_ROW
      const rank = lists.depth[list[row]] + (of[row] >= of[to] ? 0 : lists.length)
      if (rank >= least) continue
      best = row
      least = rank
    }
  return best
}

const sourceOf = ({ kind }: TransactionRecord, { of, writer }: Versions, row: number): number =>
  kind[row] === READ && of[row] >= 0 ? writer[of[row]] : -1

/**
 * Returns two kinds of rows of transaction `t`: reads of versions that other transactions of `some` wrote, and writes
 * of versions that other transactions of `some` read.
 */
function rowsWith(record: TransactionRecord, versions: Versions, t: number, some: readonly number[]) {
  const { starts, key } = record
  const found = some.flatMap((reader) => {
    const rows = range(starts[reader], starts[reader + 1])
    return rows.flatMap((row) => {
      const source = sourceOf(record, versions, row)
      if (reader === t) return source !== t && some.includes(source) ? [row] : []
      return source === t ? [writeOf(record, versions, t, key[row], versions.of[row])] : []
    })
  })
  return ascending(found)
}
