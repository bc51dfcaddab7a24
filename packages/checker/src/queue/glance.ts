import { NEVER } from '../encoding/encoded.ts'
import { ascending } from '../encoding/lists.ts'
import type { Budget } from '../limits/budget.ts'
import { createNumbering } from '../object/model/elements.ts'
import { choose, eventsInOrder, type Part } from '../object/model/part.ts'
import type { FastAnswer } from '../object/model/slots.ts'
import { NULL_ID } from './gaps.ts'
import { ENQUEUE } from './operations.ts'

const NONE = -1

/**
 * The maximum number of dequeues of unknown outcome. If there are more, they can explain almost every suspicious
 * message.
 */
const MOST_UNKNOWN = 500

/** Suspicions looked into. */
const MOST_SUSPECTED = 16

/**
 * Looks for messages dequeued without an enqueue, twice, too early or, if order matters, in the wrong order. One pass
 * over typed arrays finds suspicious messages, which costs far less than deciding a long history. If `judge` finds the
 * operations on suspicious messages contradictory, returns them. The whole history is then contradictory, too.
 *
 * @throws OutOfTime
 */
export function glanceAtMessages(
  part: Part,
  isFirstInFirstOut: boolean,
  judge: (some: Part) => FastAnswer,
  budget: Budget,
): readonly number[] | undefined {
  const { length, f, input, output, calls, returns } = part
  const numbering = createNumbering()
  const message = new Int32Array(length).fill(NONE)
  const enqueue = new Int32Array(length + 1).fill(NONE)
  const dequeue = new Int32Array(length + 1).fill(NONE)
  const unknown: number[] = []
  const suspected: (readonly number[])[] = []
  for (let i = 0; i < length; i++) {
    budget.tick()
    const isIn = f[i] === ENQUEUE
    if (!isIn && returns[i] === NEVER) unknown.push(i)
    else if (isIn || output[i] !== NULL_ID) {
      const m = numbering.of(isIn ? input[i] : output[i])
      message[i] = m
      const side = isIn ? enqueue : dequeue
      if (side[m] === NONE) side[m] = i
      else if (!isIn) suspected.push([m])
    }
  }
  if (unknown.length > MOST_UNKNOWN) return undefined
  for (let m = 0; m < numbering.count() && suspected.length < MOST_SUSPECTED; m++) {
    const [taken, given] = [dequeue[m], enqueue[m]]
    if (taken !== NONE && (given === NONE || returns[taken] < calls[given])) suspected.push([m])
  }
  if (isFirstInFirstOut && suspected.length === 0) {
    const pair = overtaken(part, { message, enqueue, dequeue }, budget)
    if (pair !== undefined) suspected.push(pair)
  }
  for (const messages of suspected.slice(0, MOST_SUSPECTED)) {
    const some: number[] = []
    for (let i = 0; i < length; i++) if (messages.includes(message[i]) && message[i] !== NONE) some.push(i)
    const closed = ascending([...some, ...unknown])
    if (judge(choose(part, closed)).result === 'violated') return closed
  }
  return undefined
}

interface Passages {
  readonly message: Int32Array
  /** By message. */
  readonly enqueue: Int32Array
  readonly dequeue: Int32Array
}

/** Returns two messages of which the first was enqueued earlier and dequeued later. */
function overtaken(
  part: Part,
  { message, enqueue, dequeue }: Passages,
  budget: Budget,
): readonly [number, number] | undefined {
  const { f, calls, returns } = part
  // The message whose dequeue was called last, among messages whose enqueue has returned.
  let latest = NONE
  for (const event of eventsInOrder(part, budget)) {
    budget.tick()
    const i = event >> 1
    if (f[i] !== ENQUEUE || enqueue[message[i]] !== i || dequeue[message[i]] === NONE) continue
    const taken = dequeue[message[i]]
    if ((event & 1) === 1) {
      if (latest === NONE || calls[taken] > calls[dequeue[latest]]) latest = message[i]
    } else if (latest !== NONE && returns[taken] < calls[dequeue[latest]]) return [latest, message[i]]
  }
  return undefined
}
