import {
  byName,
  FLAG_FINAL,
  foundOrMade,
  functionOf,
  type History,
  INFO,
  inputOf,
  type Json,
  OK,
  outputOf,
} from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { addTo, ascending } from '../encoding/lists.ts'
import { type OperationRow, wrongAt } from '../encoding/operation-row.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import { type Budget, unlimited } from '../limits/budget.ts'
import { decimal } from '../object/model/decimal.ts'
import type { Convergence, Ended } from '../object/model/object-model.ts'
import { eventsInOrder } from '../object/model/part.ts'
import {
  type Accounted,
  type Accounting,
  type AccountRow,
  accounted,
  accounting,
  rowsOf,
} from '../verdict/accounting.ts'
import { NO_FINAL_READS } from '../verdict/reason.ts'
import { unknownBecause } from '../verdict/verdict.ts'
import { phrase } from '../verdict/words.ts'
import { amountOf, counterNumbers, READ, SLACK, startOf } from './operations.ts'
import { type Addition, createReachable } from './reachable-sums.ts'

/**
 * The bounds of a read's result. Additions that returned before the read's call must count; those called before its
 * return may.
 */
interface Bounds {
  readonly row: number
  readonly value: number
  readonly least: number
  readonly most: number
}

interface Counted {
  readonly reads: readonly Bounds[]
  /** By key: the additions that reads may have counted. */
  readonly additions: ReadonlyMap<number, readonly Addition[]>
  readonly attempted: number
  readonly acknowledged: number
}

export function counterReads(history: History, initial: Json, budget: Budget = unlimited): Counted {
  const start = isUnknownStart(initial) ? 0 : startOf(initial)
  const { callEvent, returnEvent } = history.operations
  const rows: AccountRow[] = []
  const calls: number[] = []
  const returns: number[] = []
  let attempted = 0
  let acknowledged = 0
  for (const row of rowsOf(history, Object.keys(counterNumbers), budget)) {
    if (!isRead(history, row.row)) {
      attempted++
      if (row.acknowledged) acknowledged++
    }
    if (row.failed || (isRead(history, row.row) && !row.acknowledged)) continue
    rows.push(row)
    calls.push(callEvent[row.row])
    returns.push(row.acknowledged ? returnEvent[row.row] : NEVER)
  }
  const columns = { length: rows.length, calls: Int32Array.from(calls), returns: Int32Array.from(returns) }
  const sums = new Map<number, { upInvoked: number; upDone: number; downInvoked: number; downDone: number }>()
  const atCall = new Map<number, { readonly up: number; readonly down: number }>()
  const reads: Bounds[] = []
  const additions = new Map<number, Addition[]>()
  for (const event of eventsInOrder(columns, budget)) {
    budget.tick()
    const i = event >> 1
    const row = rows[i]
    const isReturn = (event & 1) === 1
    const sum = foundOrMade(sums, row.key, () => ({ upInvoked: 0, upDone: 0, downInvoked: 0, downDone: 0 }))
    if (!isRead(history, row.row)) {
      const f = functionOf(history, row.row)
      const value = inputOf(history, row.row) ?? 1
      if (typeof value !== 'number') {
        throw wrongAt(history, row.row, `an amount must be a number, not ${JSON.stringify(value)}. ${CHOOSE}`)
      }
      const amount = amountOf({ f, value })
      if (amount >= 0) sum[isReturn ? 'upDone' : 'upInvoked'] += amount
      else sum[isReturn ? 'downDone' : 'downInvoked'] += amount
      if (isReturn) continue
      addTo(additions, row.key, { amount: decimal(amount), calls: calls[i], returns: returns[i] })
    } else if (isReturn) {
      const called = atCall.get(row.row) ?? { up: 0, down: 0 }
      reads.push({
        row: row.row,
        value: numberRead(history, row.row) ?? start,
        least: decimal(start + called.up + sum.downInvoked),
        most: decimal(start + sum.upInvoked + called.down),
      })
    } else {
      atCall.set(row.row, { up: sum.upDone, down: sum.downDone })
    }
  }
  return { reads, additions, attempted, acknowledged }
}

const CHOOSE = 'Choose the right model with --model.'

function numberRead(history: History, row: OperationRow): number | undefined {
  const value = outputOf(history, row) ?? undefined
  if (value === undefined || typeof value === 'number') return value
  throw wrongAt(history, row, `a read must return a number, not ${JSON.stringify(value)}. ${CHOOSE}`)
}

/** Adds the bounds of the unknown initial value, as known from earlier reads, to the bounds of each read. */
function fromAnyStart(history: History, reads: readonly Bounds[]): readonly Bounds[] {
  const starts = new Map<number, readonly [least: number, most: number]>()
  return reads.map((read) => {
    const key = history.operations.key[read.row]
    const [least, most] = starts.get(key) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    const bounds = { ...read, least: decimal(least + read.least), most: decimal(most + read.most) }
    const known = [Math.max(least, read.value - read.most), Math.min(most, read.value - read.least)] as const
    // A read that contradicts earlier reads says nothing about the initial value.
    if (known[0] <= known[1] + SLACK) starts.set(key, known)
    return bounds
  })
}

const isRead = (history: History, row: OperationRow): boolean => counterNumbers[functionOf(history, row)] === READ

export function accountOfCounter(history: History, initial: Json, budget: Budget): Accounting {
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
          : 'every read is between the least and the greatest sum that the additions allow',
    attempted,
    acknowledged,
    ok: reads.length - unexpected.length,
    unexpected,
  })
}

/**
 * Describes the sums that a read could have returned, such as `… allow only 3 or 5`. Returns undefined if the read
 * returned one of them.
 */
