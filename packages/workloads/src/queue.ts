import { createKeyPool, keysSetting } from './keys.ts'
import { readShare } from './reading.ts'
import { numberOf, shareSetting } from './setting.ts'
import { missing, unfound } from './vacuity.ts'
import type { Workload } from './workload.ts'

/**
 * Queues of distinct messages. Every queue is drained at the end, and a message that the drain does not return is lost.
 */
export const queue: Workload = {
  name: 'queue',
  summary: 'messages, first in, first out, each taken once; the queues are drained at the end',
  model: 'queue',
  initial: null,
  levels: ['linearizable', 'eventual'],
  object: 'queue',
  functions: ['enqueue', 'dequeue', 'drain'],
  reads: [],
  settings: [
    keysSetting(5, 'how many queues clients use'),
    {
      ...shareSetting('dequeues', 0.5, 'share of operations that take a message; some clients take more, others less'),
      worthTrying: [0.3, 0.5, 0.7],
    },
  ],
  create(settings, serial) {
    const keys = createKeyPool(numberOf(settings, 'keys'))
    const dequeues = numberOf(settings, 'dequeues')
    let last = serial
    return {
      client(random, rank) {
        const share = readShare(dequeues, rank)
        return {
          next() {
            const key = keys.pick(random)
            if (random.chance(share)) return { f: 'dequeue', key, value: null }
            last += 1
            return { f: 'enqueue', key, value: last }
          },
        }
      },
    }
  },
  finale: (keys) => keys.map((key) => ({ f: 'drain', key, value: null })),
  races: { what: 'an enqueue or a dequeue', functions: ['enqueue', 'dequeue'] },
  vacuous: (history) => [
    ...missing(history, 'enqueue'),
    ...unfound(history, ['dequeue'], { text: 'no dequeue returned a message', fits: (message) => message !== null }),
  ],
}
