import type { OperationRow } from '@chaosproxy/checker'
import { FLAG_FINAL, type History, NULL } from '@chaosproxy/history'
import { signed } from './digits.ts'

/**
 * Rows of a history as numbers for `digitsOf`. A process, key or error, or a value that is not a small integer, is
 * given by its number in the list `processes`, `keys`, `errors` or `values`.
 */
interface Fields {
  /** One list of numbers for each field, in the order in which `decode` reads the fields. */
  readonly numbers: readonly Float64Array[]
  /** Numbers of processes and keys begin at 1, those of values and errors at 0. */
  readonly processes: readonly number[]
  readonly keys: readonly number[]
  readonly values: readonly number[]
  readonly errors: readonly string[]
}

/**
 * Encodes the fields of some rows in one pass. Several functions would take longer to compile than to run.
 *
 * The fields of a row are:
 *
 * - its call, as the difference from the previous row's call, and 1 + its duration, or 0 if it never returned
 * - its two lines in the history file, encoded in the same way
 * - its process and its key, numbered in order of first appearance
 * - its form: function, node, and bits for common properties
 * - its input unless null, and its output unless equal to the input
 *
 * Small integers are encoded as in the history, other values by their number in order of first appearance. A value is
 * usually read soon after its write, so numbers are close to the previous ones.
 */
export function fieldsOf(history: History, rows: Int32Array, accused: readonly OperationRow[], unit: number): Fields {
  const { callTime, returnTime, callLine, returnLine, process, key } = history.operations
  const { f, node, input, output, outcome, flags } = history.operations
  const [functions, places] = [history.functions.length, history.nodes.length + 1]
  const count = rows.length
  const [times, lines] = [new Float64Array(2 * count), new Float64Array(2 * count)]
  const [processes, keys, forms] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)]
  const values = new Float64Array(2 * count)
  const isAccused = new Uint8Array(history.operations.length)
  for (const row of accused) isAccused[row] = 1
  const processNumbers = numbering(history.processCount)
  const keyNumbers = numbering(history.keys.length)
  // Null has the number 0, both in the history and in the encoding.
  const known = new Map<number, number>([[NULL, 0]])
  const numberOf = (id: number): number => {
    if ((id & 1) === 1) return id
    const number = known.get(id) ?? known.size
    known.set(id, number)
    return 2 * number
  }
  let [lastCall, lastLine, lastValue, end] = [0, 0, 0, 0]
  for (let i = 0; i < count; i++) {
    const row = rows[i] ?? 0
    const call = Math.round((callTime[row] ?? 0) / unit)
    const took = Math.round((returnTime[row] ?? 0) / unit) - call
    times[2 * i] = signed(call - lastCall)
    times[2 * i + 1] = took < Number.POSITIVE_INFINITY ? 1 + Math.max(0, took) : 0
    lastCall = call
    const line = callLine[row] ?? 0
    const endLine = returnLine[row] ?? 0
    lines[2 * i] = signed(line - lastLine)
    lines[2 * i + 1] = endLine === 0 ? 0 : 1 + Math.max(0, endLine - line)
    lastLine = line
    processes[i] = processNumbers.of(process[row] ?? -1)
    keys[i] = keyNumbers.of(key[row] ?? -1)
    const requested = input[row] ?? 0
    const answered = output[row] ?? 0
    const bits =
      Number(requested === answered) +
      2 * Number(requested === NULL) +
      4 * (outcome[row] ?? 0) +
      16 * ((flags[row] ?? 0) & FLAG_FINAL) +
      32 * (isAccused[row] ?? 0)
    forms[i] = (bits * places + (node[row] ?? -1) + 1) * functions + (f[row] ?? 0)
    if (requested !== NULL) {
      const value = numberOf(requested)
      values[end++] = signed(value - lastValue)
      lastValue = value
    }
    if (answered !== requested) {
      const value = numberOf(answered)
      values[end++] = signed(value - lastValue)
      lastValue = value
    }
  }
  const errors = errorsOf(history, rows)
  return {
    numbers: [times, lines, processes, keys, forms, errors.numbers, values.subarray(0, end)],
    ...{ processes: processNumbers.all, keys: keyNumbers.all, values: [...known.keys()], errors: errors.all },
  }
}

/** Gives each value a number from 1, in the order of first appearance. Negative values get the number 0. */
function numbering(different: number): { readonly of: (thing: number) => number; readonly all: readonly number[] } {
  const known = new Int32Array(different)
  const all: number[] = []
  const of = (thing: number): number => {
    if (thing < 0) return 0
    if (known[thing] === 0) known[thing] = all.push(thing)
    return known[thing] ?? 0
  }
  return { of, all }
}

/**
 * Encodes errors. The first number is how many there are. Two numbers follow for each error: its distance in rows from
 * the previous error, and the index of its text.
 */
function errorsOf(
  history: History,
  rows: Int32Array,
): { readonly numbers: Float64Array; readonly all: readonly string[] } {
  const numbers = new Float64Array(1 + 2 * rows.length)
  const known = new Map<string, number>()
  let [found, last] = [0, 0]
  for (let i = 0; i < rows.length; i++) {
    const error = history.errorOf(rows[i] ?? 0)
    if (error === undefined) continue
    const number = known.get(error) ?? known.size
    known.set(error, number)
    numbers[1 + 2 * found] = i - last
    numbers[2 + 2 * found] = number
    found += 1
    last = i
  }
  numbers[0] = found
  return { numbers: numbers.subarray(0, 1 + 2 * found), all: [...known.keys()] }
}
