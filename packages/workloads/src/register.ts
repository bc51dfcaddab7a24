import { levels } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import { createKeyPool, keysSetting } from './keys.ts'
import { readAll, readOf, readShare, readsSetting } from './reading.ts'
import { numberOf, shareSetting } from './setting.ts'
import { missing, withoutNews, withoutSharedKey } from './vacuity.ts'
import type { Workload } from './workload.ts'

/**
 * The levels that can be decided for histories with a compare-and-set or an append. Weaker levels are defined only for
 * reads and writes.
 */
export const decidedWithUpdates: readonly string[] = ['linearizable', 'sequential', 'eventual', 'convergent']

/**
 * Reads, writes and compare-and-sets on a few keys. No value is written twice, so every read identifies its write. A
 * cas expects the value last known to its client, so many succeed.
 */
export const register: Workload = {
  name: 'register',
  summary: 'a value that is read, written, and compared and set',
  model: 'register',
  initial: null,
  levels,
  levelsWith: ({ cas }) => (cas === 0 ? levels : decidedWithUpdates),
  object: 'register',
  functions: ['read', 'write', 'cas'],
  uses: ({ cas }) => (cas === 0 ? ['read', 'write'] : ['read', 'write', 'cas']),
  reads: ['read'],
  settings: [
    keysSetting(20, 'how many registers clients use'),
    readsSetting,
    {
      ...shareSetting(
        'cas',
        0.2,
        'share of updates that are compare-and-sets; with 0, levels weaker than sequential can be decided as well',
      ),
      ifWeaker: 0,
      worthTrying: [0.1],
    },
  ],
  create(settings, serial) {
    const keys = createKeyPool(numberOf(settings, 'keys'))
    const reads = numberOf(settings, 'reads')
    const casShare = numberOf(settings, 'cas')
    let lastValue = serial
    /** By key: the last written value. A client that has seen no value expects this one in a cas. */
    const lastWritten = new Map<string, number>()
    return {
      client(random, rank) {
        const share = readShare(reads, rank)
        const known = new Map<string, Json>()
        let hasAnswer = false
        return {
          next() {
            const key = keys.pick(random)
            if (random.chance(share)) return readOf(key)
            const expected = (hasAnswer ? known.get(key) : lastWritten.get(key)) ?? null
            lastValue += 1
            lastWritten.set(key, lastValue)
            if (random.chance(casShare)) return { f: 'cas', key, value: [expected, lastValue] }
            return { f: 'write', key, value: lastValue }
          },
          learned({ f, key = '', value }, completion) {
            hasAnswer = true
            if (completion.type !== 'ok') return
            if (f === 'cas' && Array.isArray(value)) known.set(key, value[1] ?? null)
            else known.set(key, f === 'read' ? completion.value : value)
          },
        }
      },
    }
  },
  finale: readAll,
  races: { what: 'a write', functions: ['write', 'cas'] },
  vacuous: (history) => [
    ...missing(history, 'read', history.functions.includes('read') ? ['read'] : ['cas']),
    ...missing(history, 'write', ['write', 'cas']),
    ...withoutNews(history),
    ...withoutSharedKey(history),
  ],
}
