import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const EVENTUAL = { meets: ['eventual'], breaks: ['linearizable'] }
const APART = { meets: [], breaks: ['eventual'] }
const COUNTERS = { protocol: 'outbox', workload: 'counter' }

export const outboxRows: readonly SystemRow[] = [
  // The view is stale, but eventually gets everything.
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
  // After a crash between the two writes, only one of them takes effect: events are lost, or have no cause in the
  // database.
  { ...COUNTERS, targetSettings: { write: 'database-then-queue' }, faults: ['kill', 'partition'], earns: APART },
  { ...COUNTERS, targetSettings: { write: 'queue-then-database' }, faults: ['kill', 'partition'], earns: APART },
]
