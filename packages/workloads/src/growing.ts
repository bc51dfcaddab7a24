import { levels } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import { createKeyPool, keysSetting, sizeSetting } from './keys.ts'
import { readAll, readOf, readShare, readsSetting } from './reading.ts'
import { decidedWithUpdates } from './register.ts'
import { numberOf, type Settings } from './setting.ts'
import { missing } from './vacuity.ts'
import type { Clients, Workload } from './workload.ts'

/**
 * Creates clients that append values to objects, and read these as a whole. No value is appended twice, so every read
 * shows the order of the appends before it.
 */
function createGrowing(settings: Settings, serial: number, appended: (number: number) => Json): Clients {
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
          return { f: 'append', key, value: appended(last) }
        },
      }
    },
  }
}

const growing = {
  initial: null,
  functions: ['append', 'read'],
  reads: ['read'],
  finale: readAll,
  races: { what: 'an append', functions: ['append'] },
  vacuous: (history) => [...missing(history, 'read'), ...missing(history, 'append')],
} satisfies Partial<Workload>

export const append: Workload = {
  ...growing,
  name: 'append',
  summary: 'a string that is appended to and read whole',
  model: 'register',
  levels,
  levelsWith: () => decidedWithUpdates,
  object: 'register',
  settings: [
    keysSetting(20, 'how many strings clients use at a time'),
    readsSetting,
    sizeSetting('number of appends after which a new string replaces a string'),
  ],
  create: (settings, serial) => createGrowing(settings, serial, (number) => `${number}.`),
}

export const listAppend: Workload = {
  ...growing,
  name: 'list-append',
  summary: 'a list that is appended to and read whole',
  model: 'list-append',
  levels: ['linearizable', 'eventual', 'convergent'],
  object: 'lists',
  settings: [
    keysSetting(20, 'how many lists clients use at a time'),
    readsSetting,
    sizeSetting('number of appends after which a new list replaces a list'),
  ],
  create: (settings, serial) => createGrowing(settings, serial, (number) => number),
}
