import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }

export const raftRows: readonly SystemRow[] = [
  { protocol: 'raft', faults: CALM, earns: LINEARIZABLE },
  { protocol: 'raft', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { protocol: 'raft', workload: 'list-append', faults: UNDER_FAULTS, earns: { meets: ['linearizable'] } },
]
