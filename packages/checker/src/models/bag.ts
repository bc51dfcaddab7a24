import { canonical, type History, type Json, UserError, type ValueId } from '@chaos/history'
import { type Budget, ticking } from '../budget.ts'
import { NEVER } from '../encoded.ts'
import { type Accounted, type Accounting, accounted, accounting, elementName, rowsOf } from '../objects/accounting.ts'
import { closedUnder, type ModelEntry, relatedByGroups } from '../objects/object-model.ts'
import { badOperation, type Expansion, type Part } from '../objects/part.ts'
import { type FastAnswer, NOT_APPLICABLE, orderByMoment, search } from '../objects/slots.ts'
import { listOf, unheardOf } from '../objects/words.ts'
import { findGap, NULL_ID, type Taking, takeByUnknown } from './gaps.ts'
import type { ObjectOperation, Specification } from './model.ts'

export const ENQUEUE = 0
export const DEQUEUE = 1
const DRAIN = 2

export const queueNumbers: { readonly [f: string]: number } = {
  enqueue: ENQUEUE,
  send: ENQUEUE,
  publish: ENQUEUE,
  dequeue: DEQUEUE,
  receive: DEQUEUE,
  consume: DEQUEUE,
  drain: DRAIN,
}

export const queueFunctions: readonly string[] = ['enqueue', 'dequeue', 'drain']

/** Each message that a drain returned is one that was dequeued, at some time during the drain. */
export const drainExpands: Omit<Expansion, 'itemsAtFirst'> = { from: DRAIN, to: DEQUEUE }

/** Messages in any order. A dequeue that returns null found nothing, so null is no message. */
export const bag: ModelEntry = {
  name: 'bag',
  aliases: ['total-queue', 'unordered-queue'],
  summary: 'messages that are taken out in any order',
  functions: queueFunctions,
  levels: ['linearizable', 'eventual'],
  object: {
    rule: 'what goes in comes out, once',
    numbers: queueNumbers,
    reads: [],
    expands: drainExpands,
    beside: besideOfMessage,
    specification,
    fast,
    simulate,
    related: relatedByMessage,
    supports: supportsByMessage,
    account: accountOfQueue,
  },
}

export function messagesAtFirst(initial: Json): readonly string[] {
  if (initial === null) return []
  if (!Array.isArray(initial)) {
    throw new UserError('usage', `the queue begins as ${JSON.stringify(initial)}, which is no list. Give e.g. [1,2].`)
  }
  return initial.map((value: Json) => canonical(value))
}

const NO_MESSAGE = 'null is no message: a dequeue returns it that found nothing'

/** The text of the message that an enqueue gives in; undefined for other operations. */
export function enqueuedBy({ f, value }: ObjectOperation): string | undefined {
  if (queueNumbers[f] !== ENQUEUE) return undefined
  if (value === null) throw new Error(NO_MESSAGE)
  return JSON.stringify(value)
}

function specification(initial: Json): Specification<readonly string[]> {
  return {
    initial: messagesAtFirst(initial).toSorted(),
    step: (messages, operation) => {
      const enqueued = enqueuedBy(operation)
      if (enqueued !== undefined) return [[...messages, enqueued].sort()]
      const { output } = operation
      if (output === undefined) {
        // It took any of them, or found none.
        return [messages, ...[...new Set(messages)].map((message) => without(messages, message))]
      }
      if (output === null) return messages.length === 0 ? [messages] : []
      const message = JSON.stringify(output)
      return messages.includes(message) ? [without(messages, message)] : []
    },
    key: (messages) => messages.join(' '),
  }
}

const without = (messages: readonly string[], message: string): readonly string[] =>
  messages.toSpliced(messages.indexOf(message), 1)

function messagesOf(part: Part): (i: number) => readonly number[] {
  return (i) => (part.f[i] === ENQUEUE ? [part.input[i]] : part.output[i] === NULL_ID ? [] : [part.output[i]])
}

const givers = Object.keys(queueNumbers).filter((f) => queueNumbers[f] === ENQUEUE)

export function besideOfMessage(history: History, row: number, initial: Json): string | undefined {
  if (queueNumbers[history.functions[history.operations.f[row]]] === ENQUEUE) return undefined
  return unheardOf(history, row, { givers, given: 'enqueued', initial })
}

/** An operation on a message brings along all on that message, and the dequeues of unknown outcome, which took any. */
export function relatedByMessage(part: Part, budget: Budget): (chosen: Iterable<number>) => readonly number[] {
  return relatedByGroups(part, messagesOf(part), budget, (i) => part.f[i] === DEQUEUE && part.returns[i] === NEVER)
}

