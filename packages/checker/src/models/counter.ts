import { FLAG_FINAL, type History, type Json, UserError, type ValueId } from '@chaosproxy/history'
import { type Budget, unlimited } from '../budget.ts'
import { NEVER } from '../encoded.ts'
import {
  type Accounted,
  type Accounting,
  type AccountRow,
  accounted,
  accounting,
  rowsOf,
} from '../objects/accounting.ts'
import { createHeap } from '../objects/heap.ts'
import type { Convergence, ObjectEntry } from '../objects/object-model.ts'
import { badOperation, eventsInOrder, jsonOf, type Part } from '../objects/part.ts'
import { placeOf } from '../objects/place.ts'
import { type FastAnswer, NOT_APPLICABLE } from '../objects/slots.ts'
import { isUnknownStart } from '../start/unknown.ts'
import { decimal, LARGEST_FRACTION } from './decimal.ts'
import type { ObjectOperation, Specification } from './model.ts'

const ADD = 0
const READ = 1
const SUBTRACT = 2

const numbers: { readonly [f: string]: number } = {
  add: ADD,
  increment: ADD,
  inc: ADD,
  subtract: SUBTRACT,
  decrement: SUBTRACT,
  dec: SUBTRACT,
  read: READ,
}

/**
 * A number that is added to and read. Increments without a value are by one; a read of null is the initial value.
 * Fractions are added as decimals, to nine places.
 */
export const counter: ObjectEntry = {
  name: 'counter',
  aliases: ['pn-counter', 'g-counter'],
  summary: 'a number that is added to and read',
  functions: ['add', 'increment', 'subtract', 'decrement', 'read'],
  levels: ['linearizable', 'eventual', 'convergent'],
  object: {
    // A missing amount means one.
    mayLackInput: ['add', 'increment', 'inc', 'subtract', 'decrement', 'dec'],
    rule: 'a read returns the sum of what was added before it',
    numbers,
    reads: [READ],
    specification,
    fast: countOnes,
    supports,
    beside: (history, row, initial) => {
      const read = counterReads(history, initial).reads.find((each) => each.row === row)
      if (read === undefined) return undefined
      const { least, most } = read
      return `where the additions alone allow ${least === most ? `only ${least}` : `${least} to ${most}`}`
    },
    account,
    contentOf: (output, initial) => output ?? (isUnknownStart(initial) ? output : startOf(initial)),
    eventual,
  },
}

function specification(initial: Json): Specification<number> {
  const start = startOf(initial)
  return {
    initial: start,
    step: (state, operation) => {
      if (operation.f !== 'read') return [decimal(state + amountOf(operation))]
      const { output } = operation
      return (typeof output === 'number' ? decimal(output) : (output ?? start)) === state ? [state] : []
    },
    key: String,
  }
}

function startOf(initial: Json): number {
  if (initial === null) return 0
  if (typeof initial !== 'number') {
    throw new UserError('usage', `the counter begins at ${JSON.stringify(initial)}, which is no number. Give e.g. 0.`)
  }
  return decimal(initial)
}

export const amountOf = ({ f, value }: Pick<ObjectOperation, 'f' | 'value'>): number => {
  const amount = value ?? 1
  if (typeof amount !== 'number') throw new Error(`an amount is a number, not ${JSON.stringify(amount)}`)
  return f === 'add' || f.startsWith('inc') ? amount : -amount
}

/** The amount of each addition, NaN for reads. */
function amounts(part: Part, budget: Budget): Float64Array {
  const cached = new Map<number, number>()
  return Float64Array.from({ length: part.length }, (_, i) => {
    budget.tick()
    if (part.f[i] === READ) return Number.NaN
    const known = cached.get(part.input[i] * 4 + part.f[i])
    if (known !== undefined) return known
    const value = jsonOf(part, part.input[i]) ?? 1
    if (typeof value !== 'number') throw badOperation(part, i, `an amount is a number, not ${JSON.stringify(value)}.`)
    const amount = decimal(part.f[i] === ADD ? value : -value)
    cached.set(part.input[i] * 4 + part.f[i], amount)
    return amount
  })
}

