import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { historyFromEvents, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { check } from '../../../checker/src/index.ts'
import { parseJsonLine } from '../../../history/src/codecs/jsonl.ts'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { recordResp } from '../../../recorder/src/redis/resp-recorder.ts'
import { installed, startRedis, whySkipped } from '../../../testing/src/servers.ts'
import { dial, network, Received } from '../../../testing/src/sockets.ts'
import { recordConversations } from '../../src/interceptor/recorded-conversations.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { command, serveResp } from '../redis.ts'

const redisServer = installed('redis-server')
const redisClient = installed('redis-cli')
const WHY_SKIPPED = whySkipped('redis-server', 'redis-cli')

/** Clients that send several commands at once, on few keys, through a recording proxy; and what was recorded. */
async function recordWorkload(upstream: { host: string; port: number }) {
  const lines: string[] = []
  const recorder = createRecorder({ now: startRunClock(), client: { write: (line) => void lines.push(line) } })
  const intercept = recordConversations(recordResp({ recorder, node: 'n1' }), recorder)
  const route = await network().route({ from: 'clients', to: 'n1', upstream, intercept })
  const clients = await Promise.all(Array.from({ length: 4 }, async () => new Received(await dial(route))))
  await Promise.all(
    clients.map(async ({ socket }, client) => {
      let answers = 0
      socket.on('data', (bytes: Buffer) => {
        for (const byte of bytes) if (byte === 0x0a) answers++
      })
      for (let round = 0; round < 60; round++) {
        const before = answers
        const value = `${client}.${round}`
        const key = `k${round % 3}`
        const choices = [
          command('SET', key, value),
          command('SETNX', key, value),
          command('DEL', key),
          command('APPEND', key, `+${value}`),
        ]
        socket.write((choices[(round * 7 + client) % choices.length] ?? '') + command('GET', key) + command('PING'))
        // If the key has a value, the response to GET has two lines: the length and the value.
        while (answers < before + 3) await once(socket, 'data')
      }
      socket.end()
    }),
  )
  await Promise.all(clients.map((client) => client.until((received) => received.closed)))
  await route.close()
  return { lines, counters: recorder.counters }
}

function verdictOf(lines: readonly string[]) {
  const events = lines.map(parseJsonLine).flatMap((line) => (line.kind === 'event' ? [line.event] : []))
  return check(historyFromEvents(events), {
    model: 'register',
    initial: null,
    levels: ['linearizable'],
    failedCas: 'observes',
    deadlineMs: millis(20_000),
    memoryBytes: 512 * 1024 * 1024,
    now: () => millis(performance.now()),
  })
}

test('the record of a correct Redis server is linearizable and accounts for every command', async () => {
  const { lines, counters } = await recordWorkload(await serveResp())
  expect(counters).toMatchObject({ operations: 480, open: 0, info: 0, unmatched: 240, unmatchedAnswers: 0, waiting: 0 })
  expect(verdictOf(lines).levels.linearizable.result).toBe('met')
})

test('a Redis server that returns old values violates linearizability', async () => {
  const last = new Map<string, string>()
  const stale = await serveResp(([name = '', key = '', value = '']) => {
    if (name === 'SET') {
      const before = stale.store.get(key)
      if (before !== undefined) last.set(key, before)
      stale.store.set(key, value)
      return '+OK\r\n'
    }
    const old = name === 'GET' ? last.get(key) : undefined
    return old === undefined ? undefined : `$${old.length}\r\n${old}\r\n`
  })
  const { lines } = await recordWorkload(stale)
  expect(verdictOf(lines).levels.linearizable.result).toBe('violated')
})

test('the record of a real Redis server is linearizable', async (context) => {
  if (redisServer === undefined) return context.skip(WHY_SKIPPED)
  const { lines, counters } = await recordWorkload(await startRedis(redisServer))
  expect(counters).toMatchObject({ operations: 480, open: 0, info: 0, unmatched: 240, unmatchedAnswers: 0, waiting: 0 })
  expect(verdictOf(lines).levels.linearizable.result).toBe('met')
})

test('redis-cli prints the same output through a recording proxy as without a proxy', async (context) => {
  if (redisServer === undefined || redisClient === undefined) return context.skip(WHY_SKIPPED)
  const redis = await startRedis(redisServer)
  const recorder = createRecorder({ now: startRunClock(), client: { write: () => undefined } })
  const intercept = recordConversations(recordResp({ recorder, node: 'n1' }), recorder)
  const route = await network().route({ from: 'clients', to: 'n1', upstream: redis, intercept })
  const typed = [
    ...[
      'FLUSHALL',
      'SET x 1',
      'GET x',
      'GET nothing',
      'INCR x',
      'LPUSH l a b c',
      'LRANGE l 0 -1',
      'HSET h f 1 g 2',
      'HGETALL h',
    ],
    ...[
      'SADD s a',
      'SMEMBERS s',
      'LPUSH x 1',
      'NO SUCH COMMAND',
      'MULTI',
      'SET y 1',
      'EXEC',
      'EVAL "return {1,{2,3.5}}" 0',
      'SELECT 1',
    ],
    ...['SET x 2', 'GET x', 'OBJECT ENCODING x', `SET big ${'b'.repeat(100_000)}`, 'GET big'],
  ].join('\n')
  const say = (port: number, version: string) => {
    const running = promisify(execFile)(redisClient, ['-p', String(port), version], { maxBuffer: 1 << 24 })
    running.child.stdin?.end(`${typed}\n`)
    return running.then(({ stdout }) => stdout)
  }
  for (const version of ['-2', '-3']) {
    const direct = await say(redis.port, version)
    expect(direct).toContain('b'.repeat(100_000))
    expect(await say(route.port, version)).toBe(direct)
  }
  expect(recorder.counters).toMatchObject({ opaqueConnections: 0, unmatchedAnswers: 0, open: 0, info: 0 })
})
