import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const EVENTUAL = { meets: ['eventual'], breaks: ['linearizable'] }
const APART = { meets: [], breaks: ['eventual'] }
const COUNTERS = { protocol: 'outbox', workload: 'counter' }

export const outboxRows: readonly SystemRow[] = [
  // The view is stale, and has everything in the end.
  { protocol: 'outbox', settings: { cas: 0 }, faults: CALM, earns: EVENTUAL },
  { protocol: 'outbox', settings: { cas: 0 }, faults: UNDER_FAULTS, earns: EVENTUAL },
  { ...COUNTERS, faults: UNDER_FAULTS, earns: EVENTUAL },
  // Dual writes can reach the database and the queue in different orders, even if all arrive.
  {
    protocol: 'outbox',
    targetSettings: { write: 'database-then-queue' },
    settings: { cas: 0, keys: 200 },
    faults: ['delay'],
    earns: APART,
  },
  // After a crash, only one of the two writes arrives: events are lost, or invented.
  { ...COUNTERS, targetSettings: { write: 'database-then-queue' }, faults: ['kill', 'partition'], earns: APART },
  { ...COUNTERS, targetSettings: { write: 'queue-then-database' }, faults: ['kill', 'partition'], earns: APART },
]
