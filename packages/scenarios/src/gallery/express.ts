import { type Exhibit, testedSystem } from './exhibit.ts'
import { ROUTES, recordArgs, redis } from './recorded.ts'

const cart = (mode: string): readonly string[] =>
  recordArgs({
    servers: [{ name: 'app', serve: `node app.mjs {listen} ${mode}`, as: ROUTES }],
    model: 'counter',
    clients: 'node visitors.mjs {app}',
  })

const limited = (store: string): readonly string[] =>
  recordArgs({
    servers: [
      redis,
      ...['a', 'b'].map((name) => ({ name, serve: `node app.mjs {listen} {redis} ${store}`, as: ROUTES })),
    ],
    clients: 'node visitors.mjs {a} {b}',
  })

/** Middleware of Express servers. */
export const expressExhibits: readonly Exhibit[] = [
  {
    name: 'express-session-resave',
    ...testedSystem('package', 'express-session', '1.19.0'),
    weakness:
      'with resave, a slow request that only reads a session saves it, and overwrites what others stored meanwhile',
    source: 'https://github.com/expressjs/session#resave',
    program: 'gallery/sessions',
    breaks: 'linearizable',
    args: cart('resave'),
    cure: { says: 'with resave: false, a request saves a session only if it changed it', args: cart('changed') },
  },
  {
    name: 'express-rate-limit',
    ...testedSystem('package', 'express-rate-limit', '8.7.5', 'redis'),
    weakness: 'each process counts in its own memory: of a limit of one request, each process grants one',
    source: 'https://express-rate-limit.mintlify.app/reference/stores',
    program: 'gallery/limited',
    breaks: 'linearizable',
    args: limited('memory'),
    cure: { says: 'rate-limit-redis, which counts in a shared Redis', args: limited('redis') },
  },
]
