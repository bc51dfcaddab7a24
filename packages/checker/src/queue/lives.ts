import { elementsOf, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { addTo } from '../encoding/lists.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import { badOperation, type Part } from '../object/model/part.ts'
import { firstWhere } from '../search/halving.ts'
import { findGap, NULL_ID, type Taking } from './gaps.ts'
import type { Life } from './life.ts'
import { ENQUEUE, messagesAtFirst, NO_MESSAGE } from './operations.ts'

// When each message of a bag or queue was in it.

export interface Lives {
  readonly lives: readonly Life[]
  /** Dequeues that found nothing. */
  readonly empties: readonly number[]
  /** Dequeues of unknown outcome, in order of call. */
  readonly unknown: readonly number[]
  readonly repeated: boolean
}

/**
 * Pairs each dequeue with the enqueue of its message. Among equal messages, the enqueue called first is paired with the
 * dequeue that returns first: if any pairing works, that one does. Undefined if messages repeat and the pairing
 * matters.
 */
export function lifetimes(
  part: Part,
  initial: Json,
  budget: Budget,
): Lives | { readonly conflict: readonly number[] } | undefined {
  const { length, f, input, output, calls, returns } = part
  if (initial !== null && messagesAtFirst(initial).length > 0) return strayIn(part, initial, budget)
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
      addTo(dequeues, output[i], i)
    }
  }
  if (repeated && empties.length > 0) return strayIn(part, null, budget)
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
      // An unseen enqueue of unknown outcome need not have happened.
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

/** A message that came out and that nobody put in is a contradiction by itself, whatever else happened. */
function strayIn(part: Part, initial: Json, budget: Budget): { readonly conflict: readonly number[] } | undefined {
  const { length, f, input, output, returns } = part
  const given = new Set<number>(elementsOf(initial)?.map((message) => part.history.values.id(message)))
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === ENQUEUE) given.add(input[i])
  }
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === ENQUEUE || returns[i] === NEVER || output[i] === NULL_ID || given.has(output[i])) continue
    return { conflict: [i] }
  }
  return undefined
}

/**
 * When each dequeue that found nothing may have happened; or one that cannot have, with the messages that were
 * certainly there.
 */
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

/** The messages that no known dequeue took, although the queue was empty at a later one of these moments. */
export function takenBefore(lives: readonly Life[], moments: readonly number[], budget: Budget): readonly Taking[] {
  if (moments.length === 0) return []
  const sorted = moments.toSorted(ticking((a, b) => a - b, budget))
  return lives
    .filter(({ dequeue, enqueued }) => dequeue === -1 && enqueued < sorted[sorted.length - 1])
    .sort(ticking((a, b) => a.enqueued - b.enqueued, budget))
    .map((life) => ({ life, before: sorted[firstWhere(0, sorted.length, (at) => sorted[at] > life.enqueued)] }))
}
