import type { OperationRow } from '@chaosproxy/checker'
import {
  canonical,
  FLAG_FINAL,
  functionOf,
  type History,
  INFO,
  inputOf,
  isObject,
  type Json,
  meaningOf,
  OK,
  outputOf,
} from '@chaosproxy/history'
import type { Claim } from './claim.ts'
import {
  changeOf,
  type Held,
  held,
  isAnsweredRead,
  isFinalRead,
  isOk,
  lacks,
  precedes,
  type Recorded,
  rowsOfKey,
} from './recorded.ts'

type Lost = Extract<Claim, { readonly claim: 'lost' }>

/** Acknowledged, and no final state holds it, though one that must have seen it was answered. */
export function isLost({ history }: Recorded, lost: Lost): Held {
  switch (lost.of) {
    case 'writes':
      return enough(
        lost,
        keysOf(history, lost.changes).map((changes) => isKeyLost(history, changes)),
      )
    case 'elements':
      return enough(
        lost,
        lost.changes.map((change) => isElementLost(history, change)),
      )
    case 'messages':
      return areMessagesLost(history, lost)
    case 'additions':
      return held(missingAdditions(history) >= lost.least)
    default:
      return lost.of satisfies never
  }
}

function enough({ least }: Pick<Lost, 'least'>, each: readonly Held[]): Held {
  const holding = each.filter((one) => one === 'holds').length
  if (holding >= least) return 'holds'
  return holding + each.filter((one) => one === 'unknown').length >= least ? 'unknown' : 'refuted'
}

function keysOf({ operations }: History, rows: readonly OperationRow[]): readonly (readonly OperationRow[])[] {
  const byKey = new Map<number, OperationRow[]>()
  for (const row of rows) {
    const key = operations.key[row] ?? -1
    byKey.set(key, [...(byKey.get(key) ?? []), row])
  }
  return [...byKey.values()]
}

/** Whether one of these changes at least is in no final state: any of them may have replaced the others. */
function isKeyLost(history: History, changes: readonly OperationRow[]): Held {
  const [first] = changes
  if (first === undefined || !changes.every((change) => isOk(history, change))) return 'refuted'
  const finals = rowsOfKey(history, history.operations.key[first] ?? -1).filter(
    (row) => isFinalRead(history, row) && changes.every((change) => precedes(history, change, row)),
  )
  if (finals.length === 0) return 'unknown'
  return all(finals.flatMap((read) => changes.map((change) => lacks(history, read, change))))
}

const all = (each: readonly Held[]): Held =>
  each.includes('refuted') ? 'refuted' : each.includes('unknown') ? 'unknown' : 'holds'

/** In the reads that end the record: its final reads, or else the last one. */
function isElementLost(history: History, change: OperationRow): Held {
  if (!isOk(history, change)) return 'refuted'
  const reads = rowsOfKey(history, history.operations.key[change] ?? -1).filter(
    (row) => isAnsweredRead(history, row) && precedes(history, change, row),
  )
  const finals = reads.filter((row) => isFinalRead(history, row))
  const last = finals.length > 0 ? finals : reads.slice(-1)
  return last.length === 0 ? 'unknown' : all(last.map((read) => lacks(history, read, change)))
}

function areMessagesLost(history: History, lost: Lost): Held {
  const fs = new Set(history.functions)
  if (fs.has('poll'))
    return enough(
      lost,
      lost.changes.map((change) => isSendLost(history, change)),
    )
  if (fs.has('take'))
    return enough(
      lost,
      lost.changes.map((change) => isLeasedLost(history, change)),
    )
  const counts = keysOf(history, lost.changes).map(([row]) =>
    unaccounted(history, history.operations.key[row ?? 0] ?? -1),
  )
  if (counts.includes(undefined)) return 'unknown'
  return held(counts.reduce<number>((sum, each) => sum + (each ?? 0), 0) >= lost.least)
}

/** The messages that came out of no queue, less those that nobody knows the taker of; undefined if it was not found empty. */
function unaccounted(history: History, key: number): number | undefined {
  const rows = rowsOfKey(history, key)
  const effectOf = (row: OperationRow) => meaningOf(functionOf(history, row))?.effect
  const takers = rows.filter((row) => effectOf(row) === 'takes' || effectOf(row) === 'drains')
  const empty = takers.findLast(
    (row) => isOk(history, row) && (effectOf(row) === 'drains' || outputOf(history, row) === null),
  )
  if (empty === undefined) return undefined
  const left = new Map<string, number>()
  for (const row of rows)
    if (effectOf(row) === 'appends' && precedes(history, row, empty)) add(left, changeOf(history, row), 1)
  for (const row of takers)
    if (isOk(history, row)) for (const message of handedBy(history, row)) add(left, canonical(message), -1)
  const open = takers.filter((row) => history.operations.outcome[row] === INFO)
  const taken = open.reduce((sum, row) => sum + (effectOf(row) === 'takes' ? 1 : Number.POSITIVE_INFINITY), 0)
  return Math.max(0, [...left.values()].reduce((sum, count) => sum + Math.max(0, count), 0) - taken)
}

