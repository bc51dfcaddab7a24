import { canonical, type History, inputOf, type Json, OK, outputOf, UserError } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { IsMetBy } from '../judge/entry.ts'
import type { ObjectOperation, Specification } from '../judge/model.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import type { ObjectEntry } from '../object/model/object-model.ts'
import { badOperation, jsonOf, type Part } from '../object/model/part.ts'
import { type FastAnswer, LEFT_OUT, NOT_APPLICABLE, orderBySlots } from '../object/model/slots.ts'

const APPEND = 0
const READ = 1

const numbers: { readonly [f: string]: number } = { append: APPEND, send: APPEND, read: READ, poll: READ }

export const isAppendToLog = (f: string): boolean => numbers[f] === APPEND

/**
 * A log: an append returns the offset of its value, counted from 0 without gaps (if it returns no number, any offset
 * fits). A read from an offset (null: 0) returns the values from there on: all of them or, for
 * `{"offset":…,"limit":…}`, at most `limit`.
 */
export const log: ObjectEntry = {
  name: 'log',
  aliases: ['kafka', 'offset-log'],
  summary: 'a log: appends return offsets, reads return what follows an offset',
  functions: ['append', 'send', 'read', 'poll'],
  levels: ['linearizable'],
  object: {
    rule: 'offsets have no gaps, and each holds one value for all',
    numbers,
    reads: [READ],
    observation: {
      what: 'read, or append that returned an offset,',
      functions: Object.keys(numbers),
      isMetBy: observedIn,
    },
    specification,
    fast,
    simulate,
  },
}

/** Offsets of appends can be wrong as well as what a read returned. */
function observedIn(history: History): ReturnType<IsMetBy> {
  const { f, outcome } = history.operations
  const offsetOf = offsetsIn(history)
  return (row) =>
    outcome[row] === OK &&
    (!isAppendToLog(history.functions[f[row]]) || offsetOf(inputOf(history, row), outputOf(history, row)) !== undefined)
}

function specification(initial: Json, history?: History): Specification<readonly string[]> {
  const start = startOf(initial).map((value) => canonical(value))
  const offsetOf = offsetsIn(history)
  return {
    initial: start,
    step: (entries, operation) => {
      const { f, value, output } = operation
      if (numbers[f] === APPEND) {
        const offset = offsetOf(value, output)
        return offset === undefined || offset === entries.length ? [[...entries, JSON.stringify(value)]] : []
      }
      const { from, limit } = rangeOf(operation)
      const read = output ?? []
      if (!Array.isArray(read)) throw new Error(`a read returns a list, not ${JSON.stringify(read)}`)
      const there = entries.slice(from, limit === undefined ? undefined : from + limit)
      const same = read.length === there.length && read.every((each, at) => JSON.stringify(each) === there[at])
      return same ? [entries] : []
    },
    key: (entries) => entries.join(' '),
  }
}

function startOf(initial: Json): readonly Json[] {
  if (initial === null) return []
  if (Array.isArray(initial)) return initial
  throw new UserError('usage', `the log begins as ${JSON.stringify(initial)}, which is no list. Give e.g. [].`)
}

/** The offset that an append returned: a number, or the first of a pair of offset and value. */
export type OffsetOf = (value: Json, output: Json | undefined) => number | undefined

/**
 * A completion that only repeats its invocation has no offset. Where others of the history return numbers that are not
 * their values, numbers are offsets, and one may well equal its value.
 */
export function offsetsIn(history: History | undefined): OffsetOf {
  const areOffsets = history !== undefined && returnsOffsets(history)
  return (value, output) => {
    if (Array.isArray(output) && output.length === 2 && typeof output[0] === 'number') return output[0]
    return typeof output === 'number' && (areOffsets || output !== value) ? output : undefined
  }
}

const known = new WeakMap<History, boolean>()

function returnsOffsets(history: History): boolean {
  const before = known.get(history)
  if (before !== undefined) return before
  const { f, outcome, length } = history.operations
  const appends = history.functions.map(isAppendToLog)
  let found = false
  for (let row = 0; row < length && !found; row++) {
    if (outcome[row] !== OK || !appends[f[row]]) continue
    const output = outputOf(history, row)
    found = typeof output === 'number' && output !== inputOf(history, row)
  }
  known.set(history, found)
  return found
}

export interface Range {
  readonly from: number
  readonly limit: number | undefined
}

export function rangeOf({ value }: Pick<ObjectOperation, 'value'>): Range {
  if (value === null) return { from: 0, limit: undefined }
  if (isOffset(value)) return { from: value, limit: undefined }
  if (typeof value === 'object' && !Array.isArray(value)) {
    const said = value as { readonly [member: string]: Json }
    const { offset = 0, limit = null } = said
    if (isOffset(offset) && (limit === null || isOffset(limit))) return { from: offset, limit: limit ?? undefined }
  }
  throw new Error(`a read begins at an offset, such as 3 or {"offset":3,"limit":10}, not at ${JSON.stringify(value)}`)
}

const isOffset = (value: Json): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0

