import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacking } from '../../../../cli/test/record/doctors-and-accounts.ts'
import { chaos } from '../../../../testing/src/chaos.ts'
import { whySkipped } from '../../../../testing/src/servers.ts'
import { recordedService } from '../../services/recorded-service.ts'

// Prisma compiles queries in WebAssembly. It generates its client beside the program, by default as TypeScript.

const PACKAGES = ['prisma@7', '@prisma/client@7', '@prisma/adapter-pg@7', 'fastify@5']
const CLIENTS = {
  javascript: {
    generator:
      'generator client {\n provider = "prisma-client-js"\n output = "./javascript"\n engineType = "client"\n}\n',
    file: './javascript/index.js',
  },
  typescript: {
    generator: 'generator client {\n provider = "prisma-client"\n output = "./typescript"\n}\n',
    file: './typescript/client.ts',
  },
} as const
const SEEDS = process.env['CHAOS_SOAK'] === 'short' ? 4 : 100

describe.each(['javascript', 'typescript'] as const)('Prisma with its client in %s', (language) => {
  let cwd = ''
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), 'chaos-prisma-'))
    const { generator, file } = CLIENTS[language]
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ type: 'module', imports: { '#prisma': file } }))
    const services = join(import.meta.dirname, '../../services/programs')
    cpSync(join(services, 'prisma'), cwd, { recursive: true })
    for (const name of ['wallet.sql', 'wallet.routes.json', 'load.mjs']) cpSync(join(services, name), join(cwd, name))
    appendFileSync(join(cwd, 'schema.prisma'), generator)
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES], {
      ...{ cwd, stdio: 'ignore', timeout: 300_000 },
    })
    // The client needs no engine. Prisma would download its schema engine, which only migrations need. The program
    // `/bin/true` takes the place of this engine.
    execFileSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--schema', 'schema.prisma'], {
      ...{ cwd, stdio: 'pipe', timeout: 120_000 },
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' },
    })
  }, 300_000)
  afterAll(() => rmSync(cwd, { recursive: true, force: true }))

  async function searched(service: string, ...more: readonly string[]) {
    const args = [
      'simulate',
      `./${service}.mjs`,
      '--beside',
      'pg=postgres',
      '--sql',
      'wallet.sql',
      '--workload',
      'counter',
    ]
    const judged = ['--routes', 'wallet.routes.json', '--expect', 'serializable']
    const { stdout, stderr } = await chaos([...args, ...judged, ...more, '--out', 'out', '--json'], { cwd })
    return JSON.parse(stdout || JSON.stringify({ stderr }))
  }

  test('a Prisma service loses an update if it reads a balance and then writes a new balance', async () => {
    const result = await searched('wallet-lost-update', '--seeds', '40', '--shrink', '1ms')
    expect(result).toMatchObject({ found: true, failures: [{ kind: 'invariant', cause: 'serializable SQL of pg' }] })
    expect(JSON.stringify(result)).toContain('Lost update')
  })

  test('a Prisma service loses no update if the database increments the balance', async () => {
    const result = await searched('wallet-incremented', '--seeds', `${SEEDS}`)
    expect(result).toMatchObject({ found: false, trials: SEEDS, failures: [] })
  })

  // Node 20 runs no TypeScript.
  describe.skipIf(lacking || language === 'typescript')(
    `on a real PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`,
    () => {
      test('the recorder finds a lost update of a Prisma service with read-then-write, and none with an increment', async () => {
        const lost = await recordedService(cwd, 'wallet-lost-update')
        expect(lost.output).toMatch(/updates? (was|were) lost/i)
        expect(lost.exitCode).toBe(1)
        const kept = await recordedService(cwd, 'wallet-incremented')
        expect(kept.exitCode, kept.output).toBe(0)
      })
    },
  )
})
