import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The real ioredis from npm with its default settings. Every request that is applied twice must be reported.

/** Three clients increment the same keys. At the end, the program prints how many increments were applied twice. */
const CLIENTS = `
  import Redis from 'ioredis'
  const [port, direct] = process.argv.slice(2).map((address) => Number(address.split(':').at(-1)))
  const end = Date.now() + 3000
  let asked = 0
  await Promise.all([1, 2, 3].map(async () => {
    const redis = new Redis({ port, retryStrategy: () => 30, maxRetriesPerRequest: null, socketTimeout: 400 })
    redis.on('error', () => {})
    while (Date.now() < end) {
      await redis.incr('hits-' + (asked++ % 5)).catch(() => {})
      await new Promise((next) => setTimeout(next, 3))
    }
    redis.disconnect()
  }))
  const redis = new Redis({ port: direct })
  const sums = await redis.mget('hits-0', 'hits-1', 'hits-2', 'hits-3', 'hits-4')
  console.log('TWICE=' + (sums.reduce((sum, each) => sum + Number(each), 0) - asked))
  redis.disconnect()
`

const program = installed('redis-server')

describe.skipIf(program === undefined)(
  `ioredis${program === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    let directory = ''
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'chaos-ioredis-'))
      writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
      writeFileSync(join(directory, 'clients.mjs'), CLIENTS)
      execFileSync('npm', ['install', '--no-audit', '--no-fund', 'ioredis@6'], {
        cwd: directory,
        stdio: 'ignore',
        timeout: 180_000,
      })
    })

    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    test.each([
      ['lose-reply', 'register'],
      ['lose-reply', 'counter'],
      ['reset', 'register'],
      ['reset', 'counter'],
      ['partition', 'register'],
    ])(
      'ioredis repeats a change under the fault %s, and chaos reports that the change took effect twice (model: %s)',
      async (faults, model) => {
        const { stdout, stderr } = await chaos(
          [
            ...[
              'record',
              '--serve',
              `${program} --port {port} --save '' --dir {data}`,
              '--as',
              'resp',
              '--model',
              model,
            ],
            ...['--faults', faults, '--seed', '3', '--out', join(directory, 'out'), '--'],
            ...[process.execPath, 'clients.mjs', '{n1.port}', '{n1.direct}'],
          ],
          { cwd: directory },
        )
        const said = stdout.replaceAll(/\s+/g, ' ')
        const twice = Number(/TWICE=(\d+)/.exec(said)?.[1])
        const certain = Number(
          /(\d+) changes? whose answer was lost w\S+ sent again by the same client and carried/.exec(said)?.[1] ?? 0,
        )
        const perhaps = Number(
          /(\d+) changes? whose answer was lost w\S+ sent again by the same client and may/.exec(said)?.[1] ?? 0,
        )
        expect(certain, said + stderr).toBeLessThanOrEqual(twice)
        expect(certain + perhaps, said + stderr).toBeGreaterThanOrEqual(twice)
      },
    )
  },
)
