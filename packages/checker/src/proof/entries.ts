import {
  FAIL,
  functionOf,
  type History,
  inputOf,
  type Json,
  OK,
  outputOf,
  readsWhole,
  replacesWhole,
} from '@chaosproxy/history'
import type { LevelProof } from '@chaosproxy/verifier'
import { addTo } from '../encoding/lists.ts'
import type { Met } from '../verdict/verdict.ts'

/**
 * Returns the proof entries of a verdict `met`. Returns none if nothing but the check itself shows that the level is
 * met.
 */
export function witnessEntries(
  history: History,
  initial: Json | undefined,
  level: string,
  { witness }: Met,
  lineOf: Int32Array,
): readonly LevelProof[] {
  if (witness.kind === 'implied') return [{ level, result: 'met', by: witness.by }]
  if (witness.kind !== 'order') return []
  const byKey = new Map<string | undefined, (readonly number[])[]>()
  for (const { key, operations } of witness.orders) addTo(byKey, key, operations)
  if (byKey.size === 0) byKey.set(undefined, [[]])
  return [...byKey.values()].map((orders): LevelProof => {
    const moments = orders.map((rows) => rows.flatMap((row) => momentsOf(history, row)))
    const order = differences(merged(moments, lineOf))
    return { level, result: 'met', order, ...(initial === undefined ? { start: startOf(history, orders.flat()) } : {}) }
  })
}

/** Repeats the row of a drain, which took each of its messages and then found nothing. Returns other rows once. */
function momentsOf(history: History, row: number): readonly number[] {
  const taken = functionOf(history, row) === 'drain' ? outputOf(history, row) : null
  return Array.isArray(taken) ? [row, ...taken.map(() => row)] : [row]
}

/**
 * Returns the value that a register had before an order began. If no operation shows it, returns a value that no
 * operation mentions.
 */
function startOf(history: History, rows: readonly number[]): Json {
  for (const row of rows) {
    const f = functionOf(history, row)
    if (readsWhole(f)) return outputOf(history, row)
    const input = inputOf(history, row)
    if (f === 'cas' && Array.isArray(input) && history.operations.outcome[row] !== FAIL) return input[0] ?? null
    if (replacesWhole(f)) break
  }
  return 'what nobody mentions'
}

/** The difference between each number and the previous one. */
const differences = (lines: readonly number[]): readonly number[] =>
  lines.map((line, at) => line - (at === 0 ? 0 : lines[at - 1]))

/**
 * Returns the lines of the rows of an order. Merges several orders, sorting all rows by their moments. The moment of a
 * row is the highest line in its order up to the row.
 */
function merged([first = [], ...others]: readonly (readonly number[])[], lineOf: Int32Array): readonly number[] {
  if (others.length === 0) return first.map((row) => lineOf[row])
  const moments = [first, ...others].flatMap((rows) => {
    let at = 0
    return rows.map((row) => {
      at = Math.max(at, lineOf[row])
      return { at, line: lineOf[row] }
    })
  })
  return moments.sort((a, b) => a.at - b.at).map(({ line }) => line)
}

/** Stands for the row of the initial value. */
const FIRST = -1

/** The maximum number of combinations of sources that are tried if values were written repeatedly. */
const MOST_CHOICES = 64

/**
 * Yields proofs of a level between sequential and eventual. Each names a possible source for every answered read: the
 * write that the read saw. If the source is uncertain, the last writer of the value is tried first.
 */
export function* sourceEntries(
  history: History,
  initial: Json | undefined,
  level: string,
  { witness }: Met,
  lineOf: Int32Array,
): Generator<readonly LevelProof[]> {
  if (witness.kind !== 'arbitration' && witness.kind !== 'checked') return
  const candidates = candidatesOf(history, initial)
  if (candidates === undefined) return
  const known = new Map(witness.kind === 'arbitration' ? witness.sources.map(({ read, write }) => [read, write]) : [])
  const chosen = candidates.map(({ read, writes }) => (known.has(read) ? [known.get(read) ?? FIRST] : writes))
  const most = Math.min(
    MOST_CHOICES,
    chosen.reduce((product, { length }) => Math.min(MOST_CHOICES, product * length), 1),
  )
  for (let choice = 0; choice < most; choice++) {
    let left = choice
    const sources = chosen.map((writes) => {
      const row = writes[left % writes.length]
      left = Math.floor(left / writes.length)
      return row === FIRST ? 0 : lineOf[row]
    })
    yield [{ level, result: 'met', sources }]
  }
}

/**
 * Returns, by answered read, the writers of its value, the last first. Undefined for operations other than reads and
 * writes.
 */
function candidatesOf(history: History, initial: Json | undefined) {
  const { length, key, input, output, outcome } = history.operations
  const nameOf = (row: number, value: number): string => `${key[row]} ${value}`
  const writers = new Map<string, number[]>()
  const reads: number[] = []
  for (let row = 0; row < length; row++) {
    if (outcome[row] === FAIL) continue
    const f = functionOf(history, row)
    const isWrite = replacesWhole(f)
    if (!isWrite && !readsWhole(f)) return undefined
    if (isWrite) addTo(writers, nameOf(row, input[row]), row)
    else if (outcome[row] === OK) reads.push(row)
  }
  const first = JSON.stringify(initial)
  return reads.map((read) => {
    const writes = writers.get(nameOf(read, output[read])) ?? []
    const isFirst = writes.length === 0 || JSON.stringify(outputOf(history, read)) === first
    return { read, writes: [...writes.toReversed(), ...(isFirst ? [FIRST] : [])] }
  })
}
