import { check } from '@chaosproxy/checker'
import { HistoryBuilder, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { parseJsonLine } from '../../../../history/src/codecs/jsonl.ts'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { installed, type RealServer, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { network } from '../../../../testing/src/sockets.ts'
import { createControlPlane } from '../../../src/control/plane/plane.ts'
import { parseCarriage } from '../../../src/control/state/carriage.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { connectTo } from '../../resp/recorded-redis.ts'

const REDIS = installed('redis-server')

/** Starts a recording proxy, whose `carries` is parsed as in a configuration. */
async function proxied(server: RealServer, carries: unknown) {
  const lines: string[] = []
  const recorder = createRecorder({ now: startRunClock(), client: { write: (line) => void lines.push(line) } })
  const plane = createControlPlane({ network: network(), seed: 1, recording: { recorder, files: [] } })
  const proxy = await plane.addProxy({
    name: 'n1',
    listen: '127.0.0.1:0',
    upstream: `${server.host}:${server.port}`,
    enabled: true,
    carries: parseCarriage(carries, 'carries'),
  })
  const [host = '', port] = proxy.listen.split(':')
  return {
    recorder,
    address: { host, port: Number(port) },
    lines,
    verdict() {
      const builder = new HistoryBuilder({ source: 'recorded.jsonl' })
      builder.header({ chaos: 1, model: 'register', initial: recorder.initial, sessions: recorder.sessions })
      for (const text of lines) {
        const line = parseJsonLine(text)
        if (line.kind === 'event') builder.event(line.event)
      }
      return check(builder.build(), {
        model: 'register',
        initial: recorder.initial,
        levels: ['linearizable', 'sequential'],
        failedCas: 'drop',
        deadlineMs: millis(20_000),
        memoryBytes: 512 * 1024 * 1024,
        now: () => millis(performance.now()),
      }).levels
    },
  }
}

test('with "initial": "read", initial values are read before the first client connects', async (context) => {
  if (REDIS === undefined) return context.skip(whySkipped('redis-server'))
  const server = await startRedis(REDIS)
  const owner = await connectTo(server)
  await owner.ask('MSET x before y before')
  await owner.ask('HSET profile name ana')
  await owner.ask('SET short lived EX 100')
  await owner.ask('LPUSH list a')
  const { address, verdict, recorder } = await proxied(server, { kind: 'resp', initial: 'read' })
  expect(recorder.counters).toMatchObject({ operations: 4, ok: 4, touched: 0 })
  // Change the key at the server, not through the proxy.
  await owner.ask('SET x other')
  const client = await connectTo(address)
  expect(await client.ask('GET x')).toBe('other')
  expect(verdict().linearizable.result).toBe('violated')
})

test('a proxy is refused if the initial values of its server cannot be read', async () => {
  const nowhere = { host: '127.0.0.1', port: 1 }
  await expect(proxied(nowhere, { kind: 'resp', initial: 'read' })).rejects.toThrow(
    /"initial": "read" failed for the server at 127\.0\.0\.1:1: .*leave "initial" out/,
  )
})

test('linearizability is violated if a Redis server that was declared empty returns a value from before the recording', async (context) => {
  if (REDIS === undefined) return context.skip(whySkipped('redis-server'))
  const server = await startRedis(REDIS)
  await (await connectTo(server)).ask('SET x before')
  const { address, verdict } = await proxied(server, { kind: 'resp', initial: { value: null } })
  await (await connectTo(address)).ask('GET x')
  expect(verdict().linearizable.result).toBe('violated')
})

test.skipIf(process.platform !== 'linux').each([
  ['peer.process', /\d+$/],
  ['peer.address', /^127\.0\.0\.1$/],
  ['connection', /^connection \d+$/],
])('the record of Redis identifies clients by %s', async (client, session) => {
  if (REDIS === undefined) return
  const { address, lines, recorder } = await proxied(await startRedis(REDIS), { kind: 'resp', client })
  await (await connectTo(address)).ask('GET x')
  expect(JSON.parse(lines.find((line) => line.includes('"invoke"')) ?? '{}').session).toMatch(session)
  expect(recorder.sessions).toEqual({ by: client, named: true })
})

test('parseCarriage refuses invalid RESP settings, and lists the valid ones', () => {
  const refused = (members: object) => () => parseCarriage({ kind: 'resp', ...members }, 'x')
  expect(refused({ client: 'header.X' })).toThrow(
    'x: "client" is "header.X". Give peer.process, peer.address, connection',
  )
  expect(refused({ initial: 'nothing' })).toThrow(
    'x: "initial" is "nothing". Give "unknown", "read", or {"value": null}',
  )
  expect(refused({ database: 1 })).toThrow(
    'x: unknown member "database". Known: commands, cas, declare, scripts, wait, client, initial.',
  )
})
