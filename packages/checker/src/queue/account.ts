import { foundOrMade, functionOf, type History, type Json } from '@chaosproxy/history'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { Budget } from '../limits/budget.ts'
import { listOf } from '../object/model/words.ts'
import { type Accounted, type Accounting, accounted, accounting, elementName, rowsOf } from '../verdict/accounting.ts'
import { takenIn } from './at-start.ts'
import { endingOfMessages } from './ending.ts'
import { DEQUEUE, DRAIN, ENQUEUE, queueNumbers } from './operations.ts'

/**
 * Jepsen's `total-queue`: every enqueued message must be dequeued. Assumes that each queue was drained at the end. If
 * nothing shows this (see `endingOfMessages`), missing messages may still be in the queue, and the result is unknown.
 * Initial messages may be dequeued.
 */
export function accountOfQueue(history: History, initial: Json, budget: Budget): Accounting {
  const { key } = history.operations
  const { tallies, attempted, acknowledged, takers } = trafficOf(history, budget)
  const drained = endingOfMessages(history, budget).finals
  const mostAtFirst = countAtFirst(history, initial)
  const unexpected: Accounted[] = []
  const missing: Accounted[] = []
  const recovered: Accounted[] = []
  const duplicated: Accounted[] = []
  let ok = 0
  for (const { row, value, attempts, acknowledged: sure, taken } of tallies.values()) {
    budget.tick()
    const seen = Math.min(taken, attempts)
    const surplus = taken - attempts - mostAtFirst(value)
    ok += seen
    if (sure > taken) missing.push(accounted(history, row, value, sure - taken))
    if (surplus > 0)
      (attempts + mostAtFirst(value) === 0 ? unexpected : duplicated).push(accounted(history, row, value, surplus))
    if (seen > sure) recovered.push(accounted(history, row, value, seen - sure))
  }
  const gone = missing.filter(({ operation }) => drained.has(key[operation]))
  const lost = gone.length > 0 ? gone : missing
  let mayBeTaken = lost.length > 0
  for (const { operation, count } of lost) if (!take(takers, key[operation], count)) mayBeTaken = false
  const isBad = unexpected.length > 0 || gone.length > 0
  const isOpen = !isBad && lost.length > 0
  return accounting({
    noun: 'message',
    result: isBad ? 'violated' : isOpen ? 'unknown' : 'met',
    reason: isBad
      ? unexpected.length > 0
        ? `Nobody enqueued what came out: ${listOf(unexpected)}.`
        : `Messages that were acknowledged never came out, though the queue was drained: ${listOf(lost)}.`
      : isOpen
        ? 'not all messages came out, and nothing shows that the queue was drained'
        : 'what went in came out',
    attempted,
    acknowledged,
    ok,
    lost,
    recovered,
    unexpected,
    duplicated,
    excuse: gone.length < lost.length ? 'inside' : mayBeTaken ? 'taken' : undefined,
    surelyLost: gone.length === 0 ? 0 : beyond(takers),
  })
}

/** Returns a function that counts the initial copies of a message; infinite if the initial content is unknown. */
function countAtFirst({ values }: History, initial: Json): (value: number) => number {
  if (isUnknownStart(initial)) return () => Number.POSITIVE_INFINITY
  const counts = new Map<number, number>()
  for (const message of Array.isArray(initial) ? initial : []) {
    const value = values.id(message)
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return (value) => counts.get(value) ?? 0
}

interface Traffic {
  /** Tallies by the name of a message (see `elementName`). */
  readonly tallies: ReadonlyMap<number, Tally>
  readonly attempted: number
  readonly acknowledged: number
  /** By key: the maximum number of messages that operations of unknown outcome may have taken. */
  readonly takers: Map<number, number>
}

function trafficOf(history: History, budget: Budget): Traffic {
  const tallies = new Map<number, Tally>()
  let attempted = 0
  let acknowledged = 0
  const dequeued: { readonly row: number; readonly key: number; readonly value: number }[] = []
  const takers = new Map<number, number>()
  for (const { row, key, acknowledged: ok, failed, input } of rowsOf(history, Object.keys(queueNumbers), budget)) {
    const number = queueNumbers[functionOf(history, row)]
    if (number !== ENQUEUE && !ok && !failed) {
      takers.set(key, (takers.get(key) ?? 0) + (number === DEQUEUE ? 1 : Number.POSITIVE_INFINITY))
    }
    if (number === ENQUEUE) {
      attempted++
      if (ok) acknowledged++
      const tally = tallyOf(tallies, elementName(key, input), { row, value: input })
      tally.attempts++
      if (ok) {
        tally.acknowledged++
        tally.row = row
      }
    } else if (ok) {
      for (const value of takenIn(history, row, number === DRAIN)) dequeued.push({ row, key, value })
    }
  }
  for (const { row, key, value } of dequeued) {
    budget.tick()
    const tally = tallyOf(tallies, elementName(key, value), { row, value })
    tally.taken++
    if (tally.attempts === 0) tally.row = row
  }
  return { tallies, attempted, acknowledged, takers }
}

function take(stock: Map<number, number>, key: number, count: number): boolean {
  const left = (stock.get(key) ?? 0) - count
  stock.set(key, left)
  return left >= 0
}

/** Returns how many more messages were taken than could have been in the queues. */
function beyond(stock: ReadonlyMap<number, number>): number {
  let sum = 0
  for (const left of stock.values()) sum += Math.max(0, -left)
  return sum
}

interface Tally {
  /** The operation to show: the enqueue of the message, or a dequeue if no operation enqueued it. */
  row: number
  readonly value: number
  attempts: number
  acknowledged: number
  taken: number
}

function tallyOf(
  tallies: Map<number, Tally>,
  name: number,
  { row, value }: { readonly row: number; readonly value: number },
): Tally {
  return foundOrMade(tallies, name, () => ({ row, value, attempts: 0, acknowledged: 0, taken: 0 }))
}
