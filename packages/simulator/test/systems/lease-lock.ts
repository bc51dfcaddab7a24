import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }

export const leaseLockRows: readonly SystemRow[] = [
  { protocol: 'lease-lock', faults: CALM, earns: LINEARIZABLE },
  // Fencing makes two holders harmless, by whatever clock they came about.
  { protocol: 'lease-lock', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { protocol: 'lease-lock', knobs: { clock: 'wall' }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
  // Without it, jumps of wall clocks do no harm to leases that are measured by monotonic ones.
  { protocol: 'lease-lock', knobs: { fencing: false }, faults: ['clock'], earns: LINEARIZABLE },
]
