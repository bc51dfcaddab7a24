import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }

export const paxosRows: readonly SystemRow[] = [
  { protocol: 'paxos', faults: CALM, earns: LINEARIZABLE },
  { protocol: 'paxos', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { protocol: 'paxos', targetSettings: { reads: 'log' }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { protocol: 'paxos', workload: 'list-append', faults: UNDER_FAULTS, earns: { meets: ['linearizable'] } },
]
