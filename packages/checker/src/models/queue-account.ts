import { elementsOf, FLAG_FINAL, type History, type Json, type ValueId } from '@chaosproxy/history'
import type { Budget } from '../budget.ts'
import { type Accounted, type Accounting, accounted, accounting, elementName, rowsOf } from '../objects/accounting.ts'
import { listOf } from '../objects/words.ts'
import { isUnknownStart } from '../start/unknown.ts'
import { NULL_ID } from './gaps.ts'
import { DEQUEUE, ENQUEUE, queueNumbers } from './queue-operations.ts'

/**
 * Jepsen's `total-queue`: what goes in must come out. Assumes that the queue was drained at the end. If nothing shows
 * that (a drain, a dequeue marked final, or one that found nothing after the last enqueue), missing messages may still
 * be in the queue, and the result is unknown.
 */
export function accountOfQueue(history: History, initial: Json, budget: Budget): Accounting {
  const anyStart = isUnknownStart(initial)
  const { operations } = history
  const { attempts, attempted, acknowledged, dequeued, takers, lastEnqueue, drainedAt } = trafficOf(history, budget)
  const unexpected = new Map<number, Accounted>()
  for (const { row, key, value } of dequeued) {
    budget.tick()
    const name = elementName(key, value)
    const tally = attempts.get(name)
    if (tally !== undefined) tally.taken++
    // It may have been there initially.
    else if (!anyStart) unexpected.set(name, accounted(history, row, value, (unexpected.get(name)?.count ?? 0) + 1))
  }
  const lost: Accounted[] = []
  const recovered: Accounted[] = []
  const duplicated: Accounted[] = []
  let ok = 0
  let isExcused = unexpected.size === 0
  for (const { row, value, attempts: tries, acknowledged: sure, taken } of attempts.values()) {
    budget.tick()
    const seen = Math.min(taken, tries)
    ok += seen
    if (sure > taken) lost.push(accounted(history, row, value, sure - taken))
    if (sure > taken && !take(takers, operations.key[row], sure - taken)) isExcused = false
    if (taken > tries && !anyStart) duplicated.push(accounted(history, row, value, taken - tries))
    if (seen > sure) recovered.push(accounted(history, row, value, seen - sure))
  }
  const isBad = unexpected.size > 0 || (lost.length > 0 && drainedAt > lastEnqueue)
  const isOpen = !isBad && lost.length > 0
  return accounting({
    noun: 'message',
    result: isBad ? 'violated' : isOpen ? 'unknown' : 'met',
    reason: isBad
      ? unexpected.size > 0
        ? `Nobody enqueued what came out: ${listOf([...unexpected.values()])}.`
        : `What was acknowledged never came out, though the queue was drained: ${listOf(lost)}.`
      : isOpen
        ? 'not all messages came out, and nothing shows that the queue was drained'
        : 'what went in came out',
    attempted,
    acknowledged,
    ok,
    lost,
    recovered,
    unexpected: [...unexpected.values()],
    duplicated,
    isExcused,
  })
}

/** What went into a history's queues, what came out, and what shows that nothing was left. */
interface Traffic {
  /** By the name of a message, as `elementName` gives it. */
  readonly attempts: ReadonlyMap<number, Tally>
  readonly attempted: number
  readonly acknowledged: number
  readonly dequeued: readonly { readonly row: number; readonly key: number; readonly value: number }[]
  /** By key: how many messages operations of unknown outcome may have taken. */
  readonly takers: Map<number, number>
  /** The last event of an enqueue, and the event that shows that the queue was drained; -1 if there is none. */
  readonly lastEnqueue: number
  readonly drainedAt: number
}

function trafficOf(history: History, budget: Budget): Traffic {
  const { operations } = history
  const attempts = new Map<number, Tally>()
  let attempted = 0
  let acknowledged = 0
  let lastEnqueue = -1
  let drainedAt = -1
  const dequeued: Traffic['dequeued'][number][] = []
  const takers = new Map<number, number>()
  for (const { row, key, acknowledged: ok, failed, input, output } of rowsOf(
    history,
    Object.keys(queueNumbers),
    budget,
  )) {
    const number = queueNumbers[history.functions[operations.f[row]]]
    if (number !== ENQUEUE && !ok && !failed) {
      takers.set(key, (takers.get(key) ?? 0) + (number === DEQUEUE ? 1 : Number.POSITIVE_INFINITY))
    }
    if (number === ENQUEUE) {
      attempted++
      if (ok) acknowledged++
      const tally = tallyOf(attempts, elementName(key, input), { row, value: input })
      tally.attempts++
      if (ok) {
        tally.acknowledged++
        tally.row = row
      }
      if (!failed) lastEnqueue = Math.max(lastEnqueue, ok ? operations.returnEvent[row] : operations.callEvent[row])
    } else if (number === DEQUEUE) {
      const isFinal = (operations.flags[row] & FLAG_FINAL) !== 0
      const foundNothing = ok && output === NULL_ID
      if (isFinal || foundNothing) drainedAt = Math.max(drainedAt, operations.callEvent[row])
      if (ok && output !== NULL_ID) dequeued.push({ row, key, value: output })
    } else if (ok) {
      const items = history.values.json(output as ValueId)
      for (const item of elementsOf(items) ?? []) {
        dequeued.push({ row, key, value: history.values.id(item) })
      }
      drainedAt = Math.max(drainedAt, operations.returnEvent[row])
    }
  }
  return { attempts, attempted, acknowledged, dequeued, takers, lastEnqueue, drainedAt }
}

/** Takes `count` from a key's stock; false if there is not enough. */
function take(stock: Map<number, number>, key: number, count: number): boolean {
  const left = (stock.get(key) ?? 0) - count
  stock.set(key, left)
  return left >= 0
}

interface Tally {
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
  const known = tallies.get(name)
  if (known !== undefined) return known
  const made = { row, value, attempts: 0, acknowledged: 0, taken: 0 }
  tallies.set(name, made)
  return made
}
