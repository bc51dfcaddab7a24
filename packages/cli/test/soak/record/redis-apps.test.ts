import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// Packages from npm that use Redis's key expiry and scripts. Each gets a verdict.

/** Sessions that are written, read, touched and destroyed, and that finally expire. */
const SESSIONS = `
  import { RedisStore } from 'connect-redis'
  import { createClient } from 'redis'
  const client = await createClient({ url: 'redis://127.0.0.1:' + process.argv[2] }).connect()
  const store = new RedisStore({ client, ttl: 1 })
  await Promise.all([0, 1, 2].map(async (n) => {
    for (let i = 0; i < 30; i++) {
      const id = 'session-' + (i % 4)
      await store.set(id, { cookie: {}, n, i })
      await store.get(id)
      if (i % 5 === 0) await store.touch(id, { cookie: {} })
      if (i % 9 === 0) await store.destroy(id)
    }
  }))
  const direct = await createClient({ url: 'redis://' + process.argv[3] }).connect()
  if (process.argv[4] === 'lose') await direct.del('sess:session-1')
  else while ((await direct.dbSize()) > 0) {}
  for (let i = 0; i < 4; i++) await store.get('session-' + i)
  client.destroy()
  direct.destroy()
`
const LOCKS = `
  import Redis from 'ioredis'
  import Redlock from 'redlock'
  const redis = new Redis({ port: Number(process.argv[2]) })
  const locks = new (Redlock.default ?? Redlock)([redis], { retryCount: 1000, retryDelay: 10 })
  await Promise.all([0, 1, 2].map(async () => {
    for (let i = 0; i < 8; i++) {
      const lock = await locks.acquire(['resource'], 5000)
      await redis.set('x', Number((await redis.get('x')) ?? 0) + 1)
      await lock.release()
    }
  }))
  redis.disconnect()
`
/** Uses a register and, on a separate key, a script that the recorder does not know. */
const SCRIPTS = `
  import Redis from 'ioredis'
  const redis = new Redis({ port: Number(process.argv[2]) })
  const other = new Redis({ port: Number(process.argv[2]) })
  for (let i = 0; i < 8; i++) {
    await redis.eval("return redis.call('ZINCRBY', KEYS[1], 1, ARGV[1])", 1, 'scores', 'member')
    await Promise.all([redis.set('x', i), other.get('x')])
  }
  redis.disconnect()
  other.disconnect()
`
const PACKAGES = ['ioredis@5', 'redis@5', 'connect-redis@9', 'express-session@1', 'redlock@5.0.0-beta.2']
const program = installed('redis-server')

describe.skipIf(program === undefined)(
  `a Redis application${program === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    let directory = ''
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'chaos-redis-apps-'))
      writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
      writeFileSync(join(directory, 'sessions.mjs'), SESSIONS)
      writeFileSync(join(directory, 'locks.mjs'), LOCKS)
      writeFileSync(join(directory, 'scripts.mjs'), SCRIPTS)
      execFileSync('npm', ['install', '--no-audit', '--no-fund', ...PACKAGES], {
        cwd: directory,
        stdio: 'ignore',
        timeout: 180_000,
      })
    })
    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    const recorded = (as: string, command: readonly string[]) =>
      chaos(
        [
          ...['record', '--serve', `${program} --port {port} --save '' --dir {data}`, '--as', as],
          ...[
            '--client',
            'connection',
            '--expect',
            'linearizable',
            '--seed',
            '3',
            '--out',
            join(directory, 'out'),
            '--',
          ],
          ...[process.execPath, ...command],
        ],
        { cwd: directory },
      )

    test.each([
      ['are linearizable if they expire on time', 'keep', 0],
      ['are not linearizable if one is lost early', 'lose', 1],
    ])('sessions of connect-redis %s', async (_, what, wanted) => {
      const { exitCode, stdout, stderr } = await recorded('resp', ['sessions.mjs', '{n1.port}', '{n1.direct}', what])
      expect(exitCode, stdout + stderr).toBe(wanted)
    })

    test('a program with redlock locks is linearizable, because the recorder knows the scripts of redlock', async () => {
      const { exitCode, stdout, stderr } = await recorded('resp', ['locks.mjs', '{n1.port}'])
      expect(exitCode, stdout + stderr).toBe(0)
    })

    test('an unknown script makes the verdict unknown until the user declares its keys', async () => {
      const unknown = await recorded('resp', ['scripts.mjs', '{n1.port}'])
      expect(unknown.exitCode, unknown.stdout + unknown.stderr).toBe(2)
      const remedy = '{"kind":"resp","scripts":"keys"}'
      expect(unknown.stdout.replaceAll(/\s+/g, ' ')).toContain(`--as '${remedy}'`)
      const { exitCode, stdout, stderr } = await recorded(remedy, ['scripts.mjs', '{n1.port}'])
      expect(exitCode, stdout + stderr).toBe(0)
    })
  },
)
