import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { startPostgres, whySkipped } from '../../../../testing/src/servers.ts'
import { initdb, lacking, postgres, psql, SETTINGS, TABLES } from '../../record/doctors-and-accounts.ts'

// Transactions of PostgreSQL, as client libraries send them: prepared and named statements, savepoints, pools, and
// retries after 40001.

const isShort = process.env['CHAOS_SOAK'] === 'short'
const PRISMA = isShort ? [] : ['prisma@7', '@prisma/client@7', '@prisma/adapter-pg@7']
const PACKAGES = ['pg@8', 'postgres@3', 'drizzle-orm@0.45', 'knex@3', 'sequelize@6', 'typeorm@1', ...PRISMA]
const LIBRARIES = isShort
  ? ['postgres', 'typeorm']
  : ['pg', 'postgres', 'drizzle', 'knex', 'sequelize', 'typeorm', 'prisma']

const PRISMA_SCHEMA = `
  generator client {
    provider   = "prisma-client-js"
    output     = "./prisma-client"
    engineType = "client"
  }
  datasource db {
    provider = "postgresql"
  }
  model Account {
    id      Int @id
    balance Int
    @@map("accounts")
  }
  model Doctor {
    id      Int @id
    on_call Boolean
    @@map("doctors")
  }
`

describe.skipIf(lacking)(`PostgreSQL by way of${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-postgres-drivers-'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    cpSync(join(import.meta.dirname, '../../record/postgres-drivers.mjs'), join(directory, 'postgres-drivers.mjs'))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES], {
      ...{ cwd: directory, stdio: 'ignore', timeout: 300_000 },
    })
    if (isShort) return
    writeFileSync(join(directory, 'schema.prisma'), PRISMA_SCHEMA)
    // The client needs no engine. `prisma generate` would download the migration engine, so a dummy program replaces
    // it.
    execFileSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--schema', 'schema.prisma'], {
      ...{ cwd: directory, stdio: 'pipe', timeout: 120_000 },
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' },
    })
  }, 300_000)
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function recorded(library: string, what: string, mode: string) {
    const { port } = await startPostgres(initdb!, postgres!)
    execFileSync(psql!, ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester', '-qc', TABLES, 'postgres'], {
      stdio: 'pipe',
    })
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['record', '--upstream', `127.0.0.1:${port}`, '--as', JSON.stringify(SETTINGS), '--faults', 'none'],
        ...['--expect', 'serializable', '--seed', '1', '--out', join(directory, 'out'), '--'],
        ...[process.execPath, 'postgres-drivers.mjs', '{n1.port}', library, what, mode],
      ],
      { cwd: directory },
    )
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
  }

  describe.each(LIBRARIES)('PostgreSQL used through the library %s', (library) => {
    // Prisma has no savepoints.
    test.each(library === 'prisma' ? ['unlocked'] : ['unlocked', 'nested'])(
      'updates are lost if a client reads a balance and then writes it (%s)',
      async (mode) => {
        const { exitCode, told } = await recorded(library, 'balance', mode)
        // `save` of TypeORM reads a row again before it writes the row. If this second read observes the other client's
        // commit in every transaction, the output shows a non-repeatable read instead of a lost update.
        expect(told).toMatch(library === 'typeorm' ? /lost update|and then read/i : /lost update/i)
        expect(exitCode, told).toBe(1)
      },
    )

    test.each(['locked', 'ser'])(
      'no update is lost with a lock, or with SERIALIZABLE and a retry (%s)',
      async (mode) => {
        const { exitCode, told } = await recorded(library, 'balance', mode)
        expect(exitCode, told).toBe(0)
      },
    )

    test('write skew occurs at REPEATABLE READ, and not at SERIALIZABLE', async () => {
      const skewed = await recorded(library, 'on-call', 'rr')
      expect(skewed.told).toMatch(/write skew/i)
      expect(skewed.exitCode, skewed.told).toBe(1)
      const serialized = await recorded(library, 'on-call', 'ser')
      expect(serialized.exitCode, serialized.told).toBe(0)
    })
  })
})
