import { protocols } from '@chaosproxy/protocols'
import { describe, expect, test } from 'vitest'
import { ask, eventually, inject, realClusters } from '../../../testing/src/real-cluster.ts'

const { start } = realClusters()

/**
 * `npm run test:commands` starts one protocol of each kind, because all use the same node process. The soak test starts
 * every protocol.
 */
const USUAL = ['raft', 'primary-replica', 'master-master']
const chosen = protocols.filter(({ name }) => process.env['EVERY'] === 'true' || USUAL.includes(name))

describe.each(chosen)('the protocol $name in real processes', ({ name }) => {
  test('an acknowledged write survives a kill of every node', async () => {
    const cluster = await start({ protocol: name })
    const node = cluster.leader() ?? 'n1'
    await eventually(async () =>
      expect(await ask(cluster, node, { f: 'write', key: 'x', value: 1 })).toMatchObject({ type: 'ok' }),
    )
    const heal = await inject(cluster, { kind: 'kill', nodes: cluster.nodes })
    expect(await heal()).toEqual({ type: 'healed', hits: 3 })
    await eventually(async () =>
      expect(await ask(cluster, node, { f: 'read', key: 'x', value: null })).toEqual({ type: 'ok', value: 1 }),
    )
    expect(cluster.trouble()).toEqual([])
  })
})
