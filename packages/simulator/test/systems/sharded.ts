import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }

export const shardedRows: readonly SystemRow[] = [
  { protocol: 'sharded', faults: CALM, earns: LINEARIZABLE },
  ...['hash', 'range', 'directory'].map((by) => ({
    protocol: 'sharded',
    targetSettings: { by },
    faults: UNDER_FAULTS,
    earns: LINEARIZABLE,
  })),
  ...['hash', 'directory'].map((by) => ({
    protocol: 'sharded',
    targetSettings: { by },
    workload: 'txn-list-append',
    faults: UNDER_FAULTS,
    earns: { meets: ['strict-serializable'] },
  })),
  { protocol: 'sharded', workload: 'bank', faults: UNDER_FAULTS, earns: { meets: ['linearizable'] } },
]
