import { createKeyPool, keysSetting } from './keys.ts'
import { numberOf } from './setting.ts'
import { missing } from './vacuity.ts'
import type { Workload } from './workload.ts'

/** Clients that request ids as fast as the rate allows. */
export const uniqueIds: Workload = {
  name: 'unique-ids',
  summary: 'a source of ids, none of which may be given out twice',
  model: 'unique-ids',
  initial: null,
  levels: ['linearizable'],
  object: 'ids',
  functions: ['generate'],
  reads: [],
  settings: [keysSetting(1, 'how many sources of ids clients use')],
  create(settings) {
    const keys = createKeyPool(numberOf(settings, 'keys'))
    return { client: (random) => ({ next: () => ({ f: 'generate', key: keys.pick(random), value: null }) }) }
  },
  finale: () => [],
  races: { what: 'a generate', functions: ['generate'] },
  vacuous: (history) => missing(history, 'generate'),
}
