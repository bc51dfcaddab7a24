import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
/** What a request of unknown outcome may have taken is not known to be lost, nor to be kept. */
const IN_ORDER = { meets: ['linearizable'] }
const queues = { protocol: 'broker', workload: 'queue' }
const ONCE_AT_MOST = { delivery: 'at-most-once' }
const ONCE_AT_LEAST = { delivery: 'at-least-once' }

/** So that what went wrong with a key is not soon put right by the next write. */
const MANY_KEYS = { keys: 100, reads: 0.1 }
const PUSHED = { topics: 'push' }

export const brokerRows: readonly SystemRow[] = [
  { ...queues, faults: CALM, earns: LINEARIZABLE },
  { ...queues, faults: UNDER_FAULTS, earns: IN_ORDER },
  // Nothing is lost, and some of it comes twice.
  { ...queues, knobs: ONCE_AT_LEAST, faults: UNDER_FAULTS, earns: { meets: ['eventual'], breaks: ['linearizable'] } },
  // Nothing comes twice, and some of it never.
  {
    ...queues,
    knobs: ONCE_AT_MOST,
    faults: UNDER_FAULTS,
    earns: { meets: [], breaks: ['linearizable', 'eventual'], loses: true },
  },
  // Consumers that do not wait for each other get what comes later before what comes again.
  {
    ...queues,
    knobs: { ordered: false },
    faults: UNDER_FAULTS,
    earns: { meets: [], breaks: ['linearizable'] },
  },
  { protocol: 'broker', workload: 'log', faults: UNDER_FAULTS, earns: IN_ORDER },
  { protocol: 'broker', workload: 'log', knobs: ONCE_AT_MOST, faults: UNDER_FAULTS, earns: IN_ORDER },
  {
    protocol: 'broker',
    workload: 'log',
    knobs: ONCE_AT_LEAST,
    faults: UNDER_FAULTS,
    earns: { meets: [], breaks: ['linearizable'] },
  },
  // Every subscriber gets a copy of its own, late; of each key in order …
  { protocol: 'broker', knobs: PUSHED, faults: CALM, earns: { meets: ['eventual'], breaks: ['linearizable'] } },
  { protocol: 'broker', knobs: PUSHED, faults: UNDER_FAULTS, earns: { meets: ['eventual'], breaks: ['linearizable'] } },
  // … or not, where the next one does not wait for the one before it to be acknowledged.
  {
    protocol: 'broker',
    knobs: { ...PUSHED, ordered: false },
    settings: MANY_KEYS,
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'], seldom: ['linearizable', 'eventual'] },
  },
  // At most once, what is lost is lost for this subscriber.
  {
    protocol: 'broker',
    knobs: { ...PUSHED, ...ONCE_AT_MOST },
    settings: MANY_KEYS,
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'] },
  },
  // At least once, a subscriber counts what comes again.
  {
    protocol: 'broker',
    workload: 'counter',
    knobs: { ...PUSHED, ...ONCE_AT_LEAST },
    faults: ['loss'],
    earns: { meets: [], breaks: ['linearizable', 'eventual'] },
  },
]
