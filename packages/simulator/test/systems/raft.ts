import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }

export const raftRows: readonly SystemRow[] = [
  // A link forges messages. Raft believes them, unless messages are signed.
  { protocol: 'raft', faults: ['forge'], earns: { meets: [], breaks: ['linearizable'] } },
  { protocol: 'raft', faults: ['forge-signed'], earns: LINEARIZABLE },
  { protocol: 'raft', faults: CALM, earns: LINEARIZABLE },
  { protocol: 'raft', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { protocol: 'raft', workload: 'list-append', faults: UNDER_FAULTS, earns: { meets: ['linearizable'] } },
]
