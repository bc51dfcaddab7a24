import { type Exhibit, SEED, testedSystem } from './exhibit.ts'
import { ROUTES, recordArgs, redis } from './recorded.ts'

const args = (lock: string, mode: string): readonly string[] =>
  recordArgs({
    servers: [
      redis,
      { name: 'a', serve: `node app.mjs {listen} {redis} ${lock} ${mode} pausing`, as: ROUTES },
      { name: 'b', serve: `node app.mjs {listen} {redis} ${lock} ${mode} steady`, as: ROUTES },
    ],
    model: 'counter',
    clients: 'node visitors.mjs {a} {b}',
  })

const KLEPPMANN = 'https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html'

const locks = [
  { lock: 'redlock-4', name: 'redlock-two-holders', kind: 'package', system: 'redlock', version: '4.2.0' },
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

/** Locks in Redis that expire by the clock, even if the holder still works. */
export const redisLocks: readonly Exhibit[] = locks.map(({ lock, ...named }) => ({
  ...named,
  weakness: 'a holder that pauses for longer than its lease overwrites what the next holder wrote',
  source: KLEPPMANN,
  program: 'gallery/locks',
  servers: ['redis'],
  breaks: 'linearizable',
  args: args(lock, 'plain'),
  cure: { says: 'a fencing token that the store compares', args: args(lock, 'fenced') },
}))

const lockfile = (staleMs: number): readonly string[] =>
  recordArgs({
    servers: [{ name: 'app', serve: `node app.mjs {listen} {data} ${staleMs}`, as: ROUTES }],
    model: 'counter',
    clients: 'node visitors.mjs {app}',
  })

/** Locks for a single machine. A lock counts as abandoned if its holder has not touched it for some time. */
export const fileLocks: readonly Exhibit[] = [
  {
    name: 'proper-lockfile-stale',
    ...testedSystem('package', 'proper-lockfile', '4.1.2'),
    weakness: 'a holder that pauses for longer than `stale` overwrites what the next holder wrote',
    source: 'https://github.com/moxystudio/node-proper-lockfile/issues/11',
    program: 'gallery/lockfile',
    breaks: 'linearizable',
    args: lockfile(5_000),
    cure: { says: '`stale` is longer than any pause', args: lockfile(60_000) },
  },
]

const leased = (target: string): readonly string[] => [
  ...['run', '--target', `./${target}.json`, '--workload', 'counter', '--workload-set', 'keys=1'],
  ...['--clients', '10', '--rate', '200', '--faults', 'jumps.json', '--time', '4s'],
  ...['--seed', SEED, '--expect', 'linearizable'],
]

/** A lock whose lease is measured by an adjustable clock. */
export const clockExhibits: readonly Exhibit[] = [
  {
    name: 'lease-clock-jump',
    kind: 'pattern',
    system: 'a lock with a lease',
    weakness: 'the clock of the lock server jumps ahead: a lock has two holders, and additions under it are lost',
    source: KLEPPMANN,
    program: 'gallery/lease',
    servers: [],
    compiles: true,
    breaks: 'linearizable',
    args: leased('plain'),
    cure: { says: 'a fencing token that the store compares', args: leased('fenced') },
  },
]
