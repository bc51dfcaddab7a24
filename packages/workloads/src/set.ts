import { canonical, type Json } from '@chaosproxy/history'
import { createKeyPool, keysSetting, sizeSetting } from './keys.ts'
import { readAll, readOf, readShare, readsSetting } from './reading.ts'
import { numberOf, shareSetting } from './setting.ts'
import { missing } from './vacuity.ts'
import type { Workload } from './workload.ts'

/**
 * Sets to which clients add distinct elements, and which they read as a whole. A client removes only its own elements,
 * so most removals find theirs.
 */
export const set: Workload = {
  name: 'set',
  summary: 'a set: clients add values, remove values, and read the whole set',
  model: 'set',
  initial: null,
  levels: ['linearizable', 'eventual', 'convergent'],
  object: 'set',
  functions: ['add', 'remove', 'read'],
  uses: ({ removes }) => (removes === 0 ? ['add', 'read'] : ['add', 'remove', 'read']),
  reads: ['read'],
  settings: [
    keysSetting(20, 'how many sets clients use at a time'),
    readsSetting,
    sizeSetting('number of additions after which a new set replaces a set'),
    shareSetting('removes', 0.1, 'share of updates that remove an element; 0: sets only grow'),
  ],
  create(settings, serial) {
    const keys = createKeyPool(numberOf(settings, 'keys'), numberOf(settings, 'size'))
    const reads = numberOf(settings, 'reads')
    const removes = numberOf(settings, 'removes')
    let last = serial
    return {
      client(random, rank) {
        const share = readShare(reads, rank)
        const added = new Map<string, Json[]>()
        return {
          next() {
            const key = keys.pick(random)
            if (random.chance(share)) return readOf(key)
            const own = added.get(key)
            if (random.chance(removes) && own !== undefined && own.length > 0)
              return { f: 'remove', key, value: own.splice(random.integer(own.length), 1)[0] ?? null }
            last += 1
            keys.filled(key)
            if (own === undefined) added.set(key, [last])
            else own.push(last)
            return { f: 'add', key, value: last }
          },
        }
      },
    }
  },
  finale: readAll,
  // Nodes may return the elements in different orders.
  agreedOn: (elements) => (Array.isArray(elements) ? elements.map((element) => canonical(element)).sort() : elements),
  races: { what: 'an add', functions: ['add', 'remove'] },
  vacuous: (history) => [...missing(history, 'read'), ...missing(history, 'add')],
}