/**
 * Decides a counter whose additions all have the same amount, in O(n log n); for others it refutes reads outside the
 * bounds (deciding them is as hard as subset sum).
 *
 * The count is kept as low as the completed operations allow: it rises when an uncounted addition returns, and when a
 * read returns that saw more. Additions are interchangeable, so the one that returns first is counted first. An open
 * read takes effect when the count equals what it saw. Every other order has counted at least as much at each moment,
 * so what this one cannot explain, none can.
 */
function countOnes(part: Part, initial: Json, budget: Budget): FastAnswer {
  const { length, returns } = part
  const start = startOf(initial)
  const amount = amounts(part, budget)
  let unit = 0
  let same = true
  let sign = 0
  for (const each of amount) {
    if (Number.isNaN(each) || each === 0) continue
    if (unit === 0) unit = each
    else if (each !== unit) same = false
    if (sign === 0) sign = Math.sign(each)
    else if (sign !== Math.sign(each)) return NOT_APPLICABLE
  }
  const seen = Float64Array.from({ length }, (_, i) => {
    budget.tick()
    if (part.f[i] !== READ) return 0
    const value = jsonOf(part, part.output[i]) ?? start
    if (typeof value !== 'number') throw badOperation(part, i, `a read returns a number, not ${JSON.stringify(value)}.`)
    // Counted upwards from the initial value.
    return decimal(value - start) * (sign === 0 ? 1 : sign)
  })
  const steps = amount.map(Math.abs)
  if (!same) return refuteByBounds(part, steps, seen, budget)

  const step = Math.abs(unit)
  const events = eventsInOrder(part, budget)
  const open = createHeap((a, b) => returns[a] - returns[b])
  const waiting = new Map<number, number[]>()
  const done = new Uint8Array(length)
  const order: number[] = []
  let count = 0
  const emit = (operation: number): void => {
    done[operation] = 1
    order.push(operation)
  }
  const rise = (operation: number): void => {
    emit(operation)
    count++
    for (const read of waiting.get(count) ?? []) emit(read)
    waiting.delete(count)
  }
  for (const event of events) {
    budget.tick()
    const i = event >> 1
    if ((event & 1) === 0) {
      if (part.f[i] !== READ) {
        if (amount[i] === 0) emit(i)
        else open.push(i)
        continue
      }
      if (!Number.isInteger(step) && seen[i] > LARGEST_FRACTION) return NOT_APPLICABLE
      const wanted = step === 0 ? 0 : Math.round(seen[i] / step)
      if (decimal(wanted * step) !== seen[i] || wanted < count) return { result: 'violated', conflict: [i] }
      if (wanted === count) emit(i)
      else {
        const same = waiting.get(wanted)
        if (same === undefined) waiting.set(wanted, [i])
        else same.push(i)
      }
      continue
    }
    if (done[i] === 1) continue
    if (part.f[i] !== READ) {
      // It is the first open one to return, otherwise it would have been counted.
      open.pop()
      rise(i)
      continue
    }
    while (done[i] === 0) {
      const next = open.pop()
      if (next === undefined) return { result: 'violated', conflict: [i] }
      rise(next)
    }
  }
  return { result: 'met', order: Int32Array.from(order) }
}

/** A read of less than had been acknowledged before its call, or of more than had been requested by its return. */
function refuteByBounds(part: Part, steps: Float64Array, seen: Float64Array, budget: Budget): FastAnswer {
  let asked = 0
  let acknowledged = 0
  const least = new Float64Array(part.length)
  for (const event of eventsInOrder(part, budget)) {
    budget.tick()
    const i = event >> 1
    if (part.f[i] === READ) {
      if ((event & 1) === 0) least[i] = acknowledged
      else if (seen[i] < least[i] - SLACK || seen[i] > asked + SLACK) return { result: 'violated', conflict: [i] }
    } else if ((event & 1) === 0) asked += steps[i]
    else if (part.returns[i] !== NEVER) acknowledged += steps[i]
  }
  return NOT_APPLICABLE
}

