import { type Exhibit, testedSystem } from './exhibit.ts'
import { stalledArgs } from './recorded.ts'

const queues = [
  {
    queue: 'bull',
    version: '4.16.5',
    source: 'https://github.com/OptimalBits/bull#important-notes',
    cure: 'maxStalledCount: 0, so that a job fails if its lock expires',
    mode: 'never',
  },
  {
    queue: 'bee-queue',
    version: '2.0.0',
    source: 'https://github.com/bee-queue/bee-queue#under-the-hood',
    cure: 'the worker records in Redis that it starts the work, before it starts',
    mode: 'once',
  },
] as const

/** Queues in Redis that deliver a job again if its worker does not renew its lock. */
export const queueExhibits: readonly Exhibit[] = queues.map(({ queue, version, source, cure, mode }) => ({
  name: `${queue}-paused`,
  ...testedSystem('package', queue, version, 'redis'),
  weakness: 'if a worker pauses during a job, a second worker runs the same job',
  source,
  program: 'gallery/stalled',
  breaks: 'linearizable',
  args: stalledArgs('again', [queue]),
  cure: { says: cure, args: stalledArgs(mode, [queue]) },
}))
