import { createGrowing } from './growing.ts'
import { keysSetting, sizeSetting } from './keys.ts'
import { readAll, readsSetting } from './reading.ts'
import { missing } from './vacuity.ts'
import type { Workload } from './workload.ts'

/** Lists that grow at their end. */
export const listAppend: Workload = {
  name: 'list-append',
  summary: 'a list that is appended to and read whole',
  model: 'list-append',
  initial: null,
  levels: ['linearizable', 'eventual', 'convergent'],
  object: 'lists',
  functions: ['append', 'read'],
  reads: ['read'],
  settings: [
    keysSetting(20, 'how many lists clients use at a time'),
    readsSetting,
    sizeSetting('appends to a list until a new one takes its place'),
  ],
  create: (settings, serial) => createGrowing(settings, serial, (number) => number),
  finale: readAll,
  races: { what: 'an append', functions: ['append'] },
  vacuous: (history) => [...missing(history, 'read', ['read']), ...missing(history, 'append', ['append'])],
}