/** Sums of fractions are not exact. */
const SLACK = 1e-6

/**
 * If all additions have the same sign: whether each read is of no more than was added, unless it already exceeds that
 * in the whole history.
 */
function supports(part: Part, budget: Budget): (some: readonly number[]) => boolean {
  const amount = amounts(part, budget)
  const signs = new Set(Array.from(amount, Math.sign).filter((sign) => sign === 1 || sign === -1))
  const isAddition = (i: number): boolean => !Number.isNaN(amount[i])
  const all = Array.from({ length: part.length }, (_, i) => i)
  const isExplained = (read: number, some: readonly number[]): boolean => {
    const added = some.filter((i) => isAddition(i) && part.calls[i] < part.returns[read])
    const sum = added.reduce((total, i) => total + Math.abs(amount[i]), 0)
    return Math.abs(Number(jsonOf(part, part.output[read]) ?? 0)) <= sum + SLACK
  }
  const inWhole = new Map<number, boolean>()
  const isExplainedInWhole = (read: number): boolean => {
    const known = inWhole.get(read) ?? isExplained(read, all)
    inWhole.set(read, known)
    return known
  }
  return (some) => {
    if (signs.size > 1) {
      const there = new Set(some)
      return all.every((i) => there.has(i) || !isAddition(i))
    }
    return some.every((i) => isAddition(i) || isExplained(i, some) || !isExplainedInWhole(i))
  }
}

/**
 * What the additions allow a read to return: additions that returned before its call count, those begun before its
 * return may.
 */
interface Bounds {
  readonly row: number
  readonly value: number
  readonly least: number
  readonly most: number
}

/** Every completed read with its bounds, in order of return, and how many additions were tried and acknowledged. */
export function counterReads(
  history: History,
  initial: Json,
  budget: Budget = unlimited,
): { readonly reads: readonly Bounds[]; readonly attempted: number; readonly acknowledged: number } {
  const start = isUnknownStart(initial) ? 0 : startOf(initial)
  const { callEvent, returnEvent } = history.operations
  const rows: AccountRow[] = []
  const calls: number[] = []
  const returns: number[] = []
  let attempted = 0
  let acknowledged = 0
  for (const row of rowsOf(history, Object.keys(numbers), budget)) {
    if (!isRead(history, row)) {
      attempted++
      if (row.acknowledged) acknowledged++
    }
    if (row.failed || (isRead(history, row) && !row.acknowledged)) continue
    rows.push(row)
    calls.push(callEvent[row.row])
    returns.push(row.acknowledged ? returnEvent[row.row] : NEVER)
  }
  const columns = { length: rows.length, calls: Int32Array.from(calls), returns: Int32Array.from(returns) }
  const sums = new Map<number, { upAsked: number; upDone: number; downAsked: number; downDone: number }>()
  const atCall = new Map<number, { readonly up: number; readonly down: number }>()
  const reads: Bounds[] = []
  for (const event of eventsInOrder(columns, budget)) {
    budget.tick()
    const row = rows[event >> 1]
    const isReturn = (event & 1) === 1
    const sum = sums.get(row.key) ?? { upAsked: 0, upDone: 0, downAsked: 0, downDone: 0 }
    sums.set(row.key, sum)
    if (!isRead(history, row)) {
      const f = history.functions[history.operations.f[row.row]]
      const value = history.values.json(row.input as ValueId) ?? 1
      if (typeof value !== 'number') {
        const place = placeOf(history, row.row)
        throw new UserError('input', `${place}: an amount is a number, not ${JSON.stringify(value)}. Check the model.`)
      }
      const amount = amountOf({ f, value })
      if (amount >= 0) sum[isReturn ? 'upDone' : 'upAsked'] += amount
      else sum[isReturn ? 'downDone' : 'downAsked'] += amount
    } else if (isReturn) {
      const called = atCall.get(row.row) ?? { up: 0, down: 0 }
      reads.push({
        row: row.row,
        value: Number(history.values.json(row.output as ValueId) ?? start),
        least: decimal(start + called.up + sum.downAsked),
        most: decimal(start + sum.upAsked + called.down),
      })
    } else {
      atCall.set(row.row, { up: sum.upDone, down: sum.downDone })
    }
  }
  return { reads, attempted, acknowledged }
}

