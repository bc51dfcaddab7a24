import type { OperationRow } from '@chaosproxy/checker'
import { FLAG_FINAL, type History, NULL } from '@chaosproxy/history'
import { signed } from './digits.ts'

/** Some rows of a history, as numbers for `digitsOf`. */
type Rows = Int32Array

/** Of each row its call, as the difference from the one before, and 1 + how long it took; 0 if it never returned. */
export function timesOf({ operations: { callTime, returnTime } }: History, rows: Rows, unit: number): Float64Array {
  const numbers = new Float64Array(2 * rows.length)
  let last = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0
    const call = Math.round((callTime[row] ?? 0) / unit)
    const took = Math.round((returnTime[row] ?? 0) / unit) - call
    numbers[2 * i] = signed(call - last)
    numbers[2 * i + 1] = took < Number.POSITIVE_INFINITY ? 1 + Math.max(0, took) : 0
    last = call
  }
  return numbers
}

/** The same of the lines in the history's file. */
export function linesOf({ operations: { callLine, returnLine } }: History, rows: Rows): Float64Array {
  const numbers = new Float64Array(2 * rows.length)
  let last = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0
    const line = callLine[row] ?? 0
    const end = returnLine[row] ?? 0
    numbers[2 * i] = signed(line - last)
    numbers[2 * i + 1] = end === 0 ? 0 : 1 + Math.max(0, end - line)
    last = line
  }
  return numbers
}

export interface Numbered<Thing> {
  readonly numbers: Float64Array
  /** The things that have a number, in its order. */
  readonly all: readonly Thing[]
}

/** Numbers what a column has, in order of first appearance, from 1 on; what is negative there is 0. */
export function numberColumn(column: Int32Array, rows: Rows, different: number): Numbered<number> {
  const numbers = new Float64Array(rows.length)
  const known = new Int32Array(different)
  const all: number[] = []
  for (let i = 0; i < rows.length; i++) {
    const thing = column[rows[i] ?? 0] ?? -1
    if (thing < 0) continue
    if (known[thing] === 0) known[thing] = all.push(thing)
    numbers[i] = known[thing] ?? 0
  }
  return { numbers, all }
}

/** Of each row its function, its node, and bits for the rest of what many operations have in common. */
export function formsOf(history: History, rows: Rows, accused: ReadonlySet<OperationRow>): Float64Array {
  const { f, node, input, output, outcome, flags } = history.operations
  const [functions, places] = [history.functions.length, history.nodes.length + 1]
  const numbers = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0
    const asked = input[row] ?? 0
    // Without a branch that is rarely taken, which would have this compiled twice.
    const bits =
      Number(asked === output[row]) +
      2 * Number(asked === NULL) +
      4 * (outcome[row] ?? 0) +
      16 * ((flags[row] ?? 0) & FLAG_FINAL) +
      32 * Number(accused.has(row))
    numbers[i] = (bits * places + (node[row] ?? -1) + 1) * functions + (f[row] ?? 0)
  }
  return numbers
}

/**
 * The inputs that are not null, and the outputs that are not the input: small integers as in the history, others by
 * their number in order of first appearance. What is read was written lately, so each is near the one before.
 */
export function valuesOf({ operations: { input, output } }: History, rows: Rows): Numbered<number> {
  const numbers = new Float64Array(2 * rows.length)
  // Null is 0 there as it is here.
  const known = new Map<number, number>([[NULL, 0]])
  let [end, last] = [0, 0]
  for (let i = 0; i < 2 * rows.length; i++) {
    const row = rows[i >> 1] ?? 0
    const asked = input[row] ?? 0
    const id = (i & 1) === 0 ? asked : (output[row] ?? 0)
    if (id === ((i & 1) === 0 ? NULL : asked)) continue
    let number = id
    if ((id & 1) === 0) {
      number = 2 * (known.get(id) ?? known.size)
      known.set(id, number / 2)
    }
    numbers[end++] = signed(number - last)
    last = number
  }
  return { numbers: numbers.subarray(0, end), all: [...known.keys()] }
}

/** How many rows have an error; then of each how far it is from the one before, and the error's number. */
export function errorsOf(history: History, rows: Rows): Numbered<string> {
  const found: number[] = []
  const known = new Map<string, number>()
  let last = 0
  for (let i = 0; i < rows.length; i++) {
    const error = history.errorOf(rows[i] ?? 0)
    if (error === undefined) continue
    const number = known.get(error) ?? known.size
    known.set(error, number)
    found.push(i - last, number)
    last = i
  }
  return { numbers: Float64Array.of(found.length / 2, ...found), all: [...known.keys()] }
}
