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
  readonly expect: Level
  readonly clients: string
}

export const recordArgs = ({ servers, model, loses, expect, clients }: Recorded): readonly string[] => [
  'record',
  ...servers.flatMap(({ name, serve, as = 'tcp' }) => ['--name', name, '--serve', serve, '--as', as]),
  ...(model === undefined ? [] : ['--model', model]),
  ...(loses === undefined ? [] : ['--hurt', loses, '--faults', 'lose-reply']),
  ...['--seed', SEED, '--expect', expect, '--', ...clients.split(' ')],
]

/** A Redis without persistence. */
export const redis: Served = { name: 'redis', serve: 'redis-server --port {port} --save "" --dir {data}' }

export const postgres: Served = { name: 'postgres', serve: 'node postgres.mjs {port}' }

export const ROUTES = 'routes.json'
