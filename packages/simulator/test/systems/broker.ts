import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
/** Whether a message that a request of unknown outcome may have taken is lost is unknown. */
const IN_ORDER = { meets: ['linearizable'] }
const queues = { protocol: 'broker', workload: 'queue' }
const ONCE_AT_MOST = { delivery: 'at-most-once' }
const ONCE_AT_LEAST = { delivery: 'at-least-once' }

/** So that a wrong value is not soon overwritten by the next write. */
const MANY_KEYS = { keys: 100, reads: 0.1 }
const PUSHED = { topics: 'push' }

export const brokerRows: readonly SystemRow[] = [
  { ...queues, faults: CALM, earns: LINEARIZABLE },
  { ...queues, faults: UNDER_FAULTS, earns: IN_ORDER },
  // Nothing is lost, and some messages come twice.
  {
    ...queues,
    targetSettings: ONCE_AT_LEAST,
    faults: UNDER_FAULTS,
    earns: { meets: ['eventual'], breaks: ['linearizable'] },
  },
  // Nothing comes twice, and some messages never.
  {
    ...queues,
    targetSettings: ONCE_AT_MOST,
    faults: UNDER_FAULTS,
    earns: { meets: [], breaks: ['linearizable', 'eventual'], loses: true },
  },
  // Consumers that do not wait for each other may get a later message before a repeated one.
  {
    ...queues,
    targetSettings: { ordered: false },
    faults: UNDER_FAULTS,
    earns: { meets: [], breaks: ['linearizable'] },
  },
  { protocol: 'broker', workload: 'log', faults: UNDER_FAULTS, earns: IN_ORDER },
  { protocol: 'broker', workload: 'log', targetSettings: ONCE_AT_MOST, faults: UNDER_FAULTS, earns: IN_ORDER },
  {
    protocol: 'broker',
    workload: 'log',
    targetSettings: ONCE_AT_LEAST,
    faults: UNDER_FAULTS,
    earns: { meets: [], breaks: ['linearizable'] },
  },
  // Every subscriber gets its own copy, late; changes of each key in order …
  {
    protocol: 'broker',
    targetSettings: PUSHED,
    faults: CALM,
    earns: { meets: ['eventual'], breaks: ['linearizable'] },
  },
  {
    protocol: 'broker',
    targetSettings: PUSHED,
    faults: UNDER_FAULTS,
    earns: { meets: ['eventual'], breaks: ['linearizable'] },
  },
  // … or not, if the next one does not wait until the one before it is acknowledged.
  {
    protocol: 'broker',
    targetSettings: { ...PUSHED, ordered: false },
    settings: MANY_KEYS,
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'], seldom: ['linearizable', 'eventual'] },
  },
  // At most once, a lost change is lost for this subscriber.
  {
    protocol: 'broker',
    targetSettings: { ...PUSHED, ...ONCE_AT_MOST },
    settings: MANY_KEYS,
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'] },
  },
  // At least once, a subscriber applies duplicates.
  {
    protocol: 'broker',
    workload: 'counter',
    targetSettings: { ...PUSHED, ...ONCE_AT_LEAST },
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'] },
  },
]
