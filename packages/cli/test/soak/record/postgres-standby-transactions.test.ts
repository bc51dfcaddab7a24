import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { installed, startPostgres, startStandby, whySkipped } from '../../../../testing/src/servers.ts'

// Whole transactions at a primary and at its streaming standby are recorded together.

const [initdb, postgres, psql, basebackup] = ['initdb', 'postgres', 'psql', 'pg_basebackup'].map(installed)
const lacking = initdb === undefined || postgres === undefined || psql === undefined || basebackup === undefined

const TABLE = `CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO accounts VALUES (1, 0), (2, 0)`
const SETTINGS = JSON.stringify({
  ...{ kind: 'postgresql', tables: { accounts: { values: ['balance'] } }, transactions: 'whole', indirect: 'none' },
})

describe.skipIf(lacking)(`a standby of PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-postgres-standby-'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    const program = 'postgres-standby-transactions.mjs'
    cpSync(join(import.meta.dirname, '../../record', program), join(directory, program))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', 'pg@8'], {
      ...{ cwd: directory, stdio: 'ignore', timeout: 180_000 },
    })
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function recorded(what: 'late' | 'fork', expected: string, seed = 1) {
    const primary = await startPostgres(initdb!, postgres!)
    const sql = (...commands: readonly string[]) =>
      execFileSync(
        psql!,
        [
          '-h',
          '127.0.0.1',
          '-p',
          `${primary.port}`,
          '-U',
          'tester',
          '-q',
          ...commands.flatMap((each) => ['-c', each]),
          'postgres',
        ],
        { stdio: 'pipe' },
      )
    sql(TABLE)
    const standby = await startStandby({ basebackup: basebackup!, postgres: postgres! }, primary, primary)
    if (what === 'fork') {
      const settings = ["synchronous_standby_names = 'nobody'", 'synchronous_commit = local']
      sql(...settings.map((setting) => `ALTER SYSTEM SET ${setting}`), 'SELECT pg_reload_conf()')
    }
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['record', '--name', 'primary', '--upstream', `127.0.0.1:${primary.port}`, '--as', SETTINGS],
        ...['--name', 'standby', '--upstream', `127.0.0.1:${standby.port}`, '--as', SETTINGS, '--faults', 'none'],
        ...['--expect', expected, '--seed', `${seed}`, '--out', join(directory, 'out'), '--', process.execPath],
        ...['postgres-standby-transactions.mjs', '{primary.port}', '{standby.port}', what],
      ],
      { cwd: directory },
    )
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
  }

  test('a standby that misses confirmed commits of the primary violates strict serializability', async () => {
    const { exitCode, told } = await recorded('late', 'strict-serializable')
    expect(told).toMatch(/stale read \(G-single-item-realtime\)/i)
    expect(told).toContain('Read from the node that committed the change')
    expect(exitCode, told).toBe(1)
  })

  test('transactions on a primary and a standby are serializable if real time is not required', async () => {
    const { exitCode, told } = await recorded('late', 'serializable')
    expect(exitCode, told).toBe(0)
  })

  test.each(process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3])(
    'chaos reports a long fork if a standby shows a commit before the primary does (seed %i)',
    async (seed) => {
      const { exitCode, told } = await recorded('fork', 'snapshot-isolation', seed)
      expect(told).toMatch(/long fork \(G-nonadjacent-item\)/i)
      expect(told).toContain('Two readers saw two commits in opposite orders')
      expect(exitCode, told).toBe(1)
    },
  )
})
