import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const EVENTUAL = { meets: ['eventual'] }
const LATE = { meets: ['eventual'], breaks: ['linearizable'] }

export const dnsRows: readonly SystemRow[] = [
  { protocol: 'dns', faults: CALM, earns: EVENTUAL },
  // A changed name is answered from caches until its time to live ends, even to the client that changed it.
  {
    protocol: 'dns',
    targetSettings: { flush: false },
    faults: CALM,
    earns: { meets: ['eventual'], breaks: ['linearizable', 'read-your-writes'] },
  },
  { protocol: 'dns', faults: UNDER_FAULTS, earns: LATE },
]
