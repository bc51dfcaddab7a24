import { canonical, elementsOf, FAIL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { malformed, type OperationRow } from '../encoding/operation-row.ts'

/** The functions that the model understands. */
export const functions = ['enqueue', 'take', 'ack', 'nack', 'remaining'] as const

/** An operation that returned a message: somebody took it, or saw that it was there. */
export interface Sight {
  readonly row: OperationRow
  readonly isTake: boolean
  /** How long nobody else should get it; undefined if nobody said so. */
  readonly leaseMs: number | undefined
}

/** All that is known of one message of a queue. Messages differ in their values. */
export interface Message {
  /** Its value as canonical JSON. */
  readonly text: string
  /** Those that have not failed. */
  readonly enqueues: OperationRow[]
  readonly failed: OperationRow[]
  readonly sights: Sight[]
  /** Those that have not failed. */
  readonly acks: OperationRow[]
  readonly nacks: OperationRow[]
}

export interface Queue {
  readonly name: string | undefined
  readonly messages: ReadonlyMap<string, Message>
  /** The takes that may have got something, nobody knows what. */
  readonly unanswered: readonly OperationRow[]
  /** The last that told what was not acknowledged. */
  readonly lastLook: OperationRow | undefined
}

interface OpenQueue extends Queue {
  readonly messages: Map<string, Message>
  readonly unanswered: OperationRow[]
  lastLook: OperationRow | undefined
  /** By receipt, in canonical JSON. */
  readonly taken: Map<string, Message>
}

/**
 * Reads a history of queues whose messages are leased; a key is a queue:
 *
 * - `enqueue` (value)
 * - `take` of the lease in ms, or null if it is not known, returns `[message, receipt]`, or null if there is none
 * - `ack` of a receipt: the message is done with; `nack` of one gives it back before its lease ends
 * - `remaining` returns a list: all that is not acknowledged, also what is leased. It changes nothing
 *
 * @throws UserError (input) for a history of any other form.
 */
export function readQueues(history: History): readonly Queue[] {
  const { length, f, key, outcome } = history.operations
  const queues = new Map<number, OpenQueue>()
  const settlements: { readonly queue: OpenQueue; readonly row: OperationRow }[] = []
  for (let row = 0; row < length; row++) {
    const does = history.functions[f[row]]
    const queue = queueOf(queues, key[row], history.keys[key[row]])
    if (does === 'enqueue') {
      const { enqueues, failed } = messageOf(queue, inputOf(history, row))
      if (outcome[row] === FAIL) failed.push(row)
      else enqueues.push(row)
    } else if (does === 'remaining') {
      if (outcome[row] === OK) look(queue, history, row)
    } else if (does === 'take') {
      if (outcome[row] === OK) take(queue, history, row)
      else if (outcome[row] !== FAIL) queue.unanswered.push(row)
    } else if (outcome[row] !== FAIL) settlements.push({ queue, row })
  }
  // A receipt may be used before all that tell of it are read.
  for (const { queue, row } of settlements) settle(queue, history, row)
  return [...queues.values()]
}

function queueOf(queues: Map<number, OpenQueue>, key: number, name: string | undefined): OpenQueue {
  const known = queues.get(key)
  if (known !== undefined) return known
  const made: OpenQueue = { name, messages: new Map(), unanswered: [], lastLook: undefined, taken: new Map() }
  queues.set(key, made)
  return made
}

function messageOf({ messages }: OpenQueue, value: Json): Message {
  const text = canonical(value)
  const known = messages.get(text)
  if (known !== undefined) return known
  const made: Message = { text, enqueues: [], failed: [], sights: [], acks: [], nacks: [] }
  messages.set(text, made)
  return made
}

function look(queue: OpenQueue, history: History, row: OperationRow): void {
  const all = elementsOf(outputOf(history, row))
  if (all === undefined) throw malformed(history, row, 'it ends with a list of messages')
  queue.lastLook = row
  for (const each of all) messageOf(queue, each).sights.push({ row, isTake: false, leaseMs: undefined })
}

function take(queue: OpenQueue, history: History, row: OperationRow): void {
  const told = outputOf(history, row)
  if (told === null) return
  const asked = inputOf(history, row)
  if (asked !== null && (typeof asked !== 'number' || asked < 0))
    throw malformed(history, row, 'it asks for a lease in ms, or null')
  const [value = null, receipt = null] = Array.isArray(told) && told.length === 2 ? (told as readonly Json[]) : []
  if (value === null || receipt === null) throw malformed(history, row, 'it ends with [message, receipt], or null')
  const message = messageOf(queue, value)
  message.sights.push({ row, isTake: true, leaseMs: asked ?? undefined })
  queue.taken.set(canonical(receipt), message)
}

/** An `ack` or `nack`. */
function settle(queue: OpenQueue, history: History, row: OperationRow): void {
  const receipt = inputOf(history, row)
  const message = queue.taken.get(canonical(receipt))
  if (message === undefined) throw malformed(history, row, `nobody was given the receipt ${JSON.stringify(receipt)}`)
  const { acks, nacks } = message
  if (history.functions[history.operations.f[row]] === 'ack') acks.push(row)
  else nacks.push(row)
}
