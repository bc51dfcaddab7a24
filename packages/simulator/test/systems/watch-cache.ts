import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const EVENTUAL = { meets: ['eventual'] }
const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const CONSISTENT = { reads: 'consistent' }

export const watchCacheRows: readonly SystemRow[] = [
  { protocol: 'watch-cache', faults: CALM, earns: EVENTUAL },
  // A client that moves from one API server to another goes back in time (Kubernetes issue 59848).
  {
    protocol: 'watch-cache',
    faults: UNDER_FAULTS,
    earns: { meets: ['eventual'], breaks: ['linearizable', 'monotonic-reads'] },
  },
  { protocol: 'watch-cache', knobs: CONSISTENT, faults: CALM, earns: LINEARIZABLE },
  { protocol: 'watch-cache', knobs: { ...CONSISTENT, history: 4 }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
]
