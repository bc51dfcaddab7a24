import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const WITHIN_EPSILON = UNDER_FAULTS.filter((name) => name !== 'clock')

export const commitWaitRows: readonly SystemRow[] = ['commit-wait', 'uncertainty-interval'].flatMap((order) => [
  { protocol: 'commit-wait', targetSettings: { order }, faults: CALM, earns: LINEARIZABLE },
  { protocol: 'commit-wait', targetSettings: { order }, faults: WITHIN_EPSILON, earns: LINEARIZABLE },
  {
    protocol: 'commit-wait',
    targetSettings: { order, 'skew-ms': 100 },
    faults: CALM,
    earns: { meets: [], breaks: ['linearizable'] },
  },
])
