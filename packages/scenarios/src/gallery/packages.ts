import { type Exhibit, testedSystem } from './exhibit.ts'
import { mail, postgres, ROUTES, recordArgs, redis, stalledArgs } from './recorded.ts'

const bullmq = testedSystem('package', 'BullMQ', '6.7.0', 'redis')

const ioredis = (mode: string): readonly string[] =>
  recordArgs({
    servers: [redis, { name: 'app', serve: `node app.mjs {listen} {redis} ${mode}`, as: ROUTES }],
    model: 'counter',
    loses: 'redis',
    clients: 'node visitors.mjs {app}',
  })

const bullmqAdd = (mode: string): readonly string[] =>
  recordArgs({
    servers: [redis, mail, { name: 'worker', serve: 'node worker.mjs {listen} {redis.direct} {mail}' }],
    model: 'unique-ids',
    loses: 'redis',
    clients: `node shop.mjs {redis} ${mode}`,
  })

const bank = (mode: string): readonly string[] =>
  recordArgs({
    servers: [postgres, { name: 'bank', serve: `node bank.mjs {listen} {postgres} ${mode}`, as: ROUTES }],
    loses: 'postgres',
    clients: 'node customers.mjs {bank}',
  })

/** Packages whose programs are examples with a page in the documentation. */
export const examplePackages: readonly Exhibit[] = [
  {
    name: 'ioredis-incr',
    ...testedSystem('package', 'ioredis', '6.0.0', 'redis'),
    weakness: 'a command whose reply was lost is sent again: one INCR counts twice, and the caller sees no error',
    source: 'https://github.com/redis/ioredis#auto-reconnect',
    program: 'ioredis-incr',
    breaks: 'linearizable',
    args: ioredis('resend'),
    cure: { says: 'with maxRetriesPerRequest: 0, the caller gets an error', args: ioredis('once') },
  },
  {
    name: 'bullmq-add',
    ...bullmq,
    weakness: 'an add whose reply was lost is sent again, which creates two jobs',
    source: 'https://docs.bullmq.io/guide/jobs/job-ids',
    program: 'bullmq-twice',
    breaks: 'linearizable',
    args: bullmqAdd('plain'),
    cure: { says: 'a jobId that identifies the work', args: bullmqAdd('named') },
  },
  {
    name: 'bullmq-stalled',
    ...bullmq,
    weakness: 'if a processor computes for longer than its lock lasts, a second worker runs the same job',
    source: 'https://github.com/taskforcesh/bullmq/issues/439',
    program: 'bullmq-stalled',
    breaks: 'linearizable',
    args: stalledArgs('again'),
    cure: { says: 'maxStalledCount: 0, so that a job fails if its lock expires', args: stalledArgs('never') },
  },
  {
    name: 'bullmq-paused',
    ...bullmq,
    weakness: 'if a worker pauses during a job, a second worker runs the same job',
    source: 'https://docs.bullmq.io/guide/workers/stalled-jobs',
    program: 'bullmq-stalled',
    breaks: 'linearizable',
    args: stalledArgs('again paused'),
    cure: { says: 'maxStalledCount: 0, so that a job fails if its lock expires', args: stalledArgs('never paused') },
  },
  {
    name: 'pg-commit-lost',
    ...testedSystem('package', 'pg', '8.23.1', 'postgres'),
    weakness: 'a COMMIT whose reply was lost fails with an error although it took effect: a retry transfers twice',
    source: 'https://www.postgresql.org/docs/current/protocol-flow.html',
    program: 'commit-lost',
    breaks: 'linearizable',
    args: bank('blind'),
    cure: { says: 'the same transaction inserts the id of the transfer, which is unique', args: bank('named') },
  },
]
