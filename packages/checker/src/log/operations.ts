import {
  canonical,
  elementsOf,
  FLAG_NO_RESULT,
  type History,
  inputOf,
  type Json,
  OK,
  oncePerHistory,
  outputOf,
} from '@chaosproxy/history'
import { functionTest, type OperationRow } from '../encoding/operation-row.ts'
import { type ObjectOperation, WrongValue } from '../judge/model.ts'
import { listAtFirst } from '../object/model/any-start.ts'
import { isSilent, jsonOf, orBadOperation, type Part } from '../object/model/part.ts'

export const APPEND = 0
export const READ = 1

export const logNumbers: { readonly [f: string]: number } = { append: APPEND, send: APPEND, read: READ, poll: READ }

export const isAppendToLog = (f: string): boolean => logNumbers[f] === APPEND

export const entriesAtFirst = (initial: Json): readonly Json[] => listAtFirst(initial, 'log', '[]')

/** The offset that an append returned: a number, or the first of a pair of offset and value. */
export type OffsetOf = (value: Json, output: Json | undefined) => number | undefined

/**
 * Returns a function that reads an append's offset from its output. An output may be the appended value instead of an
 * offset. If all numbers that appends returned equal the appended values, none of these numbers is an offset.
 */
export function offsetsIn(history: History | undefined): OffsetOf {
  const areOffsets = history !== undefined && returnsOffsets(history)
  return (value, output) => {
    if (isPair(output) && canonical(output) !== canonical(value)) return output[0]
    return typeof output === 'number' && (areOffsets || output !== value) ? output : undefined
  }
}

const isPair = (json: Json | undefined): json is readonly [number, Json] =>
  Array.isArray(json) && json.length === 2 && typeof json[0] === 'number'

const returnsOffsets = oncePerHistory((history): boolean => {
  const { outcome, length } = history.operations
  const isAppend = functionTest(history, isAppendToLog)
  let found = false
  for (let row = 0; row < length && !found; row++) {
    if (outcome[row] !== OK || !isAppend(row)) continue
    const output = outputOf(history, row)
    found = typeof output === 'number' && output !== inputOf(history, row)
  }
  return found
})

export function offsetsOf(part: Part): (i: number) => number | undefined {
  const offsetOf = offsetsIn(part.history)
  return (i) => (isSilent(part, i) ? undefined : offsetOf(jsonOf(part, part.input[i]), jsonOf(part, part.output[i])))
}

export function offsetsByRow(history: History): (row: OperationRow) => number | undefined {
  const offsetOf = offsetsIn(history)
  const { flags } = history.operations
  return (row) =>
    (flags[row] & FLAG_NO_RESULT) === 0 ? offsetOf(inputOf(history, row), outputOf(history, row)) : undefined
}

export interface ReadEntry {
  readonly value: Json
  /** The offset of the entry; undefined if only its place among the other entries is known. */
  readonly offset: number | undefined
}

export type EntriesOf = (output: Json | undefined) => readonly ReadEntry[] | undefined

/**
 * Returns a function that reads the entries in an output. If all entries that were read are pairs, and no append wrote
 * a pair, each pair is read as an offset and a value.
 */
export function entriesIn(history: History | undefined): EntriesOf {
  const arePairs = history !== undefined && returnsPairs(history)
  return (output = null) =>
    output === null
      ? []
      : elementsOf(output)?.map((each) =>
          arePairs && isPair(each) ? { offset: each[0], value: each[1] } : { offset: undefined, value: each },
        )
}

export const appendedIn = oncePerHistory((history): ReadonlySet<number> => {
  const { input, length } = history.operations
  const isAppend = functionTest(history, isAppendToLog)
  const appended = new Set<number>()
  for (let row = 0; row < length; row++) if (isAppend(row)) appended.add(input[row])
  return appended
})

const returnsPairs = oncePerHistory((history): boolean => {
  const { outcome, length } = history.operations
  const isAppend = functionTest(history, isAppendToLog)
  let found = false
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK || isAppend(row)) continue
    for (const each of elementsOf(outputOf(history, row)) ?? []) {
      if (!isPair(each) || appendedIn(history).has(history.values.id(each))) return false
      found = true
    }
  }
  return found
})

export interface Range {
  readonly from: number
  readonly limit: number | undefined
}

export function rangeOf({ value }: Pick<ObjectOperation, 'value'>): Range {
  if (value === null) return { from: 0, limit: undefined }
  if (isOffset(value)) return { from: value, limit: undefined }
  if (typeof value === 'object' && !Array.isArray(value)) {
    const members = value as { readonly [member: string]: Json }
    const { offset = 0, limit = null } = members
    if (isOffset(offset) && (limit === null || isOffset(limit))) return { from: offset, limit: limit ?? undefined }
  }
  throw new WrongValue(
    `a read begins at an offset, such as 3 or {"offset":3,"limit":10}, not at ${JSON.stringify(value)}`,
  )
}

export const isOffset = (value: Json): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0

/** @throws UserError if the value is no range. */
export const readRange = (part: Part, i: number): Range =>
  orBadOperation(part, i, () => rangeOf({ value: jsonOf(part, part.input[i]) }))

/** Returns a function that reads the entries of a read. It throws a UserError if the value is not a list. */
export function readsOf(part: Part): (i: number) => readonly ReadEntry[] {
  const entriesOf = entriesIn(part.history)
  return (i) => orBadOperation(part, i, () => readOf(entriesOf, jsonOf(part, part.output[i])))
}

/** @throws WrongValue if the output is not a list. */
export function readOf(entriesOf: EntriesOf, output: Json | undefined): readonly ReadEntry[] {
  const read = entriesOf(output)
  if (read === undefined) throw new WrongValue(`a read must return a list, not ${JSON.stringify(output ?? null)}`)
  return read
}
