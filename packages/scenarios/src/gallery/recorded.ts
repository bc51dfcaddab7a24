import type { Level } from '@chaosproxy/checker'
import { SEED } from './exhibit.ts'

interface Served {
  readonly name: string
  readonly serve: string
  readonly as?: string
}

interface Recorded {
  readonly servers: readonly Served[]
  readonly model?: string
  readonly loses?: string
  /** By default, `linearizable`. */
  readonly expect?: Level
  readonly clients: string
}

export const recordArgs = ({
  servers,
  model,
  loses,
  expect = 'linearizable',
  clients,
}: Recorded): readonly string[] => [
  'record',
  ...servers.flatMap(({ name, serve, as = 'tcp' }) => ['--name', name, '--serve', serve, '--as', as]),
  ...(model === undefined ? [] : ['--model', model]),
  ...(loses === undefined ? [] : ['--hurt', loses, '--faults', 'lose-reply']),
  ...['--seed', SEED, '--expect', expect, '--', ...clients.split(' ')],
]

/**
 * Two workers of a queue in Redis that send mail. `queue` holds the arguments that name the queue's package. It is
 * empty if the programs support only one package.
 */
export const stalledArgs = (mode: string, queue: readonly string[] = []): readonly string[] =>
  recordArgs({
    servers: [
      redis,
      mail,
      ...['w1', 'w2'].map((name) => ({
        name,
        serve: ['node worker.mjs {listen} {redis} {mail}', ...queue, mode].join(' '),
      })),
    ],
    model: 'unique-ids',
    clients: ['node shop.mjs {redis}', ...queue].join(' '),
  })

/** A Redis without persistence. */
export const redis: Served = { name: 'redis', serve: 'redis-server --port {port} --save "" --dir {data}' }

export const postgres: Served = { name: 'postgres', serve: 'node postgres.mjs {port}' }

export const ROUTES = 'routes.json'

export const mail: Served = { name: 'mail', serve: 'node mail.mjs {listen}', as: ROUTES }
