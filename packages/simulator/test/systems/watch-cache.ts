import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const EVENTUAL = { meets: ['eventual'] }
const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const CONSISTENT = { reads: 'consistent' }

export const watchCacheRows: readonly SystemRow[] = [
  { protocol: 'watch-cache', faults: CALM, earns: EVENTUAL },
  { protocol: 'watch-cache', faults: UNDER_FAULTS, earns: { meets: ['eventual'], breaks: ['linearizable'] } },
  // A client that moves to an API server that is further behind reads an older state than before (Kubernetes issue
  // 59848).
  {
    protocol: 'watch-cache',
    faults: CALM,
    aimed: [{ fromMs: 100, toMs: 1_475, kind: 'latency', links: ['n1>n3'], latencyMs: 200, jitterMs: 0 }],
    earns: { meets: ['eventual'], breaks: ['linearizable', 'monotonic-reads'] },
  },
  { protocol: 'watch-cache', targetSettings: CONSISTENT, faults: CALM, earns: LINEARIZABLE },
  { protocol: 'watch-cache', targetSettings: { ...CONSISTENT, history: 4 }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
]
