import { millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { installed, type RealServer, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { network } from '../../../../testing/src/sockets.ts'
import { connectTo, recordRedis } from '../../resp/recorded-redis.ts'

/** Starts a primary, and replicas that get its writes with this delay. */
async function replicated(program: string, replicas: number, latencyMs: number): Promise<readonly RealServer[]> {
  const primary = await startRedis(program, ['--repl-diskless-sync-delay', '0'])
  const links = network()
  const servers = [primary]
  for (let i = 0; i < replicas; i++) {
    const [from, to] = [`replica${i}`, 'primary']
    const route = await links.route({ from, to, upstream: primary })
    const replica = await startRedis(program, ['--replicaof', route.host, String(route.port)])
    const client = await connectTo(replica)
    while (!String(await client.ask('INFO replication')).includes('master_link_status:up')) await client.ask('PING')
    links.apply({
      kind: 'latency',
      latencyMs: millis(latencyMs),
      jitterMs: millis(0),
      links: [{ from: to, to: from }],
    })
    servers.push(replica)
  }
  return servers
}

test('a stale read at a delayed replica violates linearizability and read-your-writes', async (context) => {
  const program = installed('redis-server')
  if (program === undefined) return context.skip(whySkipped('redis-server'))
  const { connect, judge, recorder } = await recordRedis(await replicated(program, 2, 200))
  const alice = await Promise.all([0, 1, 2].map((node) => connect(node)))
  for (const connection of alice) await connection.ask('CLIENT SETNAME alice')
  for (let i = 0; i < 5; i++) {
    expect(await alice[0]?.ask(`SET x ${i}`)).toBe('OK')
    await alice[1]?.ask('GET x')
    await alice[2]?.ask('GET x')
  }
  const { levels } = judge(['linearizable', 'sequential', 'read-your-writes'])
  expect(levels.linearizable.result).toBe('violated')
  expect(levels['read-your-writes'].result).toBe('violated')
  expect(recorder.counters).toMatchObject({ operations: 15, ok: 15, notUnderstood: 0, touched: 0 })
})

test('reads at replicas are linearizable after a WAIT for all replicas', async (context) => {
  const program = installed('redis-server')
  if (program === undefined) return context.skip(whySkipped('redis-server'))
  const { connect, judge } = await recordRedis(await replicated(program, 2, 0))
  const [primary, ...replicas] = await Promise.all([0, 1, 2].map((node) => connect(node)))
  for (let i = 0; i < 5; i++) {
    await primary?.ask(`SET x ${i}`)
    expect(await primary?.ask('WAIT 2 5000')).toBe(2)
    for (const replica of replicas) expect(await replica.ask('GET x')).toBe(String(i))
  }
  expect(judge().levels.linearizable.result).toBe('met')
})
