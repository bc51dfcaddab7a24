import { between, CALM, type SystemRow } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const ATOMIC = { meets: ['linearizable'] }

/**
 * The protocol takes silent nodes for dead, so it is correct only if messages arrive in time. The only fault is the
 * death of nodes.
 */
const DEATHS = ['kill']

export const threePhaseCommitRows: readonly SystemRow[] = [
  { protocol: 'three-phase-commit', faults: CALM, earns: LINEARIZABLE },
  { protocol: 'three-phase-commit', faults: DEATHS, earns: LINEARIZABLE },
  { protocol: 'three-phase-commit', workload: 'bank', faults: CALM, earns: ATOMIC },
  { protocol: 'three-phase-commit', workload: 'bank', faults: DEATHS, earns: ATOMIC },
  // If the network is partitioned, each side decides for itself, so only one half of a transfer may take effect.
  {
    protocol: 'three-phase-commit',
    targetSettings: { 'vote-timeout-ms': 50, 'silence-ms': 50 },
    workload: 'bank',
    faults: [],
    aimed: [200, 400, 600, 800, 1_000, 1_200].map((fromMs) => ({
      fromMs,
      toMs: fromMs + 150,
      kind: 'partition',
      mode: 'hold',
      links: between(['n3'], ['n1', 'n2']),
    })),
    earns: { meets: [], breaks: ['linearizable'] },
  },
]
