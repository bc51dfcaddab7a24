import { elementsOf, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { addTo } from '../encoding/lists.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import { badOperation, type Part } from '../object/model/part.ts'
import { type FastAnswer, NOT_APPLICABLE, violated } from '../object/model/slots.ts'
import { firstWhere } from '../search/halving.ts'
import { findGap, NULL_ID, type Taking } from './gaps.ts'
import type { Life } from './life.ts'
import { ENQUEUE, messagesAtFirst, NO_MESSAGE } from './operations.ts'

// The time spans in which a bag or queue held each message.

export interface Lives {
  readonly lives: readonly Life[]
  /** Dequeues that found nothing. */
  readonly empties: readonly number[]
  /** Dequeues of unknown outcome, in order of call. */
  readonly unknown: readonly number[]
  readonly repeated: boolean
}

/**
 * Pairs each dequeue with the enqueue of its message. Of equal messages, the enqueue called first is paired with the
 * dequeue that returns first, which is valid if any pairing is. Not applicable if another pairing might lead to a
 * different verdict.
 */
export function lifetimes(part: Part, initial: Json, budget: Budget): Lives | FastAnswer {
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
      repeated ||= enqueues.has(input[i])
      addTo(enqueues, input[i], i)
    } else if (returns[i] === NEVER) unknown.push(i)
    else if (output[i] === NULL_ID) empties.push(i)
    else addTo(dequeues, output[i], i)
  }
  if (repeated && empties.length > 0) return strayIn(part, null, budget)
  const lives: Life[] = []
  for (const [message, takers] of dequeues) {
    const givers = enqueues.get(message) ?? []
    takers.sort((a, b) => returns[a] - returns[b])
    for (const [at, dequeue] of takers.entries()) {
      budget.tick()
      const enqueue = givers[at]
      if (enqueue === undefined) return violated([...givers, ...takers.slice(0, at + 1)])
      if (calls[enqueue] > returns[dequeue]) return violated([enqueue, dequeue])
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
      // An enqueue of unknown outcome whose message was not dequeued can be left out.
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

/** Returns the conflict of a dequeue whose message was neither initial nor enqueued. Not applicable if there is none. */
function strayIn(part: Part, initial: Json, budget: Budget): FastAnswer {
  const { length, f, input, output, returns } = part
  const given = new Set<number>(elementsOf(initial)?.map((message) => part.history.values.id(message)))
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === ENQUEUE) given.add(input[i])
  }
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === ENQUEUE || returns[i] === NEVER || output[i] === NULL_ID || given.has(output[i])) continue
    return violated([i])
  }
  return NOT_APPLICABLE
}

/**
 * Returns a possible moment of each dequeue that found nothing. If a dequeue has no possible moment, returns its
 * conflict with the messages in the queue.
 */
export function momentsOf(
  { lives, empties, unknown }: Lives,
  part: Part,
  budget: Budget,
): readonly number[] | FastAnswer {
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
    if (moment === undefined) return violated([empty, ...fillersOf({ lives, unknown }, part, empty, budget)])
    moments.push(moment)
  }
  return moments
}

/**
 * Returns operations that prove that the queue was never empty during a dequeue that found nothing: the operations on a
 * few messages in the queue, and the dequeues of unknown outcome. These dequeues are too few to have taken all of these
 * messages.
 */
function fillersOf(
  { lives, unknown }: Pick<Lives, 'lives' | 'unknown'>,
  { calls, returns }: Part,
  empty: number,
  budget: Budget,
): readonly number[] {
  const found = new Set<number>()
  for (let at = calls[empty]; at < returns[empty]; ) {
    let longest: Life | undefined
    const stayed: Life[] = []
    for (const life of lives) {
      budget.tick()
      if (life.enqueued > at || life.dequeueFrom <= at) continue
      if (life.dequeue === -1) stayed.push(life)
      else if (life.dequeueFrom > (longest?.dequeueFrom ?? 0)) longest = life
    }
    const takers = unknown.filter((i) => calls[i] <= at)
    const fillers = longest === undefined ? stayed.slice(0, takers.length + 1) : [longest]
    for (const i of [...fillers.flatMap(operationsOf), ...(longest === undefined ? takers : [])]) found.add(i)
    at = longest?.dequeueFrom ?? unknown.map((i) => calls[i]).find((call) => call > at) ?? NEVER
  }
  return [...found]
}

export const operationsOf = ({ enqueue, dequeue }: Life): readonly number[] =>
  [enqueue, dequeue].filter((i) => i !== -1)

/** Returns the messages that no known dequeue took, but that were gone when a later dequeue found nothing. */
export function takenBefore({ lives, empties }: Lives, moments: readonly number[], budget: Budget): readonly Taking[] {
  if (moments.length === 0) return []
  const found = moments.map((at, n) => ({ at, empty: empties[n] })).sort(ticking((a, b) => a.at - b.at, budget))
  const isTaken = ({ dequeue, enqueued }: Life): boolean => dequeue === -1 && enqueued < found[found.length - 1].at
  return lives
    .filter(isTaken)
    .sort(ticking((a, b) => a.enqueued - b.enqueued, budget))
    .map((life) => {
      const { at, empty } = found[firstWhere(0, found.length, (n) => found[n].at > life.enqueued)]
      return { life, before: at, evidence: [empty] }
    })
}
