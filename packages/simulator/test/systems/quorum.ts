import { CALM, FIRST_CUT_OFF, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const STALE = { meets: ['eventual'], breaks: ['linearizable'] }
const WITHOUT_CLOCKS = UNDER_FAULTS.filter((fault) => fault !== 'clock')
const READS_AND_WRITES = { cas: 0 }
const system = { protocol: 'quorum', settings: READS_AND_WRITES }

export const quorumRows: readonly SystemRow[] = [
  { ...system, faults: CALM, earns: LINEARIZABLE },
  { ...system, faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { ...system, targetSettings: { r: 1, w: 'all' }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
  { ...system, targetSettings: { replicas: 3 }, faults: UNDER_FAULTS, earns: LINEARIZABLE },
  // A reader believes a forged value.
  { ...system, faults: ['forge'], earns: { meets: [], breaks: ['linearizable'] } },
  { ...system, faults: ['forge-signed'], earns: LINEARIZABLE },
  // The register is only regular: of two reads during a write, the later one may return the older value. Here n3, n4
  // and n5 get the versions of n1 later than n2 does.
  {
    ...system,
    targetSettings: { 'write-back': false, 'read-repair': false },
    settings: { ...READS_AND_WRITES, keys: 1, reads: 0.99 },
    faults: CALM,
    aimed: [
      { fromMs: 100, toMs: 1_200, kind: 'latency', links: ['n1>n3', 'n1>n4', 'n1>n5'], latencyMs: 60, jitterMs: 0 },
    ],
    rate: 150,
    earns: STALE,
  },
  { ...system, targetSettings: { r: 1, w: 1, tags: 'clock' }, faults: WITHOUT_CLOCKS, earns: STALE },
  {
    ...system,
    targetSettings: { replicas: 3, r: 2, w: 2, sloppy: true, tags: 'clock' },
    faults: WITHOUT_CLOCKS,
    earns: STALE,
  },
  // A write that asks too few replicas may get a lower tag than an earlier acknowledged write.
  {
    ...system,
    targetSettings: { r: 1, w: 1 },
    faults: CALM,
    aimed: FIRST_CUT_OFF,
    earns: { meets: [], breaks: ['linearizable', 'eventual'], loses: true },
  },
]