/**
 * Decides logs with known offsets, in time linear in the size of what was read, apart from sorting. Offsets are known
 * if the append returned them or, for an append of unknown outcome, if a read of its value shows them. They give the
 * order of the appends, and a read comes between the last one it returned and the next (a read that reached its limit,
 * any time after; one that found nothing, any time before the log grew past its offset). Offsets that nobody read or
 * acknowledged belong to appends of unknown outcome: to those called first, which can all be early enough if any are.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  const { length, f } = part
  if (startOf(initial).length > 0) return NOT_APPLICABLE
  const offsetOf = offsetsIn(part.history)
  const appendAt = new Map<number, number>()
  const unknown = new Map<number, number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] !== APPEND) continue
    if (part.returns[i] === NEVER) {
      if (unknown.has(part.input[i])) return NOT_APPLICABLE
      unknown.set(part.input[i], i)
      continue
    }
    const offset = offsetOf(jsonOf(part, part.input[i]), jsonOf(part, part.output[i]))
    if (offset === undefined) return NOT_APPLICABLE
    const other = appendAt.get(offset)
    if (other !== undefined) return { result: 'violated', conflict: [other, i] }
    appendAt.set(offset, i)
  }
  const slot = new Int32Array(length).fill(LEFT_OUT)
  const loose = new Uint8Array(length)
  const early: number[] = []
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] !== READ) continue
    const { from, limit } = readRange(part, i)
    const read = jsonOf(part, part.output[i]) ?? []
    if (!Array.isArray(read)) throw badOperation(part, i, `a read returns a list, not ${JSON.stringify(read)}.`)
    if (limit !== undefined && read.length > limit) return { result: 'violated', conflict: [i] }
    for (const [at, value] of read.entries()) {
      budget.tick()
      const id = part.history.values.id(value)
      const append = appendAt.get(from + at)
      if (append !== undefined) {
        if (part.input[append] !== id) return { result: 'violated', conflict: [append, i] }
        continue
      }
      const unseen = unknown.get(id)
      if (unseen === undefined) return { result: 'violated', conflict: [i] }
      unknown.delete(id)
      appendAt.set(from + at, unseen)
    }
    loose[i] = limit !== undefined && read.length === limit ? 1 : 0
    slot[i] = read.length === 0 && limit === 0 ? 0 : 2 * (from + read.length)
    if (read.length === 0 && loose[i] === 0 && from > 0) early.push(i)
  }
  const unseen = [...unknown.values()].sort(ticking((a, b) => part.calls[b] - part.calls[a], budget))
  for (let offset = 0; offset < appendAt.size; offset++) {
    budget.tick()
    const append = appendAt.get(offset) ?? unseen.pop()
    if (append === undefined) return { result: 'violated', conflict: [...appendAt.values()] }
    appendAt.set(offset, append)
    slot[append] = 2 * offset + 1
  }
  const late = placeEarly(part, early, slot, budget)
  return late === undefined ? orderBySlots(part, slot, loose, budget) : { result: 'violated', conflict: late }
}

/**
 * Places reads that found nothing as early as what returned before them allows: then the fewest operations must come
 * before them. Returns one that is too late even so, and what it comes too late for.
 */
function placeEarly(
  part: Part,
  early: readonly number[],
  slot: Int32Array,
  budget: Budget,
): readonly number[] | undefined {
  if (early.length === 0) return undefined
  const { calls, returns } = part
  const isEarly = new Set(early)
  const returned = Array.from({ length: part.length }, (_, i) => i)
    .filter((i) => returns[i] !== NEVER && slot[i] !== LEFT_OUT && !isEarly.has(i))
    .sort(ticking((a, b) => returns[a] - returns[b], budget))
  let next = 0
  let last: number | undefined
  for (const i of early.toSorted(ticking((a, b) => calls[a] - calls[b], budget))) {
    for (; next < returned.length && returns[returned[next]] < calls[i]; next++) {
      budget.tick()
      if (last === undefined || slot[returned[next]] > slot[last]) last = returned[next]
    }
    // After an append, before the next one.
    const place = last === undefined ? 0 : slot[last] + (slot[last] % 2)
    if (last !== undefined && place > slot[i]) return [last, i]
    slot[i] = place
  }
  return undefined
}

function readRange(part: Part, i: number): Range {
  try {
    return rangeOf({ value: jsonOf(part, part.input[i]) })
  } catch (error) {
    throw badOperation(part, i, `${(error as Error).message}.`)
  }
}

function simulate(part: Part, initial: Json): (i: number) => boolean {
  const { values } = part.history
  const offsetOf = offsetsIn(part.history)
  const entries: number[] = startOf(initial).map((value) => values.id(value))
  return (i) => {
    if (part.f[i] === APPEND) {
      const isKnown = part.returns[i] !== NEVER
      const offset = isKnown ? offsetOf(jsonOf(part, part.input[i]), jsonOf(part, part.output[i])) : undefined
      entries.push(part.input[i])
      return offset === undefined || offset === entries.length - 1
    }
    const { from, limit = entries.length } = readRange(part, i)
    const read = jsonOf(part, part.output[i]) ?? []
    const there = entries.slice(from, from + limit)
    return Array.isArray(read) && read.length === there.length && there.every((id, at) => values.id(read[at]) === id)
  }
}
