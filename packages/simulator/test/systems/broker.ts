import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
/** Omits the level `eventual`, which is undecided if a request of unknown outcome may have taken a message. */
const IN_ORDER = { meets: ['linearizable'] }
const queues = { protocol: 'broker', workload: 'queue' }
const ONCE_AT_MOST = { delivery: 'at-most-once' }
const ONCE_AT_LEAST = { delivery: 'at-least-once' }

/** With so many keys, the next write does not soon overwrite a wrong value. */
const MANY_KEYS = { keys: 100, reads: 0.1 }
const PUSHED = { topics: 'push' }

export const brokerRows: readonly SystemRow[] = [
  { ...queues, faults: CALM, earns: LINEARIZABLE },
  { ...queues, faults: UNDER_FAULTS, earns: IN_ORDER },
  // No message is lost, but some messages are delivered twice.
  {
    ...queues,
    targetSettings: ONCE_AT_LEAST,
    faults: UNDER_FAULTS,
    earns: { meets: ['eventual'], breaks: ['linearizable'] },
  },
  // No message is delivered twice, but some messages are lost.
  {
    ...queues,
    targetSettings: ONCE_AT_MOST,
    faults: UNDER_FAULTS,
    earns: { meets: [], breaks: ['linearizable', 'eventual'], loses: true },
  },
  // If consumers do not wait for each other, they may get a later message before an earlier one that is delivered
  // again.
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
  // Every subscriber has its own copy of the data, which lags behind. The copy gets the changes of each key in order.
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
  // Without `ordered`, a change may be sent before the previous one is acknowledged. A copy may then get the changes of
  // a key in the wrong order.
  {
    protocol: 'broker',
    targetSettings: { ...PUSHED, ordered: false },
    settings: MANY_KEYS,
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'], seldom: ['linearizable', 'eventual'] },
  },
  // With delivery at most once, a lost change never reaches its subscriber.
  {
    protocol: 'broker',
    targetSettings: { ...PUSHED, ...ONCE_AT_MOST },
    settings: MANY_KEYS,
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'] },
  },
  // With delivery at least once, a subscriber applies duplicates of changes.
  {
    protocol: 'broker',
    workload: 'counter',
    targetSettings: { ...PUSHED, ...ONCE_AT_LEAST },
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'] },
  },
]
