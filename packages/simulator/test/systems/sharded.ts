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
]
