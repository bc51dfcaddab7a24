import {
  canonical,
  elementsOf,
  FAIL,
  type History,
  inputOf,
  type Json,
  OK,
  outputOf,
  UserError,
} from '@chaosproxy/history'
import { malformed, type OperationRow } from '../encoding/operation-row.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'

export const functions = ['enqueue', 'take', 'ack', 'nack', 'remaining'] as const

/** A take that delivered a message. */
interface Handout {
  readonly row: OperationRow
  /** As canonical JSON. */
  readonly receipt: string
  /** The lease in ms, if known. No other consumer should get the message during it. */
  readonly leaseMs: number | undefined
}

interface Settlement {
  readonly row: OperationRow
  readonly does: 'ack' | 'nack'
  /** As canonical JSON. */
  readonly receipt: string
}

interface Sighting {
  readonly row: OperationRow
  readonly times: number
}

export interface Message {
  /** The value, as canonical JSON. All messages of a queue that have this value share one `Message`. */
  readonly text: string
  readonly initially: number
  readonly enqueues: OperationRow[]
  readonly failed: OperationRow[]
  readonly handouts: Handout[]
  readonly sightings: Sighting[]
  readonly settlements: Settlement[]
}

export interface Queue {
  readonly name: string | undefined
  readonly messages: ReadonlyMap<string, Message>
  /** The content at the start, as canonical JSON, oldest first. */
  readonly initial: readonly string[]
  readonly isStartUnknown: boolean
  readonly unanswered: readonly OperationRow[]
  /** The last operation that listed the unacknowledged messages. */
  readonly lastLook: OperationRow | undefined
}

interface OpenQueue extends Queue {
  readonly messages: Map<string, Message>
  readonly unanswered: OperationRow[]
  lastLook: OperationRow | undefined
  /** Messages by receipt, in canonical JSON. */
  readonly taken: Map<string, Message>
}

/**
 * Reads a history of queues whose messages are leased; a key is a queue:
 *
 * - `enqueue` (value)
 * - `take` (the lease in ms, or null if it is unknown) returns `[message, receipt]`, or null if there is no message. A
 *   receipt identifies one message: equal receipts mean the same message
 * - `ack` of a receipt: the message is processed; `nack` of a receipt returns the message before its lease ends
 * - `remaining` returns the list of all unacknowledged messages, including leased ones. It changes nothing
 *
 * @param initial the content of each queue at the start, oldest first; null for an empty queue.
 * @throws UserError (input) for a history of any other form, (usage) for an initial value of any other form.
 */
export function readQueues(history: History, initial: Json): readonly Queue[] {
  const { length, f, key, outcome } = history.operations
  const start = startOf(initial)
  const queues = new Map<number, OpenQueue>()
  const settlements: { readonly queue: OpenQueue; readonly row: OperationRow }[] = []
  for (let row = 0; row < length; row++) {
    const does = history.functions[f[row]]
    const queue = queues.get(key[row]) ?? opened(queues, key[row], { ...start, name: history.keys[key[row]] })
    if (does === 'enqueue') {
      const { enqueues, failed } = messageOf(queue, canonical(inputOf(history, row)))
      if (outcome[row] === FAIL) failed.push(row)
      else enqueues.push(row)
    } else if (does === 'remaining') {
      if (outcome[row] === OK) look(queue, history, row)
    } else if (does === 'take') {
      if (outcome[row] === OK) take(queue, history, row)
      else if (outcome[row] !== FAIL) queue.unanswered.push(row)
    } else if (outcome[row] !== FAIL) settlements.push({ queue, row })
  }
  // Settlements are handled after all takes, because several takes may return the same receipt.
  for (const { queue, row } of settlements) settle(queue, history, row)
  return [...queues.values()]
}

type Start = Pick<Queue, 'initial' | 'isStartUnknown'>

function startOf(initial: Json): Start {
  if (isUnknownStart(initial)) return { initial: [], isStartUnknown: true }
  if (initial === null) return { initial: [], isStartUnknown: false }
  if (Array.isArray(initial)) return { initial: initial.map((each: Json) => canonical(each)), isStartUnknown: false }
  throw new UserError(
    'usage',
    `the initial value of the work queue is ${JSON.stringify(initial)}, which is not a list. Give its messages, oldest first, e.g. ["a","b"].`,
  )
}

function opened(queues: Map<number, OpenQueue>, key: number, start: Start & Pick<Queue, 'name'>): OpenQueue {
  const made: OpenQueue = { ...start, messages: new Map(), unanswered: [], lastLook: undefined, taken: new Map() }
  for (const text of start.initial) messageOf(made, text)
  queues.set(key, made)
  return made
}

function messageOf({ messages, initial }: OpenQueue, text: string): Message {
  const known = messages.get(text)
  if (known !== undefined) return known
  const initially = initial.length === 0 ? 0 : initial.filter((each) => each === text).length
  const made: Message = { text, initially, enqueues: [], failed: [], handouts: [], sightings: [], settlements: [] }
  messages.set(text, made)
  return made
}

function look(queue: OpenQueue, history: History, row: OperationRow): void {
  const all = elementsOf(outputOf(history, row))
  if (all === undefined) throw malformed(history, row, 'its completion must have a list of messages')
  queue.lastLook = row
  const times = new Map<string, number>()
  for (const each of all) times.set(canonical(each), (times.get(canonical(each)) ?? 0) + 1)
  for (const [text, seen] of times) messageOf(queue, text).sightings.push({ row, times: seen })
}

function take(queue: OpenQueue, history: History, row: OperationRow): void {
  const output = outputOf(history, row)
  const input = inputOf(history, row)
  // A completed take returned no message if its value is null or the same as in the invocation.
  if (output === null || output === input) return
  if (input !== null && (typeof input !== 'number' || input < 0))
    throw malformed(history, row, 'its invocation must have a lease in ms, or null')
  const [value = null, receipt = null] = Array.isArray(output) && output.length === 2 ? (output as readonly Json[]) : []
  if (value === null || receipt === null)
    throw malformed(history, row, 'its completion must have [message, receipt], or null')
  const name = canonical(receipt)
  const message = messageOf(queue, canonical(value))
  const other = queue.taken.get(name) ?? message
  if (other !== message)
    throw malformed(
      history,
      row,
      `it returns ${message.text} with the receipt ${name}, which was returned with ${other.text} as well, so it is unknown which of the two was acknowledged. Record unique receipts, such as [channel, tag]`,
    )
  message.handouts.push({ row, receipt: name, leaseMs: input ?? undefined })
  queue.taken.set(name, message)
}

function settle(queue: OpenQueue, history: History, row: OperationRow): void {
  const receipt = canonical(inputOf(history, row))
  const message = queue.taken.get(receipt)
  if (message === undefined) throw malformed(history, row, `no "take" returned the receipt ${receipt}`)
  const does = history.functions[history.operations.f[row]] === 'ack' ? 'ack' : 'nack'
  const { callEvent, returnEvent, outcome } = history.operations
  // Ignores an ack or nack that certainly had no effect: it was answered before any take that returned its receipt was
  // called.
  const isEarly =
    outcome[row] === OK &&
    message.handouts.every((each) => each.receipt !== receipt || callEvent[each.row] > returnEvent[row])
  if (!isEarly) message.settlements.push({ row, does, receipt })
}
