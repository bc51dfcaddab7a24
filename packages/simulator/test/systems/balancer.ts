import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const files = { protocol: 'balancer', settings: { cas: 0 } }

export const balancerRows: readonly SystemRow[] = [
  // The files never change, so nothing can be lost.
  { ...files, targetSettings: { backend: 'files' }, faults: CALM, earns: LINEARIZABLE },
  ...['round-robin', 'least-connections', 'consistent-hashing'].map((choice) => ({
    ...files,
    targetSettings: { backend: 'files', choice },
    faults: UNDER_FAULTS,
    earns: LINEARIZABLE,
  })),
  // The balancer sends a request with an effect to one server only, so that no request takes effect twice.
  { protocol: 'balancer', workload: 'counter', faults: UNDER_FAULTS, earns: LINEARIZABLE },
]
