import { canonical, type Json } from '@chaosproxy/history'
import { listAtFirst } from '../object/model/any-start.ts'
import type { Expansion } from '../object/model/part.ts'

export const ENQUEUE = 0
export const DEQUEUE = 1
export const DRAIN = 2

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

/**
 * A drain dequeues until the queue is empty: each message that it returned was dequeued during the drain, and the queue
 * was empty at some time during it.
 */
export const drainExpands: Omit<Expansion, 'itemsAtFirst'> = { from: DRAIN, to: DEQUEUE }

export const messagesAtFirst = (initial: Json): readonly string[] =>
  listAtFirst(initial, 'queue').map((value) => canonical(value))

export const NO_MESSAGE = 'null is no message: a dequeue that found nothing returns it'
