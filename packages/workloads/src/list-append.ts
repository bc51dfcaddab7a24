import { createKeyPool, keysSetting, sizeSetting } from './keys.ts'
import { readAll, readOf, readShare, readsSetting } from './reading.ts'
import { numberOf } from './setting.ts'
import { missing, withoutConcurrency } from './vacuity.ts'
import type { Workload } from './workload.ts'

/** Lists that grow at their end. No element is appended twice: the longest read of a list is the order of its appends. */
export const listAppend: Workload = {
  name: 'list-append',
  summary: 'a list that is appended to and read whole',
  model: 'list-append',
  initial: null,
  levels: ['linearizable'],
  object: 'lists',
  functions: ['append', 'read'],
  reads: ['read'],
  settings: [
    keysSetting(20, 'how many lists clients use at a time'),
    readsSetting,
    sizeSetting('appends to a list until a new one takes its place'),
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
            return { f: 'append', key, value: last }
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
