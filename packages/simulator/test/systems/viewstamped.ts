import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const WITHOUT_KILLS = UNDER_FAULTS.filter((fault) => fault !== 'kill')

export const viewstampedRows: readonly SystemRow[] = [
  { protocol: 'viewstamped', faults: CALM, earns: LINEARIZABLE },
  { protocol: 'viewstamped', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  // If more than f nodes lose their logs at once, the logs are lost for good. No node answers after that, which is
  // safe.
  {
    protocol: 'viewstamped',
    targetSettings: { recovery: 'nonce' },
    faults: UNDER_FAULTS,
    earns: { meets: ['linearizable'] },
  },
  { protocol: 'viewstamped', targetSettings: { recovery: 'nonce' }, faults: WITHOUT_KILLS, earns: LINEARIZABLE },
  { protocol: 'viewstamped', targetSettings: { reads: 'log' }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
]
