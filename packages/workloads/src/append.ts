import { levels } from '@chaosproxy/checker'
import { createKeyPool, keysSetting, sizeSetting } from './keys.ts'
import { readAll, readOf, readShare, readsSetting } from './reading.ts'
import { numberOf } from './setting.ts'
import { missing, withoutConcurrency } from './vacuity.ts'
import type { Workload } from './workload.ts'

/** Strings that grow at their end. No text is appended twice, so that every read shows the order of all appends before it. */
export const append: Workload = {
  name: 'append',
  summary: 'a string that is appended to and read whole',
  model: 'register',
  initial: null,
  levels,
  object: 'register',
  functions: ['append', 'read'],
  reads: ['read'],
  settings: [
    keysSetting(20, 'how many strings clients use at a time'),
    readsSetting,
    sizeSetting('appends to a string until a new one takes its place'),
  ],
  create(settings, serial) {
    const keys = createKeyPool(numberOf(settings, 'keys'), numberOf(settings, 'size'))
    const reads = numberOf(settings, 'reads')
    let last = serial
    return {
      client(random, rank) {
        const share = readShare(reads, rank)
        return {
          next() {
            const key = keys.pick(random)
            if (random.chance(share)) return readOf(key)
            last += 1
            keys.filled(key)
            return { f: 'append', key, value: `${last}.` }
          },
        }
      },
    }
  },
  finale: readAll,
  vacuous: (history) => [
    ...missing(history, 'read', ['read']),
    ...missing(history, 'append', ['append']),
    ...withoutConcurrency(history, 'an append', ['append']),
  ],
}
