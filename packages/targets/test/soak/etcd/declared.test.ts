import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { declaredClusters } from '../../cluster/clusters.ts'

const isInstalled = spawnSync('which', ['etcd']).status === 0

describe.runIf(isInstalled)('a declared etcd that is already running', () => {
  const { start } = declaredClusters()
  const declaration = {
    nodes: 1,
    command:
      'etcd --name {node} --data-dir {data}/etcd --listen-client-urls http://{listen.client} --advertise-client-urls http://{listen.client} --listen-peer-urls http://{listen.peer} --initial-advertise-peer-urls http://{listen.peer} --initial-cluster {node}=http://{listen.peer}',
    ports: ['client', 'peer'],
    client: { kind: 'etcd', keys: 'chaos-{run}-{key}' },
  }

  test('a declared etcd is read and written under key names that contain the name of the run', async () => {
    const { write, read, cluster } = await start(declaration)
    expect(await write('n1', 'x', 7)).toEqual({ type: 'ok', value: 7 })
    expect(await read('n1', 'x')).toEqual({ type: 'ok', value: 7 })
    const { host, port } = cluster.clientAddress('n1')
    const asked = await fetch(`http://${host}:${port}/v3/kv/range`, {
      method: 'POST',
      body: JSON.stringify({ key: 'AA==', range_end: 'AA==', keys_only: true }),
    })
    const { kvs } = (await asked.json()) as { kvs: { key: string }[] }
    expect(kvs.map(({ key }) => Buffer.from(key, 'base64').toString())).toEqual([
      expect.stringMatching(/^object\/chaos-\w+-x$/),
    ])
  })
})
