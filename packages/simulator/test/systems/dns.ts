import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const EVENTUAL = { meets: ['eventual'] }
const LATE = { meets: ['eventual'], breaks: ['linearizable'] }

export const dnsRows: readonly SystemRow[] = [
  { protocol: 'dns', faults: CALM, earns: EVENTUAL },
  // Until the time to live of a changed name ends, caches answer with its old value, even to the client that changed
  // it.
  {
    protocol: 'dns',
    targetSettings: { flush: false },
    faults: CALM,
    earns: { meets: ['eventual'], breaks: ['linearizable', 'read-your-writes'] },
  },
  { protocol: 'dns', faults: UNDER_FAULTS, earns: LATE },
]
