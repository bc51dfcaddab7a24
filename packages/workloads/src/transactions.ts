import { levelsOf } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import { createKeyPool, keysSetting, sizeSetting } from './keys.ts'
import { readShare, readsSetting } from './reading.ts'
import { numberOf } from './setting.ts'
import { missing, someSucceeded } from './vacuity.ts'
import type { Workload } from './workload.ts'

const FUNCTIONS = ['txn'] as const

/**
 * Transactions over a few lists. No value is appended twice, so every read shows the order of all appends before it, and
 * the order in which transactions took effect follows without a search.
 */
export const txnListAppend: Workload = {
  name: 'txn-list-append',
  summary: 'transactions that append to lists and read others whole, all or nothing',
  model: 'list-append',
  initial: null,
  levels: levelsOf('list-append', FUNCTIONS),
  object: 'lists',
  functions: FUNCTIONS,
  reads: [],
  settings: [
    keysSetting(5, 'how many lists clients use at a time'),
    readsSetting,
    { name: 'steps', summary: 'the most appends and reads of a transaction', default: 4, min: 1, max: 100 },
    sizeSetting('appends to a list until a new one takes its place'),
  ],
  create(settings, serial) {
    const keys = createKeyPool(numberOf(settings, 'keys'), numberOf(settings, 'size'))
    const reads = numberOf(settings, 'reads')
    const most = numberOf(settings, 'steps')
    let last = serial * most
    return {
      client(random, rank) {
        const share = readShare(reads, rank)
        const step = (): Json => {
          const key = keys.pick(random)
          if (random.chance(share)) return ['r', key, null]
          last += 1
          keys.filled(key)
          return ['append', key, last]
        }
        return { next: () => ({ f: 'txn', value: Array.from({ length: 1 + random.integer(most) }, step) }) }
      },
    }
  },
  // A transaction names no key, so the keys of a run are not known at its end.
  finale: () => [],
  races: { what: 'a transaction', functions: FUNCTIONS },
  vacuous: (history) => [
    ...missing(history, 'transaction', FUNCTIONS),
    ...(someSucceeded(history, FUNCTIONS, hasRead) ? [] : ['no transaction read an element']),
  ],
}

/**
 * The level by which a workload's histories are judged where `level` is asked for: transactions that are linearizable, each
 * as one operation, are strictly serializable.
 */
export const levelFor = ({ levels }: Pick<Workload, 'levels'>, level: string): string =>
  level === 'linearizable' && levels.includes('strict-serializable') ? 'strict-serializable' : level

const hasRead = (steps: Json): boolean =>
  Array.isArray(steps) &&
  steps.some((step: Json) => Array.isArray(step) && step[0] === 'r' && Array.isArray(step[2]) && step[2].length > 0)
