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
  oncePerHistory,
  outputOf,
} from '@chaosproxy/history'
import { grouped } from '../words.ts'
import type { Lost } from './claim.ts'
import {
  changeOf,
  effectOf,
  type Held,
  held,
  isOk,
  lacks,
  ofKey,
  precedes,
  type Recorded,
  rowsOfKey,
} from './recorded.ts'

/** Checks that the changes were acknowledged, and that no final state contains them. */
export function isLost({ history }: Recorded, lost: Lost): Held {
  switch (lost.of) {
    case 'writes':
      return enough(
        lost,
        groupsOf(history, lost.changes).map((changes) => isKeyLost(history, changes)),
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

const keysOf = ({ operations }: History, rows: readonly OperationRow[]): readonly (readonly OperationRow[])[] => [
  ...grouped(rows, (row) => operations.key[row] ?? -1).values(),
]

/**
 * Groups the writes of a key that may have replaced each other. An append that cannot have been replaced is in a group
 * of its own.
 */
function groupsOf(history: History, rows: readonly OperationRow[]): readonly (readonly OperationRow[])[] {
  const { key, callEvent } = history.operations
  const replacedUntil = new Map<number, number>()
  const stays = (append: OperationRow): boolean => {
    const of = key[append] ?? -1
    const until =
      replacedUntil.get(of) ??
      lastReturn(
        history,
        rowsOfKey(history, of).filter((row) => effectOf(history, row) === 'replaces'),
      )
    replacedUntil.set(of, until)
    return until < (callEvent[append] ?? 0)
  }
  const alone = new Set(rows.filter((row) => effectOf(history, row) === 'appends' && stays(row)))
  return [
    ...keysOf(
      history,
      rows.filter((row) => !alone.has(row)),
    ),
    ...[...alone].map((append) => [append]),
  ]
}

/** Returns the event at which the last of these operations returned; Infinity if one did not return `ok`. */
function lastReturn(history: History, rows: readonly OperationRow[]): number {
  const { returnEvent } = history.operations
  return rows.reduce(
    (last, row) => (isOk(history, row) ? Math.max(last, returnEvent[row] ?? 0) : Number.POSITIVE_INFINITY),
    Number.NEGATIVE_INFINITY,
  )
}

/**
 * Checks that no final read contains any of these writes. All of them are checked, because any of them may have come
 * last.
 */
function isKeyLost(history: History, changes: readonly OperationRow[]): Held {
  const [first] = changes
  if (first === undefined || !changes.every((change) => isOk(history, change))) return 'refuted'
  const finals = ofKey(history, history.operations.key[first] ?? -1).finalReads.filter((row) =>
    changes.every((change) => precedes(history, change, row)),
  )
  if (finals.length === 0) return 'unknown'
  return all(finals.flatMap((read) => changes.map((change) => lacks(history, read, change))))
}

const all = (each: readonly Held[]): Held =>
  each.includes('refuted') ? 'refuted' : each.includes('unknown') ? 'unknown' : 'holds'

function isElementLost(history: History, change: OperationRow): Held {
  if (!isOk(history, change)) return 'refuted'
  const { reads, finalReads } = ofKey(history, history.operations.key[change] ?? -1)
  const sees = (row: OperationRow): boolean => precedes(history, change, row)
  const finals = finalReads.filter(sees)
  const last = finals.length > 0 ? finals : [reads.findLast(sees) ?? []].flat()
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

/**
 * Returns a lower bound of the number of lost messages; undefined if the queue was never empty. A message counts if it
 * was acknowledged before the queue was last empty, and was never delivered. Operations of unknown outcome may have
 * removed such messages, so they lower the bound.
 */
function unaccounted(history: History, key: number): number | undefined {
  const rows = rowsOfKey(history, key)
  const takers = rows.filter((row) => effectOf(history, row) === 'takes' || effectOf(history, row) === 'drains')
  const empty = takers.findLast(
    (row) => isOk(history, row) && (effectOf(history, row) === 'drains' || outputOf(history, row) === null),
  )
  if (empty === undefined) return undefined
  const left = new Map<string, number>()
  for (const row of rows)
    if (effectOf(history, row) === 'appends' && precedes(history, row, empty)) add(left, changeOf(history, row), 1)
  for (const row of takers)
    if (isOk(history, row)) for (const message of handedBy(history, row)) add(left, canonical(message), -1)
  const open = takers.filter((row) => history.operations.outcome[row] === INFO)
  const taken = open.reduce((sum, row) => sum + (effectOf(history, row) === 'takes' ? 1 : Number.POSITIVE_INFINITY), 0)
  return Math.max(0, [...left.values()].reduce((sum, count) => sum + Math.max(0, count), 0) - taken)
}

const add = (counts: Map<string, number>, name: string, count: number): void => {
  counts.set(name, (counts.get(name) ?? 0) + count)
}

export function handedBy(history: History, row: OperationRow): readonly Json[] {
  const answer = outputOf(history, row)
  if (effectOf(history, row) === 'drains') return Array.isArray(answer) ? answer : []
  return answer === null ? [] : [answer]
}

/** A partition's messages that a poll returned. */
interface Polled {
  /** As canonical JSON. */
  readonly messages: Set<string>
  highest: number
  /** Event of the last poll after all faults had healed. */
  lastLook: number
}

const polledOf = oncePerHistory((history) => {
  const { outcome, flags, callEvent, length } = history.operations
  const partitions = new Map<string, Polled>()
  for (let row = 0; row < length; row++) {
    const answer = outcome[row] === OK && functionOf(history, row) === 'poll' ? outputOf(history, row) : null
    for (const [partition, polled] of Object.entries(isObject(answer) ? answer : {})) {
      if (!Array.isArray(polled)) continue
      const known = partitions.get(partition) ?? { messages: new Set(), highest: -1, lastLook: -1 }
      partitions.set(partition, known)
      for (const each of polled) {
        if (!Array.isArray(each)) continue
        const [offset, message = null] = each
        known.messages.add(canonical(message))
        if (typeof offset === 'number') known.highest = Math.max(known.highest, offset)
      }
      if (((flags[row] ?? 0) & FLAG_FINAL) !== 0) known.lastLook = Math.max(known.lastLook, callEvent[row] ?? -1)
    }
  }
  return partitions
})

/**
 * Checks that a sent message was lost: no poll returned it, although a poll returned a higher offset or was a final
 * poll.
 */
function isSendLost(history: History, change: OperationRow): Held {
  if (functionOf(history, change) !== 'send' || !isOk(history, change)) return 'unknown'
  const { key, returnEvent } = history.operations
  const polled = polledOf(history).get(history.keys[key[change] ?? -1] ?? '')
  if (polled === undefined) return 'unknown'
  if (polled.messages.has(canonical(inputOf(history, change)))) return 'refuted'
  const given = outputOf(history, change)
  const offset = Array.isArray(given) ? given[0] : given
  const isPassed = typeof offset === 'number' && polled.highest > offset
  return isPassed || polled.lastLook > (returnEvent[change] ?? 0) ? 'holds' : 'unknown'
}

/**
 * For the key of a queue with leases, returns the messages that were sent, taken and acknowledged, and those that the
 * last read of the whole queue listed. Messages are canonical JSON.
 */
const leasesOf = oncePerHistory((history) => {
  const queues = new Map<number, Leases>()
  return (key: number): Leases => {
    const known = queues.get(key)
    if (known !== undefined) return known
    const leases: Leases = { enqueued: new Map(), receipts: new Map(), acknowledged: new Set(), look: undefined }
    queues.set(key, leases)
    for (const row of rowsOfKey(history, key)) noteLease(history, leases, row)
    return leases
  }
})

interface Leases {
  /** How often each message was sent. */
  readonly enqueued: Map<string, number>
  readonly receipts: Map<string, string>
  readonly acknowledged: Set<string>
  look: { readonly row: OperationRow; readonly left: ReadonlySet<string> } | undefined
}

function noteLease(history: History, leases: Leases, row: OperationRow): void {
  const f = functionOf(history, row)
  const effect = meaningOf(f)?.effect
  if (effect === 'appends') add(leases.enqueued, changeOf(history, row), 1)
  if (f === 'ack') leases.acknowledged.add(leases.receipts.get(canonical(inputOf(history, row))) ?? '')
  const answer = isOk(history, row) ? outputOf(history, row) : null
  if (!Array.isArray(answer)) return
  if (effect === 'takes') leases.receipts.set(canonical(answer[1] ?? null), canonical(answer[0] ?? null))
  if (effect === 'reads') leases.look = { row, left: new Set(answer.map((each) => canonical(each))) }
}

/**
 * Whether a leased message was lost: it was not acknowledged, and it is missing from the last read of the whole queue.
 */
function isLeasedLost(history: History, change: OperationRow): Held {
  const message = changeOf(history, change)
  if (!isOk(history, change)) return 'refuted'
  const { enqueued, acknowledged, look } = leasesOf(history)(history.operations.key[change] ?? -1)
  if ((enqueued.get(message) ?? 0) > 1 || look === undefined || !precedes(history, change, look.row)) return 'unknown'
  return held(!acknowledged.has(message) && !look.left.has(message))
}

/** Returns the total of acknowledged additions that even the best final read of each key lacks. */
function missingAdditions(history: History): number {
  const keys = new Set(history.operations.key.slice(0, history.operations.length))
  let missing = 0
  for (const key of keys) {
    const { rows, finalReads } = ofKey(history, key)
    const short = finalReads.map((read) => shortOf(history, rows, read))
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
    // A concurrent subtraction may have taken effect, so it lowers the least possible value.
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
