import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, startProcess } from '../../../testing/src/chaos.ts'
import { freePort } from '../../../testing/src/servers.ts'
import { until } from '../processes.ts'

export const SERVICE: string = join(root, 'examples', 'http-replicas', 'service.mjs')

/** A route table for items without versions. A cas is a request of its own. */
export const byValue: object = {
  client: 'header.X-Client',
  initial: { value: null },
  routes: [
    {
      request: 'GET /v1/items/{id}',
      f: 'read',
      key: 'path.id',
      result: 'json.data.value',
      outcomes: { 404: 'absent' },
    },
    { request: 'PUT /v1/items/{id}', f: 'write', key: 'path.id', value: 'json.data.value' },
    { request: 'POST /v1/items/{id}/swap', f: 'cas', key: 'path.id', value: ['json.from', 'json.to'] },
  ],
}

/** A route table for items with versions. A cas is a PUT with If-Match. */
export const byVersion: object = {
  initial: { value: null },
  routes: [
    { request: 'GET /v1/items/{id}', f: 'read', key: 'path.id', result: 'header.ETag', outcomes: { 404: 'absent' } },
    {
      request: 'PUT /v1/items/{id}',
      when: { 'header.If-Match': { there: true } },
      f: 'cas',
      key: 'path.id',
      value: ['header.If-Match', 'answer.header.ETag'],
      sends: { 'json.data.value': '{value}' },
    },
    {
      request: 'PUT /v1/items/{id}',
      f: 'write',
      key: 'path.id',
      value: 'answer.header.ETag',
      sends: { 'json.data.value': '{value}' },
    },
  ],
}

export type Reads = 'local' | 'primary'

/** Writes a file that declares the service as a target of `chaos run`. */
export function writeTarget(directory: string, routes: object, reads: Reads): string {
  const node = (primary: string, replicas: string) => ({
    command: [process.execPath, SERVICE, '{listen}', primary, replicas, reads],
  })
  const path = join(directory, 'items.json')
  const target = {
    name: `items-${reads}`,
    nodes: [node('-', '{peer.n2},{peer.n3}'), node('{peer.n1}', '-'), node('{peer.n1}', '-')],
    ready: { by: 'http', path: '/health' },
    client: { kind: 'http', routes },
  }
  writeFileSync(path, JSON.stringify(target))
  return path
}

/** Starts the three processes outside chaos, and returns their addresses, the primary's first. */
export async function startService(reads: Reads): Promise<readonly string[]> {
  // Another process may take a free port before a server listens on it. The loop then starts all three servers again.
  for (;;) {
    const addresses = await Promise.all([1, 2, 3].map(async () => `127.0.0.1:${await freePort()}`))
    const [primary = '', ...replicas] = addresses
    const servers = [
      startProcess(process.execPath, [SERVICE, primary, '-', replicas.join(','), reads]),
      ...replicas.map((replica) => startProcess(process.execPath, [SERVICE, replica, primary, '-', reads])),
    ]
    const haveEnded = () => servers.some(({ child }) => child.exitCode !== null)
    await until(async () => {
      const answers = await Promise.allSettled(addresses.map((address) => fetch(`http://${address}/health`)))
      return haveEnded() || answers.every(({ status }) => status === 'fulfilled')
    })
    if (!haveEnded()) return addresses
    for (const { child } of servers) child.kill('SIGKILL')
    await Promise.all(servers.map(({ finished }) => finished))
  }
}
