import { canonical, type Json, UserError } from '@chaosproxy/history'
import type { Expansion } from '../object/model/part.ts'

// What bags and queues have in common: their operations and their initial content.

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
 * A drain dequeues until nothing is left: each message it returned counts as dequeued at some time during the drain, and
 * at some time during it the queue was empty.
 */
export const drainExpands: Omit<Expansion, 'itemsAtFirst'> = { from: DRAIN, to: DEQUEUE }

export function messagesAtFirst(initial: Json): readonly string[] {
  if (initial === null) return []
  if (!Array.isArray(initial)) {
    throw new UserError('usage', `the queue begins as ${JSON.stringify(initial)}, which is no list. Give e.g. [1,2].`)
  }
  return initial.map((value: Json) => canonical(value))
}

export const NO_MESSAGE = 'null is no message: a dequeue returns it that found nothing'
