import { levels } from '@chaosproxy/checker'
import { createGrowing } from './growing.ts'
import { keysSetting, sizeSetting } from './keys.ts'
import { readAll, readsSetting } from './reading.ts'
import { missing } from './vacuity.ts'
import type { Workload } from './workload.ts'

/** Strings that grow at their end. */
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
  create: (settings, serial) => createGrowing(settings, serial, (number) => `${number}.`),
  finale: readAll,
  races: { what: 'an append', functions: ['append'] },
  vacuous: (history) => [...missing(history, 'read', ['read']), ...missing(history, 'append', ['append'])],
}
