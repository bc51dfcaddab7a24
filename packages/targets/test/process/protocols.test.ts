import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask, eventually, inject, realClusters } from '../../../testing/src/real-cluster.ts'

const { start, directory } = realClusters()

test('raft nodes with the bug forget-vote do not journal their votes', async () => {
  const votesOf = async (bug: string | undefined) => {
    const dataDir = directory()
    // A leader voted for itself, and had this vote on disk before it asked the other nodes for theirs.
    const leader = (await start({ protocol: 'raft', bug, dataDir })).leader() ?? 'nobody leads'
    return readFileSync(join(dataDir, leader, 'journal.log'), 'utf8').match(/"votedFor"/g)
  }
  expect(await votesOf(undefined)).not.toBeNull()
  expect(await votesOf('forget-vote')).toBeNull()
})

test('an unknown bug or setting of a protocol is refused before anything starts', async () => {
  await expect(start({ protocol: 'raft', bug: 'no-such-bug' })).rejects.toThrow(/no-such-bug/)
  await expect(start({ protocol: 'raft', settings: { 'no-such-setting': 1 } })).rejects.toThrow(/no-such-setting/)
})

test('a node serves a plain HTTP client through the proxy', async () => {
  const cluster = await start({ protocol: 'master-master' })
  const written = await fetch(`${cluster.url('n2')}/kv/x`, { method: 'PUT', body: '{"value":"by hand"}' })
  expect(await written.json()).toEqual({ value: 'by hand' })
  const status = await fetch(`${cluster.url('n2')}/status`)
  expect(await status.json()).toMatchObject({ node: 'n2', protocol: 'master-master', role: 'master' })
})

test('nodes share one clock, which a killed and restarted node keeps', async () => {
  const cluster = await start({ protocol: 'master-master' })
  // The last write wins, by the clock of the node that accepted it.
  const writers = ['n1', 'n3', 'n2', 'n1'] as const
  for (const [value, node] of writers.entries()) {
    expect(await ask(cluster, node, { f: 'write', key: 'x', value })).toMatchObject({ type: 'ok' })
    const heal = await inject(cluster, { kind: 'kill', nodes: [node] })
    await heal()
  }
  for (const node of cluster.nodes)
    await eventually(async () =>
      expect(await ask(cluster, node, { f: 'read', key: 'x', value: null })).toEqual({ type: 'ok', value: 3 }),
    )
})
