import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const ATOMIC = { meets: ['linearizable'] }
const PAID_TWICE = { meets: [], breaks: ['linearizable'] }
const STALE = { meets: ['eventual'], breaks: ['linearizable'] }
const blind = { protocol: 'single', targetSettings: { retry: 'blind' } }
/**
 * This timeout is longer than a database needs on a busy machine. With a shorter one, requests that were not lost would
 * be repeated.
 */
const PATIENT = { 'timeout-ms': 5_000 }

export const singleRows: readonly SystemRow[] = [
  { protocol: 'single', faults: CALM, earns: LINEARIZABLE },
  { protocol: 'single', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { protocol: 'single', targetSettings: { retry: 'none' }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
  // A repeated request takes effect only once, because it has a key. Without keys, a transfer may be made twice.
  { protocol: 'single', workload: 'bank', faults: UNDER_FAULTS, earns: ATOMIC },
  { protocol: 'single', workload: 'counter', faults: UNDER_FAULTS, earns: LINEARIZABLE },
  {
    ...blind,
    targetSettings: { ...blind.targetSettings, ...PATIENT },
    workload: 'counter',
    faults: CALM,
    earns: LINEARIZABLE,
  },
  { ...blind, workload: 'counter', faults: ['partition', 'delay', 'pause'], earns: PAID_TWICE },
  { ...blind, workload: 'append', rate: 50, faults: ['partition', 'delay', 'pause'], earns: PAID_TWICE },
  // While the circuit breaker is open, reads get earlier values.
  {
    protocol: 'single',
    targetSettings: { degrade: true, 'breaker-failures': 2 },
    settings: { cas: 0 },
    faults: ['partition', 'pause'],
    earns: STALE,
  },
]
