import type { Exhibit } from './exhibit.ts'
import { ROUTES, recordArgs } from './recorded.ts'

const args = (client: string, mode: string): readonly string[] =>
  recordArgs({
    servers: [
      { name: 'orders', serve: 'node orders.mjs {listen}' },
      { name: 'shop', serve: `node shop.mjs {listen} {orders} ${client} ${mode}`, as: ROUTES },
    ],
    model: 'counter',
    loses: 'orders',
    clients: 'node customers.mjs {shop}',
  })

const clients = [
  ['async-retry', '1.3.3', 'retries after any error', 'https://github.com/vercel/async-retry#readme'],
  [
    'fetch-retry',
    '6.0.0',
    'repeats any request after a network error',
    'https://github.com/jonbern/fetch-retry#readme',
  ],
  [
    'got',
    '14.6.6',
    'repeats a PUT by default',
    'https://github.com/sindresorhus/got/blob/main/documentation/7-retry.md',
  ],
  ['ky', '1.14.3', 'repeats a POST if its methods include POST', 'https://github.com/sindresorhus/ky#retry'],
  [
    'ofetch',
    '1.5.1',
    'repeats a POST if a number of retries is set',
    'https://github.com/unjs/ofetch#%EF%B8%8F-auto-retry',
  ],
  ['p-retry', '7.1.1', 'retries a fetch after a network error', 'https://github.com/sindresorhus/p-retry#readme'],
  [
    'superagent',
    '10.4.2',
    'repeats a POST if a number of retries is set',
    'https://ladjs.github.io/superagent/docs/en/index.html#retrying-requests',
  ],
  [
    'undici',
    '7.30.2',
    'repeats a POST if the methods of its RetryAgent include POST',
    'https://undici.nodejs.org/#/docs/api/RetryHandler',
  ],
] as const

/** A gallery entry that tests an HTTP client. The example program is a shop that forwards orders with this client. */
const shop = (client: string) =>
  ({
    kind: 'package',
    system: client,
    program: 'gallery/http-retries',
    servers: [],
    breaks: 'linearizable',
    args: args(client, 'blind'),
    cure: { says: 'an Idempotency-Key', args: args(client, 'keyed') },
  }) as const

/** HTTP clients that resend a request whose answer was lost. */
export const httpRetries: readonly Exhibit[] = [
  {
    ...shop('axios-retry'),
    name: 'axios-retry-post',
    version: '4.5.0',
    weakness: 'a POST whose reply was lost is sent again: the order is placed twice',
    source: 'https://github.com/softonic/axios-retry/issues/66',
  },
  ...clients.map(([client, version, does, source]) => ({
    ...shop(client),
    name: `${client}-order`,
    version,
    weakness: `it ${does}: an order whose reply was lost is placed twice`,
    source,
  })),
]
