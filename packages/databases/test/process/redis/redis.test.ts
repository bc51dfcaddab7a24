import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { describe, expect, test, vi } from 'vitest'
import { eventually } from '../../../../testing/src/real-cluster.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'
import { redis } from '../../../src/redis/target.ts'
import { redisClusters } from '../../redis/clusters.ts'

const start = redisClusters()
const program = installed('redis-server')
const ok = (value: unknown) => expect.objectContaining({ type: 'ok', value })

describe.skipIf(program === undefined)(
  `Redis with Sentinels${program === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    test('Redis serves each client from the primary, even if the home node of the client is a replica', async () => {
      const { cluster, read, write, ask } = await start('register')
      expect(cluster.leader()).toBe('n1')
      expect(await write('n2', 1)).toEqual(ok(1))
      expect(await read('n3')).toEqual({ type: 'ok', value: '1', node: 'n1' })
      expect(await ask('n3', { f: 'cas', key: 'x', value: ['1', 2] })).toEqual(ok(['1', 2]))
      expect(await ask('n1', { f: 'cas', key: 'x', value: ['1', 3] })).toMatchObject({ type: 'fail' })
    })

    test('Redis fails over on command, and a client that connects again finds the new primary', async () => {
      const { cluster, inject, write, leave } = await start('register')
      expect(await write('n1', 1)).toEqual(ok(1))
      const heal = await inject({ kind: 'failover', nodes: ['n2'] })
      // The fault heals only if no Sentinel refused the failover.
      expect(await heal()).toEqual({ type: 'healed', hits: 1 })
      await eventually(async () => expect(['n2', 'n3']).toContain(cluster.leader()))
      // A new client asks its Sentinel for the primary.
      leave('n1')
      expect(await write('n1', 2)).toEqual(ok(2))
    })

    test('Redis can fail over as soon as it has a primary, even if its replicas start late', async () => {
      // Sentinels that find no replica try again after a second; until then they refuse with NOGOODSLAVE.
      const directory = mkdtempSync(join(tmpdir(), 'chaos-late-redis-'))
      try {
        const late = `#!/bin/sh\ngrep -qs '^replicaof' "$1" && sleep 0.7\nexec ${program} "$@"\n`
        writeFileSync(join(directory, 'redis-server'), late, { mode: 0o755 })
        vi.stubEnv('PATH', `${directory}${delimiter}${process.env['PATH']}`)
        const { inject } = await start('register')
        const heal = await inject({ kind: 'failover', nodes: ['n2'] })
        expect(await heal()).toEqual({ type: 'healed', hits: 1 })
      } finally {
        vi.unstubAllEnvs()
        rmSync(directory, { recursive: true })
      }
    })

    test('replicas of Redis return stale reads, unless WAIT has confirmed the write', async () => {
      const patient = { reads: 'replicas', 'down-after-ms': 60_000 }
      const links = [{ from: 'n1', to: 'n2' }]
      const plain = await start('register', patient)
      await plain.inject({ kind: 'partition', links, mode: 'hold' })
      expect(await plain.write('n2', 1)).toEqual(ok(1))
      expect(await plain.read('n2')).toEqual(ok(null))
      const waiting = await start('register', { ...patient, wait: 2 })
      await waiting.inject({ kind: 'latency', links, latencyMs: millis(50), jitterMs: millis(0) })
      expect(await waiting.write('n2', 1)).toEqual(ok(1))
      expect(await waiting.read('n2')).toEqual(ok('1'))
      expect(await waiting.read('n3')).toEqual(ok('1'))
      const heal = await waiting.inject({ kind: 'partition', links, mode: 'hold' })
      expect(await waiting.write('n2', 2, 'x', 500)).toMatchObject({
        type: 'info',
        error: 'WAIT 2: 1 replicas have it',
      })
      expect(await waiting.read('n3')).toEqual(ok('2'))
      await heal()
    })
  },
)

test('Redis promises no consistency level, with or without WAIT', () => {
  const usual = Object.fromEntries(redis.settings.map(({ name, default: value }) => [name, value]))
  const question = { workload: 'register', object: 'register', faults: [] }
  expect(redis.promises({ ...question, settings: usual })).toBe('nothing')
  expect(redis.promises({ ...question, settings: { ...usual, wait: 'all' } })).toBe('nothing')
})

test('the Redis target refuses contradictory settings', async () => {
  const usual = Object.fromEntries(redis.settings.map(({ name, default: value }) => [name, value]))
  expect(() => redis.validate?.({ ...usual, lock: 'redlock', wait: 1 }, undefined, 3)).toThrow(
    'every node is a primary',
  )
  expect(redis.functions({ ...usual, lock: 'redlock' })).toEqual(['acquire', 'release'])
})