/**
 * The bounds when the initial value is unknown: each read reveals it, except for additions that may or may not have
 * counted.
 */
function fromAnyStart(history: History, reads: readonly Bounds[]): readonly Bounds[] {
  const starts = new Map<number, readonly [least: number, most: number]>()
  return reads.map((read) => {
    const key = history.operations.key[read.row]
    const [least, most] = starts.get(key) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    const bounds = { ...read, least: decimal(least + read.least), most: decimal(most + read.most) }
    const known = [Math.max(least, read.value - read.most), Math.min(most, read.value - read.least)] as const
    // A read that contradicts earlier ones says nothing about later ones.
    if (known[0] <= known[1] + SLACK) starts.set(key, known)
    return bounds
  })
}

const isRead = (history: History, { row }: AccountRow): boolean =>
  numbers[history.functions[history.operations.f[row]]] === READ

function account(history: History, initial: Json, budget: Budget): Accounting {
  const { reads: counted, attempted, acknowledged } = counterReads(history, initial, budget)
  const reads = isUnknownStart(initial) ? fromAnyStart(history, counted) : counted
  const unexpected = reads.flatMap(({ row, value, least, most }): Accounted[] =>
    value < least - SLACK || value > most + SLACK
      ? [{ ...accounted(history, row, history.operations.output[row]), bounds: [least, most] }]
      : [],
  )
  const [first] = unexpected
  const isOpen = first === undefined && reads.length === 0 && acknowledged > 0
  return accounting({
    noun: 'addition',
    okAre: 'explained reads',
    result: first !== undefined ? 'violated' : isOpen ? 'unknown' : 'met',
    reason:
      first !== undefined
        ? `a read returned ${JSON.stringify(first.value)}, though the additions allow ${first.bounds?.join(' to ')}`
        : isOpen
          ? 'the counter was never read'
          : 'every read is within what the additions allow',
    attempted,
    acknowledged,
    ok: reads.length - unexpected.length,
    unexpected,
  })
}

/** Final reads come after every addition: they must agree, within the bounds. */
function eventual(history: History, initial: Json, budget: Budget): Convergence {
  const { flags, key } = history.operations
  const { reads } = counterReads(history, initial, budget)
  const marked = reads.filter(({ row }) => (flags[row] & FLAG_FINAL) !== 0)
  const finals = isUnknownStart(initial) ? fromAnyStart(history, marked) : marked
  if (finals.length === 0) return { result: 'unknown', reason: 'the history has no successful final reads', rows: [] }
  const firsts = new Map<number, Bounds>()
  for (const read of finals) {
    const { row, value, least, most } = read
    if (value < least - SLACK || value > most + SLACK) {
      const reason = `a final read returned ${value}, though the additions allow ${least} to ${most}`
      return { result: 'violated', reason, rows: [row] }
    }
    const first = firsts.get(key[row])
    if (first === undefined) firsts.set(key[row], read)
    else if (first.value !== value) {
      const reason = `final reads disagree: ${first.value} and ${value}`
      return { result: 'violated', reason, rows: [first.row, row] }
    }
  }
  return { result: 'met', reason: 'final reads agree, within what the additions allow', rows: [] }
}
