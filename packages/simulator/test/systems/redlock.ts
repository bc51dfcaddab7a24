import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const ONE_HOLDER = { meets: ['linearizable'] }
/** This time to live is longer than any client holds a lock in a run. */
const LONG = { 'ttl-ms': 10_000 }
const FENCED = { fencing: true, 'ttl-ms': 100 }

export const redlockRows: readonly SystemRow[] = [
  { protocol: 'redlock', workload: 'lock', targetSettings: LONG, faults: CALM, earns: ONE_HOLDER },
  { protocol: 'redlock', workload: 'lock', targetSettings: LONG, faults: UNDER_FAULTS, earns: ONE_HOLDER },
  {
    protocol: 'redlock',
    workload: 'lock',
    targetSettings: { ...LONG, fencing: true },
    faults: UNDER_FAULTS,
    earns: ONE_HOLDER,
  },
  // If a client holds the lock for longer than the lock's time to live, the client loses the lock, and is not notified.
  {
    protocol: 'redlock',
    workload: 'lock',
    // With a shorter time to live, a majority could not answer in time on a busy machine.
    targetSettings: { 'ttl-ms': 100 },
    faults: CALM,
    rate: 100,
    earns: { meets: [], breaks: ['linearizable'] },
  },
  // If a holder's messages reach the resource only after its lock has expired, they undo the next holder's result.
  {
    protocol: 'redlock',
    workload: 'set',
    targetSettings: { 'ttl-ms': 100 },
    faults: [],
    aimed: [{ fromMs: 100, toMs: 1_200, kind: 'latency', links: ['n2>n1'], latencyMs: 80, jitterMs: 20 }],
    earns: { meets: [], breaks: ['linearizable', 'eventual'], loses: true },
  },
  // A late store is harmless with a fencing token.
  { protocol: 'redlock', targetSettings: FENCED, faults: UNDER_FAULTS, earns: { meets: ['linearizable'] } },
]
