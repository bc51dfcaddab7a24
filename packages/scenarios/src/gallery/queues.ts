import { type Exhibit, testedSystem } from './exhibit.ts'
import { ROUTES, recordArgs, redis } from './recorded.ts'

const args = (queue: string, mode: string): readonly string[] =>
  recordArgs({
    servers: [
      redis,
      { name: 'mail', serve: 'node mail.mjs {listen}', as: ROUTES },
      ...['w1', 'w2'].map((name) => ({ name, serve: `node worker.mjs {listen} {redis} {mail} ${queue} ${mode}` })),
    ],
    model: 'unique-ids',
    expect: 'linearizable',
    clients: `node shop.mjs {redis} ${queue}`,
  })

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
  args: args(queue, 'again'),
  cure: { says: cure, args: args(queue, mode) },
}))