/** Messages stay whole; dequeues of unknown outcome that change nothing are left out. */
export function supportsByMessage(part: Part, budget: Budget): (some: readonly number[]) => boolean {
  return closedUnder(relatedByGroups(part, messagesOf(part), budget))
}

/**
 * Decides a bag whose messages differ, in O(n log n). Messages do not affect each other: each must be enqueued, and begun
 * to be, before its one dequeue returns. A dequeue that found nothing needs a moment at which the bag may be empty (see
 * `findGap`); any will do, since every message can come and go wholly before or after it. Without such dequeues, messages
 * may also repeat.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  const messages = lifetimes(part, initial, budget)
  if (messages === undefined) return NOT_APPLICABLE
  if ('conflict' in messages) return { result: 'violated', conflict: messages.conflict }
  const { lives, empties, unknown } = messages
  const moments: { readonly at: number; readonly operation: number }[] = []
  const gaps = momentsOf(messages, part, budget)
  if ('conflict' in gaps) return { result: 'violated', conflict: gaps.conflict }
  for (const [n, empty] of empties.entries()) moments.push({ at: gaps[n], operation: empty })
  for (const { enqueue, dequeue, enqueued, dequeueFrom } of lives) {
    // Where the two overlap they happen together, as the dequeue begins.
    const together = enqueued >= dequeueFrom
    if (enqueue !== -1) moments.push({ at: together ? dequeueFrom : enqueued, operation: enqueue })
    if (dequeue !== -1) moments.push({ at: dequeueFrom, operation: dequeue })
  }
  const taken = takeByUnknown(takenBefore(lives, gaps, budget), unknown, part.calls)
  if (taken === undefined) return { result: 'violated', conflict: [] }
  for (const { dequeue, before } of taken) moments.push({ at: before - QUARTER, operation: dequeue })
  return { result: 'met', order: orderByMoment(moments, budget) }
}

/** Just before a moment at which nothing is left, and after every event before it. */
const QUARTER = 0.25

/** When each dequeue that found nothing may have happened, or one that cannot have, with what was certainly there. */
export function momentsOf(
  { lives, empties, unknown }: Lives,
  part: Part,
  budget: Budget,
): readonly number[] | { readonly conflict: readonly number[] } {
  if (empties.length === 0) return []
  const gapFor = findGap(
    lives,
    unknown.map((i) => part.calls[i]),
    budget,
  )
  const moments: number[] = []
  for (const empty of empties) {
    budget.tick()
    const moment = gapFor(part.calls[empty], part.returns[empty])
    if (moment === undefined) {
      const there = lives.filter(
        ({ enqueued, dequeueFrom }) => enqueued < part.returns[empty] && dequeueFrom > part.calls[empty],
      )
      return { conflict: [empty, ...there.map(({ enqueue }) => enqueue)] }
    }
    moments.push(moment)
  }
  return moments
}

/** The messages that nobody is known to have taken, though nothing was left at a later one of these moments. */
export function takenBefore(lives: readonly Life[], moments: readonly number[], budget: Budget): readonly Taking[] {
  if (moments.length === 0) return []
  const sorted = moments.toSorted(ticking((a, b) => a - b, budget))
  return lives
    .filter(({ dequeue, enqueued }) => dequeue === -1 && enqueued < sorted[sorted.length - 1])
    .sort(ticking((a, b) => a.enqueued - b.enqueued, budget))
    .map((life) => ({ life, before: sorted[search(sorted.length, (at) => sorted[at] > life.enqueued)] }))
}

/** A message from the call of its enqueue to the return of its dequeue, in event positions. */
export interface Life {
  /** The operations; -1 where it was there from the start, or was never dequeued. */
  readonly enqueue: number
  readonly dequeue: number
  /** The enqueue takes effect in [enqueueFrom, enqueued], the dequeue in [dequeueFrom, dequeued]. */
  readonly enqueueFrom: number
  readonly enqueued: number
  readonly dequeueFrom: number
  readonly dequeued: number
}

export interface Lives {
  readonly lives: readonly Life[]
  /** Dequeues that found nothing. */
  readonly empties: readonly number[]
  /** Dequeues of unknown outcome, in order of call. */
  readonly unknown: readonly number[]
  readonly repeated: boolean
}

/**
 * Joins each dequeue with the enqueue of its message. Of equal messages, the enqueue called first goes with the dequeue
 * that returns first: where there is any matching, that is one. Undefined where messages repeat and it matters which.
 */