const add = (counts: Map<string, number>, name: string, count: number): void => {
  counts.set(name, (counts.get(name) ?? 0) + count)
}

/** The messages that an answer gave out: none, one, or all those of a drain. */
export function handedBy(history: History, row: OperationRow): readonly Json[] {
  const answer = outputOf(history, row)
  if (meaningOf(functionOf(history, row))?.effect === 'drains') return Array.isArray(answer) ? answer : []
  return answer === null ? [] : [answer]
}

/** Of a partition: no poll has it, though one got a message after it, or looked at the end. */
function isSendLost(history: History, change: OperationRow): Held {
  if (functionOf(history, change) !== 'send' || !isOk(history, change)) return 'unknown'
  const partition = history.keys[history.operations.key[change] ?? -1] ?? ''
  const given = outputOf(history, change)
  const offset = Array.isArray(given) ? given[0] : given
  const message = canonical(inputOf(history, change))
  let isPassed = false
  for (let row = 0; row < history.operations.length; row++) {
    if (history.operations.outcome[row] !== OK || functionOf(history, row) !== 'poll') continue
    const answer = outputOf(history, row)
    const polled = isObject(answer) ? answer[partition] : undefined
    if (!Array.isArray(polled)) continue
    for (const each of polled) {
      if (!Array.isArray(each)) continue
      const [at, text = null] = each
      if (canonical(text) === message) return 'refuted'
      isPassed ||= typeof at === 'number' && typeof offset === 'number' && at > offset
    }
    isPassed ||= isFinalCall(history, row) && precedes(history, change, row as OperationRow)
  }
  return isPassed ? 'holds' : 'unknown'
}

const isFinalCall = ({ operations }: History, row: number): boolean => ((operations.flags[row] ?? 0) & FLAG_FINAL) !== 0

/** Of a queue that leases: nobody acknowledged it, and a look at what remained does not have it. */
function isLeasedLost(history: History, change: OperationRow): Held {
  const rows = rowsOfKey(history, history.operations.key[change] ?? -1)
  const message = changeOf(history, change)
  if (!isOk(history, change)) return 'refuted'
  if (rows.filter((row) => functionOf(history, row) === 'enqueue' && changeOf(history, row) === message).length > 1)
    return 'unknown'
  const receipts = rows
    .filter((row) => functionOf(history, row) === 'take' && isOk(history, row))
    .map((row) => outputOf(history, row))
    .flatMap((taken) =>
      Array.isArray(taken) && canonical(taken[0] ?? null) === message ? [canonical(taken[1] ?? null)] : [],
    )
  const isAcknowledged = rows.some(
    (row) => functionOf(history, row) === 'ack' && receipts.includes(canonical(inputOf(history, row))),
  )
  const looks = rows.filter(
    (row) => functionOf(history, row) === 'remaining' && precedes(history, change, row) && isOk(history, row),
  )
  const last = looks.at(-1)
  if (last === undefined) return 'unknown'
  const left = outputOf(history, last)
  const isLeft = Array.isArray(left) && left.some((each) => canonical(each) === message)
  return held(!isAcknowledged && !isLeft)
}

/** By how much the best final read of every counter falls short of what had been acknowledged before it. */
function missingAdditions(history: History): number {
  const keys = new Set(history.operations.key.slice(0, history.operations.length))
  let missing = 0
  for (const key of keys) {
    const rows = rowsOfKey(history, key)
    const short = rows.filter((row) => isFinalRead(history, row)).map((read) => shortOf(history, rows, read))
    if (short.length > 0) missing += Math.min(...short)
  }
  return missing
}

function shortOf(history: History, rows: readonly OperationRow[], read: OperationRow): number {
  const shown = outputOf(history, read)
  const initial = typeof history.header?.initial === 'number' ? history.header.initial : 0
  let least = initial
  for (const row of rows) {
    const amount = amountOf(history, row)
    const isBefore = precedes(history, row, read)
    // What may have been taken off as well makes the least smaller.
    if (
      isBefore ||
      (amount < 0 && (history.operations.callEvent[row] ?? 0) < (history.operations.returnEvent[read] ?? 0))
    )
      least += amount
  }
  return typeof shown === 'number' ? Math.max(0, least - shown) : 0
}

function amountOf(history: History, row: OperationRow): number {
  const f = functionOf(history, row)
  if (meaningOf(f)?.effect !== 'adds') return 0
  const input = inputOf(history, row)
  const amount = typeof input === 'number' ? input : 1
  return f.startsWith('dec') || f.startsWith('sub') ? -amount : amount
}
