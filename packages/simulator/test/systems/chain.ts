import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }

export const chainRows: readonly SystemRow[] = [
  { protocol: 'chain', faults: CALM, earns: LINEARIZABLE },
  { protocol: 'chain', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { protocol: 'chain', workload: 'list-append', faults: UNDER_FAULTS, earns: { meets: ['linearizable'] } },
]
