import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import type { Input } from '@chaosproxy/history'
import { describe, expect, onTestFinished, test } from 'vitest'
import { read, temporaryDirectory, tryClient, write } from '../../../testing/src/clients.ts'
import { installed, startRedis, whySkipped } from '../../../testing/src/servers.ts'

// Tests how clients judge an operation whose reply from a real Redis was lost, and how often the operation took effect.

const redis = installed('redis-server')
const python = installed('python3')

/**
 * Starts a proxy for a server. After `loseNextAnswer`, the proxy passes the next request on, but cuts both connections
 * at the reply.
 */
async function cuttable(port: number) {
  let armed = false
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const cut = () => {
      upstream.destroy()
      client.resetAndDestroy()
    }
    client.on('error', cut).on('close', () => upstream.destroy())
    upstream.on('error', cut).on('close', () => client.destroy())
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => {
      if (armed) cut()
      else client.write(bytes)
      armed = false
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  const loseNextAnswer = () => {
    armed = true
  }
  return { port: (server.address() as { port: number }).port, loseNextAnswer }
}

const add = (key: string, value: number): Input => ({ f: 'add', key, value })
const cas = (key: string, value: readonly (number | null)[]): Input => ({ f: 'cas', key, value: [...value] })

const kinds = [
  { kind: 'resp', commands: 'counter' },
  { kind: 'program', command: ['python3', join(import.meta.dirname, '../redis-client.py')] },
] as const

describe.skipIf(redis === undefined)(
  `a live Redis${redis === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    test.skipIf(python === undefined).each(kinds)(
      'a Redis client of the kind $kind reports an add whose reply is lost as info, and does not repeat it',
      async (declaration) => {
        const { port } = await startRedis(redis ?? '')
        const way = await cuttable(port)
        const { ask } = await tryClient(declaration, way.port, {
          functions: ['read', 'add'],
          directory: temporaryDirectory(),
        })
        expect(await ask(read('n'))).toEqual({ type: 'ok', value: null })
        expect(await ask(add('n', 2))).toEqual({ type: 'ok', value: 2 })
        way.loseNextAnswer()
        expect(await ask(add('n', 5))).toMatchObject({ type: 'info' })
        // The addition was neither lost nor repeated.
        expect(await ask(read('n'))).toEqual({ type: 'ok', value: 7 })
        way.loseNextAnswer()
        expect(await ask(read('n'))).toMatchObject({ type: expect.stringMatching(/fail/) })
      },
    )

    test('a Redis cas from a value succeeds only if the key has that value, and from null only if the key is absent', async () => {
      const { port } = await startRedis(redis ?? '')
      const { ask } = await tryClient({ kind: 'resp', commands: 'register' }, port, {
        functions: ['read', 'write', 'cas'],
      })
      expect(await ask(cas('x', [null, 1]))).toEqual({ type: 'ok', value: [null, 1] })
      expect(await ask(cas('x', [null, 2]))).toMatchObject({ type: 'fail' })
      expect(await ask(cas('x', [1, 3]))).toEqual({ type: 'ok', value: [1, 3] })
      expect(await ask(cas('x', [1, 4]))).toMatchObject({ type: 'fail' })
      expect(await ask(read('x'))).toEqual({ type: 'ok', value: '3' })
    })

    test.each([
      ['of a refused command as fail', { write: { send: ['SADD', '{key}', '{value}'] } }, 'fail', /^WRONGTYPE/],
      ['of an unknown command as fail', { write: { send: ['SETT', '{key}'] } }, 'fail', /^ERR unknown command/],
      [
        'of a script that had begun as info',
        {
          write: {
            send: ['EVAL', "redis.call('SET',KEYS[1],'9') return redis.call('LPUSH',KEYS[1],'a')", '1', '{key}'],
          },
        },
        'info',
        /WRONGTYPE/,
      ],
    ] as const)('a Redis client reports the error %s', async (_, commands, type, error) => {
      const { port } = await startRedis(redis ?? '')
      const { ask } = await tryClient({ kind: 'resp', commands: 'register' }, port)
      await ask(write('x', 1))
      const own = await tryClient({ kind: 'resp', commands }, port)
      expect(await own.ask(write('x', 2))).toMatchObject({ type, error: expect.stringMatching(error) })
    })

    test('an operation with a wrong password is reported as fail, with the error of Redis', async () => {
      const { port } = await startRedis(redis ?? '', ['--requirepass', 'right'])
      const { ask } = await tryClient({ kind: 'resp', commands: 'register', password: 'wrong' }, port)
      expect(await ask(write('x', 1))).toMatchObject({ type: 'fail', error: expect.stringMatching(/WRONGPASS/) })
      const right = await tryClient({ kind: 'resp', commands: 'register', password: 'right' }, port)
      expect(await right.ask(write('x', 1))).toEqual({ type: 'ok', value: 1 })
    })
  },
)
