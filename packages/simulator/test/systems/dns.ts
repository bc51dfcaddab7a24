import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const EVENTUAL = { meets: ['eventual'] }
const LATE = { meets: ['eventual'], breaks: ['linearizable'] }

export const dnsRows: readonly SystemRow[] = [
  { protocol: 'dns', faults: CALM, earns: EVENTUAL },
  // What was changed is answered from caches until its time is over, to who changed it as well.
  {
    protocol: 'dns',
    knobs: { flush: false },
    faults: CALM,
    earns: { meets: ['eventual'], breaks: ['linearizable', 'read-your-writes'] },
  },
  { protocol: 'dns', faults: UNDER_FAULTS, earns: LATE },
]
