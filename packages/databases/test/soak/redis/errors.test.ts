import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Json, millis } from '@chaosproxy/history'
import { redisErrors } from '@chaosproxy/recorder/redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openLine } from '../../../../targets/src/clients/line.ts'
import { type RespReplies, type RespReply, respReplies } from '../../../../targets/src/clients/resp-replies.ts'
import { tryClient, write } from '../../../../testing/src/clients.ts'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'

// Tests what each error of a real Redis means for a change: the change had no effect, or its outcome is unknown.

const redis = installed('redis-server')

/** Sends commands, and returns each reply without judging it. An error becomes `{ error }`. */
function raw(port: number) {
  const line = openLine<RespReply, RespReplies>({ node: 'n1', host: '127.0.0.1', port }, respReplies)
  onTestFinished(() => line.close())
  return (...words: string[]): Promise<Json> =>
    new Promise((resolve, reject) => {
      line.ask({
        bytes: (reader) => reader.bytes({ words }),
        timeoutMs: millis(10_000),
        ended: (end) => (end.type === 'reply' ? resolve(end.reply.reply) : reject(new Error(end.why))),
      })
    })
}

type Ask = ReturnType<typeof raw>

interface Case {
  readonly word: string
  readonly flags?: readonly string[]
  /** Makes the server reply with this error. */
  readonly before?: (ask: Ask, port: number) => Promise<unknown>
  /** The change; by default a SET. */
  readonly send?: readonly string[]
  /** Makes the server serve again, so that the test can read its data. */
  readonly after?: (ask: Ask) => Promise<unknown>
  readonly password?: string
}

const cases: readonly Case[] = [
  { word: 'ERR', send: ['SETT', 'x', '2'] },
  { word: 'WRONGTYPE', send: ['LPUSH', 'x', '2'] },
  { word: 'OOM', before: (ask) => ask('CONFIG', 'SET', 'maxmemory', '1') },
  { word: 'NOREPLICAS', before: (ask) => ask('CONFIG', 'SET', 'min-replicas-to-write', '1') },
  { word: 'READONLY', before: (ask) => ask('REPLICAOF', '127.0.0.1', '1') },
  {
    word: 'MASTERDOWN',
    before: async (ask) => {
      await ask('CONFIG', 'SET', 'replica-serve-stale-data', 'no')
      await ask('CONFIG', 'SET', 'replica-read-only', 'no')
      await ask('REPLICAOF', '127.0.0.1', '1')
    },
    after: (ask) => ask('CONFIG', 'SET', 'replica-serve-stale-data', 'yes'),
  },
  {
    word: 'MISCONF',
    flags: ['--enable-protected-configs', 'yes'],
    before: async (ask) => {
      const gone = mkdtempSync(join(tmpdir(), 'chaos-misconf-'))
      await ask('CONFIG', 'SET', 'save', '3600 1')
      await ask('CONFIG', 'SET', 'dir', gone)
      rmSync(gone, { recursive: true })
      await ask('BGSAVE')
      await expect
        .poll(async () => String(await ask('INFO', 'persistence')), { timeout: 20_000 })
        .toContain('rdb_last_bgsave_status:err')
    },
    after: (ask) => ask('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no'),
  },
  {
    word: 'NOPERM',
    before: (ask) => ask('ACL', 'SETUSER', 'default', '-SET'),
    after: (ask) => ask('ACL', 'SETUSER', 'default', '+SET'),
  },
  {
    word: 'WRONGPASS',
    password: 'wrong',
    before: (ask) => ask('CONFIG', 'SET', 'requirepass', 'right'),
    after: (ask) => ask('AUTH', 'right'),
  },
  {
    word: 'NOAUTH',
    before: (ask) => ask('CONFIG', 'SET', 'requirepass', 'right'),
    after: (ask) => ask('AUTH', 'right'),
  },
  {
    word: 'BUSY',
    before: async (ask, port) => {
      await ask('CONFIG', 'SET', 'busy-reply-threshold', '1')
      raw(port)('EVAL', 'while true do end', '0').catch(() => {})
      await expect.poll(async () => JSON.stringify(await ask('PING')), { timeout: 20_000 }).toContain('BUSY')
    },
    after: async (ask) => {
      await ask('SCRIPT', 'KILL')
      await expect.poll(() => ask('PING'), { timeout: 20_000 }).toBe('PONG')
    },
  },
  { word: 'CLUSTERDOWN', flags: ['--cluster-enabled', 'yes'] },
]

describe.skipIf(redis === undefined)(
  `errors of a live Redis${redis === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    test.each(cases)(
      'a Redis command that fails with $word has no effect',
      async ({ word, flags = [], before, send, after, password }) => {
        const { port } = await startRedis(redis ?? '', flags)
        const ask = raw(port)
        await ask('SET', 'x', '1')
        await before?.(ask, port)
        const commands = { write: { send: send ?? ['SET', '{key}', '{value}'] } }
        const own = await tryClient({ kind: 'resp', commands, ...(password === undefined ? {} : { password }) }, port)
        expect(await own.ask(write('x', 2))).toMatchObject({ type: 'fail', error: expect.stringMatching(`^${word}`) })
        expect(redisErrors.find(({ texts }) => texts.includes(word))?.means).toBe('fail')
        await after?.(ask)
        const holds = await ask('GET', 'x')
        expect(word === 'CLUSTERDOWN' ? (holds as { error?: string }).error : holds).toMatch(/^1$|^CLUSTERDOWN/)
      },
    )

    test('an error within a Redis script leaves the outcome of the command unknown', async () => {
      const { port } = await startRedis(redis ?? '')
      const ask = raw(port)
      const script = "redis.call('SET',KEYS[1],'2') return redis.call('LPUSH',KEYS[1],'a')"
      const own = await tryClient({ kind: 'resp', commands: { write: { send: ['EVAL', script, '1', '{key}'] } } }, port)
      expect(await own.ask(write('x', 2))).toMatchObject({ type: 'info', error: expect.stringMatching(/WRONGTYPE/) })
      expect(await ask('GET', 'x')).toBe('2')
    })
  },
)

test('redisErrors lists each Redis error once, with a reason', () => {
  expect(new Set(redisErrors.flatMap(({ texts }) => texts)).size).toBe(redisErrors.length)
  for (const { why } of redisErrors) expect(why).toMatch(/\w+ \w+/)
})
