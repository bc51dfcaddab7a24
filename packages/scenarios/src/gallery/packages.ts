import type { Exhibit } from './exhibit.ts'
import { postgres, ROUTES, recordArgs, redis } from './recorded.ts'

const ioredis = (mode: string): readonly string[] =>
  recordArgs({
    servers: [redis, { name: 'app', serve: `node app.mjs {listen} {redis} ${mode}`, as: ROUTES }],
    model: 'counter',
    loses: 'redis',
    expect: 'linearizable',
    clients: 'node visitors.mjs {app}',
  })

const axiosRetry = (mode: string): readonly string[] =>
  recordArgs({
    servers: [
      { name: 'orders', serve: 'node orders.mjs {listen}' },
      { name: 'shop', serve: `node shop.mjs {listen} {orders} ${mode}`, as: ROUTES },
    ],
    model: 'counter',
    loses: 'orders',
    expect: 'linearizable',
    clients: 'node customers.mjs {shop}',
  })

const bullmqAdd = (mode: string): readonly string[] =>
  recordArgs({
    servers: [
      redis,
      { name: 'mail', serve: 'node mail.mjs {listen}', as: ROUTES },
      { name: 'worker', serve: 'node worker.mjs {listen} {redis.direct} {mail}' },
    ],
    model: 'unique-ids',
    loses: 'redis',
    expect: 'linearizable',
    clients: `node shop.mjs {redis} ${mode}`,
  })

const bullmqStalled = (mode: string): readonly string[] =>
  recordArgs({
    servers: [
      redis,
      { name: 'mail', serve: 'node mail.mjs {listen}', as: ROUTES },
      ...['w1', 'w2'].map((name) => ({ name, serve: `node worker.mjs {listen} {redis} {mail} ${mode}` })),
    ],
    model: 'unique-ids',
    expect: 'linearizable',
    clients: 'node shop.mjs {redis}',
  })

const redlock = (mode: string): readonly string[] =>
  recordArgs({
    servers: [
      redis,
      { name: 'a', serve: `node app.mjs {listen} {redis} ${mode} pausing`, as: ROUTES },
      { name: 'b', serve: `node app.mjs {listen} {redis} ${mode} steady`, as: ROUTES },
    ],
    model: 'counter',
    expect: 'linearizable',
    clients: 'node visitors.mjs {a} {b}',
  })

const bank = (mode: string, loses?: string): readonly string[] =>
  recordArgs({
    servers: [postgres, { name: 'bank', serve: `node bank.mjs {listen} {postgres} ${mode}`, as: ROUTES }],
    ...(loses === undefined ? {} : { loses }),
    expect: 'linearizable',
    clients: 'node customers.mjs {bank}',
  })

const cacheAside = (mode: string): readonly string[] =>
  recordArgs({
    servers: [{ name: 'app', serve: `node app.mjs {listen} ${mode}`, as: ROUTES }],
    expect: 'eventual',
    clients: 'node clients.mjs {app}',
  })

/** Packages and patterns whose programs are examples with a page of their own. */
export const examplePackages: readonly Exhibit[] = [
  {
    name: 'ioredis-incr',
    kind: 'package',
    system: 'ioredis',
    version: '6.0.0',
    weakness:
      'a command whose answer was lost is sent again: one INCR counts twice, and the caller is told that all is well',
    source: 'https://github.com/redis/ioredis#auto-reconnect',
    program: 'ioredis-incr',
    servers: ['redis'],
    breaks: 'linearizable',
    args: ioredis('resend'),
    cure: { says: 'maxRetriesPerRequest: 0 makes it an error', args: ioredis('once') },
  },
  {
    name: 'axios-retry-post',
    kind: 'package',
    system: 'axios-retry',
    version: '4.5.0',
    weakness: 'a POST whose answer was lost is sent again: one order is taken twice',
    source: 'https://github.com/softonic/axios-retry/issues/66',
    program: 'axios-retry',
    servers: [],
    breaks: 'linearizable',
    args: axiosRetry('blind'),
    cure: { says: 'an Idempotency-Key that the server honours', args: axiosRetry('keyed') },
  },
  {
    name: 'bullmq-add',
    kind: 'package',
    system: 'BullMQ',
    version: '6.7.0',
    weakness: 'an add whose answer was lost is sent again: there are two jobs',
    source: 'https://docs.bullmq.io/guide/jobs/job-ids',
    program: 'bullmq-twice',
    servers: ['redis'],
    breaks: 'linearizable',
    args: bullmqAdd('plain'),
    cure: { says: 'a jobId that says what the job is about', args: bullmqAdd('named') },
  },
  {
    name: 'bullmq-stalled',
    kind: 'package',
    system: 'BullMQ',
    version: '6.7.0',
    weakness: 'a processor that computes for longer than its lock lasts has its job run by another worker as well',
    source: 'https://github.com/taskforcesh/bullmq/issues/439',
    program: 'bullmq-stalled',
    servers: ['redis'],
    breaks: 'linearizable',
    args: bullmqStalled('again'),
    cure: { says: 'maxStalledCount: 0 fails such a job', args: bullmqStalled('never') },
  },
  {
    name: 'bullmq-paused',
    kind: 'package',
    system: 'BullMQ',
    version: '6.7.0',
    weakness: 'a worker that is paused in a job has it run by another worker as well',
    source: 'https://docs.bullmq.io/guide/workers/stalled-jobs',
    program: 'bullmq-stalled',
    servers: ['redis'],
    breaks: 'linearizable',
    args: bullmqStalled('again paused'),
    cure: { says: 'maxStalledCount: 0 fails such a job', args: bullmqStalled('never paused') },
  },
  {
    name: 'redlock-two-holders',
    kind: 'package',
    system: 'redlock',
    version: '4.2.0',
    weakness: 'a holder that pauses for longer than its lease writes over what the next holder wrote',
    source: 'https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html',
    program: 'redlock',
    servers: ['redis'],
    breaks: 'linearizable',
    args: redlock('plain'),
    cure: { says: 'a fencing token that the store compares', args: redlock('fenced') },
  },
  {
    name: 'pg-pool-begin',
    kind: 'package',
    system: 'pg',
    version: '8.23.1',
    weakness:
      "pool.query('BEGIN') and the statements after it may go over different connections: nothing is rolled back",
    source: 'https://node-postgres.com/features/transactions',
    program: 'pool-begin',
    servers: ['postgres'],
    breaks: 'linearizable',
    args: bank('pool'),
    cure: { says: 'one client of the pool for the whole transaction', args: bank('client') },
  },
  {
    name: 'pg-commit-lost',
    kind: 'package',
    system: 'pg',
    version: '8.23.1',
    weakness: 'a COMMIT whose answer was lost is an error although it took effect: who tries again transfers twice',
    source: 'https://www.postgresql.org/docs/current/protocol-flow.html',
    program: 'commit-lost',
    servers: ['postgres'],
    breaks: 'linearizable',
    args: bank('blind', 'postgres'),
    cure: { says: 'the id of the transfer is inserted in the same transaction', args: bank('named', 'postgres') },
  },
  {
    name: 'cache-aside-stale',
    kind: 'pattern',
    system: 'cache-aside',
    weakness: 'a reader fills the cache with what it read before a write removed the entry: it stays stale for ever',
    source: 'https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala',
    program: 'cache-aside',
    servers: [],
    breaks: 'eventual',
    args: cacheAside('plain'),
    cure: { says: 'a lease that a write takes away from readers', args: cacheAside('leased') },
  },
]
