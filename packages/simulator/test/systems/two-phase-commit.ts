import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const SERIALIZABLE = { meets: ['strict-serializable'] }
const ATOMIC = { meets: ['linearizable'] }

export const twoPhaseCommitRows: readonly SystemRow[] = [
  { protocol: 'two-phase-commit', faults: CALM, earns: LINEARIZABLE },
  { protocol: 'two-phase-commit', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  // A transfer between nodes always takes effect on both nodes, or on none.
  { protocol: 'two-phase-commit', workload: 'bank', faults: CALM, earns: ATOMIC },
  { protocol: 'two-phase-commit', workload: 'bank', faults: UNDER_FAULTS, earns: ATOMIC },
  ...['txn-list-append', 'txn-rw-register', 'write-skew', 'long-fork'].map((workload) => ({
    protocol: 'two-phase-commit',
    workload,
    faults: UNDER_FAULTS,
    earns: SERIALIZABLE,
  })),
]