export function lifetimes(
  part: Part,
  initial: Json,
  budget: Budget,
): Lives | { readonly conflict: readonly number[] } | undefined {
  const { length, f, input, output, calls, returns } = part
  if (initial !== null && messagesAtFirst(initial).length > 0) return undefined
  const enqueues = new Map<number, number[]>()
  const dequeues = new Map<number, number[]>()
  const empties: number[] = []
  const unknown: number[] = []
  let repeated = false
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === ENQUEUE) {
      if (input[i] === NULL_ID) throw badOperation(part, i, `${NO_MESSAGE}.`)
      const same = enqueues.get(input[i])
      if (same === undefined) enqueues.set(input[i], [i])
      else {
        same.push(i)
        repeated = true
      }
    } else if (returns[i] === NEVER) unknown.push(i)
    else if (output[i] === NULL_ID) empties.push(i)
    else {
      const same = dequeues.get(output[i])
      if (same === undefined) dequeues.set(output[i], [i])
      else same.push(i)
    }
  }
  if (repeated && empties.length > 0) return undefined
  const lives: Life[] = []
  for (const [message, takers] of dequeues) {
    const givers = enqueues.get(message) ?? []
    takers.sort((a, b) => returns[a] - returns[b])
    for (const [at, dequeue] of takers.entries()) {
      budget.tick()
      const enqueue = givers[at]
      if (enqueue === undefined) return { conflict: [...givers, ...takers.slice(0, at + 1)] }
      if (calls[enqueue] > returns[dequeue]) return { conflict: [enqueue, dequeue] }
      lives.push({
        enqueue,
        dequeue,
        enqueueFrom: calls[enqueue],
        enqueued: Math.min(returns[enqueue], returns[dequeue]),
        dequeueFrom: Math.max(calls[dequeue], calls[enqueue]),
        dequeued: returns[dequeue],
      })
    }
  }
  for (const [message, givers] of enqueues) {
    budget.tick()
    for (const enqueue of givers.slice(dequeues.get(message)?.length ?? 0)) {
      // An enqueue of unknown outcome that nobody saw need not have happened.
      if (returns[enqueue] === NEVER) continue
      lives.push({
        enqueue,
        dequeue: -1,
        enqueueFrom: calls[enqueue],
        enqueued: returns[enqueue],
        dequeueFrom: NEVER,
        dequeued: NEVER,
      })
    }
  }
  return { lives, empties, unknown, repeated }
}

/**
 * Jepsen's `total-queue`: what goes in must come out. It supposes that the queue was drained in the end; where nothing
 * shows that (a drain, a dequeue marked final, or one that found nothing after the last enqueue), what did not come out
 * may still be inside, and the result is unknown.
 */
export function accountOfQueue(history: History, _: Json, budget: Budget): Accounting {
  const { operations } = history
  const attempts = new Map<number, Tally>()
  let attempted = 0
  let acknowledged = 0
  let lastEnqueue = -1
  let drainedAt = -1
  const dequeued: { readonly row: number; readonly key: number; readonly value: number }[] = []
  // By key: how many messages operations of unknown outcome may have taken.
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
      const isFinal = (operations.flags[row] & 1) !== 0
      const foundNothing = ok && output === NULL_ID
      if (isFinal || foundNothing) drainedAt = Math.max(drainedAt, operations.callEvent[row])
      if (ok && output !== NULL_ID) dequeued.push({ row, key, value: output })
    } else if (ok) {
      const items = history.values.json(output as ValueId)
      for (const item of Array.isArray(items) ? items : []) {
        dequeued.push({ row, key, value: history.values.id(item) })
      }
      drainedAt = Math.max(drainedAt, operations.returnEvent[row])
    }
  }
  const unexpected = new Map<number, Accounted>()
  for (const { row, key, value } of dequeued) {
    budget.tick()
    const name = elementName(key, value)
    const tally = attempts.get(name)
    if (tally !== undefined) tally.taken++
    else unexpected.set(name, accounted(history, row, value, (unexpected.get(name)?.count ?? 0) + 1))
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
    if (taken > tries) duplicated.push(accounted(history, row, value, taken - tries))
    if (seen > sure) recovered.push(accounted(history, row, value, seen - sure))
  }
  const isBad = unexpected.size > 0 || (lost.length > 0 && drainedAt > lastEnqueue)
  const isOpen = !isBad && lost.length > 0
  return accounting({
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

/** Takes so many of what there is of a key; false where there is not enough. */
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

function simulate(part: Part): (i: number) => boolean {
  const messages = new Map<number, number>()
  let size = 0
  let unknown = 0
  const change = (message: number, by: number): boolean => {
    const count = (messages.get(message) ?? 0) + by
    messages.set(message, count)
    size += by
    return count >= 0
  }
  return (i) => {
    if (part.f[i] === ENQUEUE) return change(part.input[i], 1)
    if (part.returns[i] === NEVER) return ++unknown > 0
    if (part.output[i] !== NULL_ID) return change(part.output[i], -1)
    // What those of unknown outcome took is what was left.
    const isEmpty = size <= unknown
    unknown -= size
    size = 0
    messages.clear()
    return isEmpty
  }
}
