import { levels } from '@chaos/checker'
import type { Json } from '@chaos/history'
import { createKeyPool, keysSetting } from './keys.ts'
import { readAll, readOf, readShare, readsSetting } from './reading.ts'
import { numberOf } from './setting.ts'
import { missing, withoutConcurrency } from './vacuity.ts'
import type { Workload } from './workload.ts'

/**
 * Reads, writes and compare-and-sets on a few keys. No value is ever written twice, so that every read tells just which
 * write it saw. A cas expects what its client last knew, so that a good part of them succeed.
 */
export const register: Workload = {
  name: 'register',
  summary: 'a value that is read, written, and compared and set',
  model: 'register',
  initial: null,
  levels,
  object: 'register',
  functions: ['read', 'write', 'cas'],
  reads: ['read'],
  settings: [
    keysSetting(20, 'how many registers clients use'),
    readsSetting,
    {
      name: 'cas',
      summary: 'share of what is not a read that compares and sets; 0 for a finer verdict on what promises less',
      default: 0.2,
      min: 0,
      max: 1,
      fraction: true,
      worthTrying: [0.1],
    },
  ],
  create(settings, serial) {
    const keys = createKeyPool(numberOf(settings, 'keys'))
    const reads = numberOf(settings, 'reads')
    const casShare = numberOf(settings, 'cas')
    let lastValue = serial
    return {
      client(random, rank) {
        const share = readShare(reads, rank)
        const known = new Map<string, Json>()
        return {
          next() {
            const key = keys.pick(random)
            if (random.chance(share)) return readOf(key)
            lastValue += 1
            if (random.chance(casShare)) return { f: 'cas', key, value: [known.get(key) ?? null, lastValue] }
            return { f: 'write', key, value: lastValue }
          },
          learned({ f, key = '', value }, completion) {
            if (completion.type !== 'ok') return
            if (f === 'cas' && Array.isArray(value)) known.set(key, value[1] ?? null)
            else known.set(key, f === 'read' ? completion.value : value)
          },
        }
      },
    }
  },
  finale: readAll,
  vacuous: (history) => [
    ...missing(history, 'read', ['read', 'cas']),
    ...missing(history, 'write', ['write', 'cas']),
    ...withoutConcurrency(history, 'a write', ['write', 'cas']),
  ],
}
