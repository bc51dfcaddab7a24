import type { Exhibit } from './exhibit.ts'
import { ROUTES, recordArgs, redis } from './recorded.ts'

const args = (lock: string, mode: string): readonly string[] =>
  recordArgs({
    servers: [
      redis,
      { name: 'a', serve: `node app.mjs {listen} {redis} ${lock} ${mode} pausing`, as: ROUTES },
      { name: 'b', serve: `node app.mjs {listen} {redis} ${lock} ${mode} steady`, as: ROUTES },
    ],
    model: 'counter',
    expect: 'linearizable',
    clients: 'node visitors.mjs {a} {b}',
  })

const KLEPPMANN = 'https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html'

const locks = [
  { lock: 'redlock', name: 'redlock-5', kind: 'package', system: 'redlock', version: '5.0.0-beta.2' },
  {
    lock: 'sesamecare',
    name: 'sesamecare-redlock',
    kind: 'package',
    system: '@sesamecare-oss/redlock',
    version: '1.4.0',
  },
  { lock: 'redis-semaphore', name: 'redis-semaphore', kind: 'package', system: 'redis-semaphore', version: '5.8.0' },
  { lock: 'set-nx', name: 'set-nx-lock', kind: 'pattern', system: 'SET NX PX with a token' },
] as const

/** Locks in Redis that end by the clock, whatever their holder does. */
export const redisLocks: readonly Exhibit[] = locks.map(({ lock, ...named }) => ({
  ...named,
  weakness: 'a holder that pauses for longer than its lease writes over what the next holder wrote',
  source: KLEPPMANN,
  program: 'gallery/locks',
  servers: ['redis'],
  breaks: 'linearizable',
  args: args(lock, 'plain'),
  cure: { says: 'a fencing token that the store compares', args: args(lock, 'fenced') },
}))
