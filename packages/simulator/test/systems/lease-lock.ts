import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }

export const leaseLockRows: readonly SystemRow[] = [
  { protocol: 'lease-lock', faults: CALM, earns: LINEARIZABLE },
  // With fencing, it does no harm if two clients hold the lock, whichever clock is wrong.
  { protocol: 'lease-lock', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { protocol: 'lease-lock', targetSettings: { clock: 'wall' }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
  // Even without fencing, jumps of wall clocks do not affect leases measured by monotonic clocks.
  { protocol: 'lease-lock', targetSettings: { fencing: false }, faults: ['clock'], earns: LINEARIZABLE },
]
