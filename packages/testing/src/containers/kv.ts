import { join } from 'node:path'
import type { StartedDeclaration } from '../../../targets/src/cluster/declaration.ts'

const server = join(import.meta.dirname, 'kv-server.mjs')

/** The service of `kv-server.mjs`, declared as a user would declare it. */
export const kv = {
  name: 'kv',
  nodes: 3,
  command: [
    ...[process.execPath, server, '--name', '{node}', '--data', '{data}'],
    ...['--listen', '{listen.client}', '--peer', '{listen.peer}', '--peers', '{list.peers}'],
  ],
  ports: ['client', 'peer'],
  lists: { peers: { of: 'peers', each: '{name}={peer}' } },
  ready: { by: 'http', path: '/health' },
  role: { by: 'http', path: '/role', leads: 'primary' },
  client: {
    kind: 'http',
    routes: {
      routes: [
        { request: 'GET /items/{key}', f: 'read', result: 'json.item' },
        { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
      ],
    },
  },
} satisfies StartedDeclaration
