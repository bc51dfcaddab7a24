import type { Json } from '@chaosproxy/history'
import { createKeyPool } from './keys.ts'
import { readOf, readShare } from './reading.ts'
import { numberOf, type Settings } from './setting.ts'
import type { Clients } from './workload.ts'

/**
 * Clients of objects that are appended to and read whole. `appended` makes a value from its number. No value is
 * appended twice, so every read shows the order of all appends before it.
 */
export function createGrowing(settings: Settings, serial: number, appended: (number: number) => Json): Clients {
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
