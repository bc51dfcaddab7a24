import { CALM, FIRST_CUT_OFF, type SystemRow } from './row.ts'

const EVENTUAL = { meets: ['eventual'], breaks: ['linearizable'] }
const LATE_WRITES_LOST = { meets: ['convergent'], breaks: ['linearizable', 'eventual'], loses: true }

export const masterMasterRows: readonly SystemRow[] = [
  { protocol: 'master-master', faults: CALM, earns: EVENTUAL },
  { protocol: 'master-master', faults: ['partition', 'loss', 'delay', 'kill'], earns: EVENTUAL },
  // The write of a node with a fast clock wins over later writes, although the later writes were acknowledged.
  { protocol: 'master-master', settings: { keys: 30 }, faults: ['clock'], earns: LATE_WRITES_LOST },
  // With Lamport clocks, the copies agree, but the writes of the busier node win.
  {
    protocol: 'master-master',
    targetSettings: { conflicts: 'lamport' },
    settings: { keys: 30 },
    faults: CALM,
    aimed: FIRST_CUT_OFF,
    earns: LATE_WRITES_LOST,
  },
  ...['hybrid-clock', 'version-vector'].map((conflicts) => ({
    protocol: 'master-master',
    targetSettings: { conflicts },
    faults: ['partition', 'loss', 'delay', 'kill'],
    earns: EVENTUAL,
  })),
]