export function allowedText(history: History, row: OperationRow, initial: Json): string | undefined {
  const { reads, additions } = counterReads(history, initial)
  const read = reads.find((each) => each.row === row)
  if (read === undefined || isUnknownStart(initial)) return undefined
  return contradicted(read, sumsOfReads(history, additions, startOf(initial), unlimited)(row))
}

/** Final reads come after every addition: they must agree on a sum that the additions can produce. */
export function convergenceOfCounter({ history, initial }: Ended, budget: Budget): Convergence {
  const { flags, key } = history.operations
  const { reads, additions } = counterReads(history, initial, budget)
  const marked = reads.filter(({ row }) => (flags[row] & FLAG_FINAL) !== 0)
  const isUnknown = isUnknownStart(initial)
  const finals = isUnknown ? fromAnyStart(history, marked) : marked
  if (finals.length === 0) return unknownBecause(NO_FINAL_READS)
  const sumsOf = isUnknown ? () => undefined : sumsOfReads(history, additions, startOf(initial), budget)
  const firsts = new Map<number, Bounds>()
  for (const read of finals) {
    const { row, value } = read
    const first = firsts.get(key[row]) ?? read
    firsts.set(key[row], first)
    const disagrees = decimal(first.value) !== decimal(value)
    // Without the initial value, nothing says which of two final reads is wrong.
    const allowed = isUnknown && disagrees ? undefined : contradicted(read, sumsOf(row))
    if (allowed !== undefined) {
      const ofKey = phrase('of', history.keys[key[row]])
      const updates = updatesBefore(history, row, budget)
      const rows = isUnknown
        ? [...updates, ...readsUpTo(history, finals, row)]
        : readWithUpdates(history, row, updates, value !== startOf(initial))
      const by = acknowledgedText(history, row, updates)
      return { result: 'violated', sentence: `A final read${ofKey} returned ${value}, though ${allowed}${by}.`, rows }
    }
    if (disagrees)
      return {
        result: 'violated',
        sentence: `Final reads disagree: ${first.value} and ${value}.`,
        rows: [first.row, row],
      }
  }
  return { result: 'met' }
}

/** The maximum number of nodes that a sentence lists. */
const MOST_NODES = 9

/** Describes how much of the count each node acknowledged: `: n1 acknowledged 254, n2 251`. */
function acknowledgedText(history: History, read: OperationRow, updates: readonly OperationRow[]): string {
  const { outcome, node, returnEvent, callEvent } = history.operations
  const sums = new Map<string, number>()
  for (const row of updates) {
    const name = history.nodes[node[row]]
    if (name === undefined || outcome[row] !== OK || returnEvent[row] >= callEvent[read]) continue
    const amount = amountOf({ f: functionOf(history, row), value: inputOf(history, row) })
    sums.set(name, decimal((sums.get(name) ?? 0) + amount))
  }
  if (sums.size < 2 || sums.size > MOST_NODES) return ''
  const sorted = [...sums].sort(([one], [other]) => byName(one, other))
  return `: ${sorted.map(([name, sum], i) => `${name} ${i === 0 ? 'acknowledged ' : ''}${sum}`).join(', ')}`
}

function updatesBefore(history: History, read: OperationRow, budget: Budget): OperationRow[] {
  const { length, key, outcome, callEvent, returnEvent } = history.operations
  const rows: OperationRow[] = []
  for (let row = 0; row < length && callEvent[row] < returnEvent[read]; row++) {
    budget.tick()
    if (key[row] !== key[read] || isRead(history, row)) continue
    if (outcome[row] === OK || outcome[row] === INFO) rows.push(row)
  }
  return rows
}

const readsUpTo = ({ operations: { key } }: History, finals: readonly Bounds[], last: OperationRow): OperationRow[] =>
  finals.flatMap(({ row }) => (row <= last && key[row] === key[last] ? [row] : []))

/** The maximum number of updates that a counterexample shows. */
const MOST_SHOWN = 40

/**
 * Returns a read and its updates. If there are more than `MOST_SHOWN` updates, returns the read with at most one of
 * them: the first nonzero update that was acknowledged before the read was called.
 */
function readWithUpdates(
  history: History,
  read: OperationRow,
  updates: readonly OperationRow[],
  differsFromStart: boolean,
): OperationRow[] {
  const { outcome, returnEvent, callEvent } = history.operations
  if (updates.length <= MOST_SHOWN) return [...updates, read]
  if (differsFromStart) return [read]
  const missed = updates.find(
    (row) => outcome[row] === OK && returnEvent[row] < callEvent[read] && inputOf(history, row) !== 0,
  )
  return missed === undefined ? [read] : [missed, read]
}

function sumsOfReads(
  { operations }: History,
  additions: Counted['additions'],
  start: number,
  budget: Budget,
): (row: OperationRow) => ReadonlySet<number> | undefined {
  const reachable = new Map<number, ReturnType<typeof createReachable>>()
  return (row) => {
    const key = operations.key[row]
    const sums = foundOrMade(reachable, key, () => createReachable(additions.get(key) ?? [], start, budget))
    return sums(operations.callEvent[row], operations.returnEvent[row])
  }
}

/** The maximum number of sums that a sentence lists. */
const MOST_LISTED = 5

/** Describes the values that the additions allow, if the read's value is not one of them. */
function contradicted({ value, least, most }: Bounds, sums: ReadonlySet<number> | undefined): string | undefined {
  if (value < least - SLACK || value > most + SLACK)
    return `the additions allow only ${least === most ? least : `${least} to ${most}`}`
  if (sums === undefined || sums.has(decimal(value))) return undefined
  if (sums.size > MOST_LISTED) return 'no combination of the additions gives this value'
  return `the additions allow only ${ascending(sums).join(' or ')}`
}
