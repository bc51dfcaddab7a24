import { levels } from '@chaosproxy/checker'
import { createKeyPool, keysSetting } from './keys.ts'
import { readAll, readOf } from './reading.ts'
import { numberOf } from './setting.ts'
import { missing } from './vacuity.ts'
import type { Workload } from './workload.ts'

/**
 * Only reads, for systems whose clients change nothing, such as servers of static files. The content must not change.
 * The run measures whether reads are answered.
 */
export const readOnly: Workload = {
  name: 'read-only',
  summary: 'reads of objects that never change, for systems that store nothing',
  model: 'register',
  initial: null,
  levels,
  object: 'register',
  functions: ['read'],
  reads: ['read'],
  settings: [keysSetting(20, 'how many objects clients read')],
  create(settings) {
    const keys = createKeyPool(numberOf(settings, 'keys'))
    return { client: (random) => ({ next: () => readOf(keys.pick(random)) }) }
  },
  finale: readAll,
  vacuous: (history) => missing(history, 'read'),
}
