import { createKeyPool, keysSetting } from './keys.ts'
import { readAll, readOf, readShare, readsSetting } from './reading.ts'
import { numberOf } from './setting.ts'
import { missing } from './vacuity.ts'
import type { Workload } from './workload.ts'

/**
 * Additions to a few counters, and reads. By default every addition is 1: interchangeable additions are judged quickly
 * in a history of any length.
 */
export const counter: Workload = {
  name: 'counter',
  summary: 'a number that is added to and read',
  model: 'counter',
  initial: 0,
  levels: ['linearizable', 'eventual', 'convergent'],
  object: 'counter',
  functions: ['add', 'read'],
  reads: ['read'],
  settings: [
    keysSetting(5, 'how many counters clients use'),
    readsSetting,
    {
      name: 'amount',
      summary:
        'the largest amount that one operation adds; if it is above 1, long histories are only checked against bounds',
      default: 1,
      min: 1,
      max: 1_000_000,
    },
  ],
  create(settings) {
    const keys = createKeyPool(numberOf(settings, 'keys'))
    const reads = numberOf(settings, 'reads')
    const most = numberOf(settings, 'amount')
    return {
      client(random, rank) {
        const share = readShare(reads, rank)
        return {
          next() {
            const key = keys.pick(random)
            if (random.chance(share)) return readOf(key)
            return { f: 'add', key, value: most === 1 ? 1 : 1 + random.integer(most) }
          },
        }
      },
    }
  },
  finale: readAll,
  races: { what: 'an add', functions: ['add'] },
  vacuous: (history) => [...missing(history, 'read'), ...missing(history, 'add')],
}
