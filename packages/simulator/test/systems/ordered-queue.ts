import { CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const SEQUENTIAL = { meets: ['sequential', 'eventual'] }

export const orderedQueueRows: readonly SystemRow[] = [
  { protocol: 'ordered-queue', faults: CALM, earns: SEQUENTIAL },
  { protocol: 'ordered-queue', faults: ['delay'], earns: { ...SEQUENTIAL, breaks: ['linearizable'] } },
  { protocol: 'ordered-queue', faults: UNDER_FAULTS, earns: { ...SEQUENTIAL, breaks: ['linearizable'] } },
]
