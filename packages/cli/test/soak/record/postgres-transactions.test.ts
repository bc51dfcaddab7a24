import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { startPostgres, whySkipped } from '../../../../testing/src/servers.ts'
import { initdb, lacking, postgres, psql, SETTINGS, TABLES } from '../../record/doctors-and-accounts.ts'

// Whole transactions of an application that uses PostgreSQL, recorded at the wire and judged by isolation levels.

describe.skipIf(lacking)(`PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-postgres-transactions-'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    cpSync(
      join(import.meta.dirname, '../../record/postgres-transactions.mjs'),
      join(directory, 'postgres-transactions.mjs'),
    )
    execFileSync('npm', ['install', '--no-audit', '--no-fund', 'pg@8'], {
      cwd: directory,
      stdio: 'ignore',
      timeout: 180_000,
    })
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function recorded(what: 'on-call' | 'balance', mode: string, seed: number, expected = 'serializable') {
    const { port } = await startPostgres(initdb!, postgres!)
    execFileSync(psql!, ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester', '-qc', TABLES, 'postgres'], {
      stdio: 'pipe',
    })
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['record', '--upstream', `127.0.0.1:${port}`, '--as', JSON.stringify(SETTINGS), '--faults', 'none'],
        ...['--expect', expected, '--seed', `${seed}`, '--out', join(directory, 'out'), '--'],
        ...[process.execPath, 'postgres-transactions.mjs', '{n1.port}', what, mode, `${seed}`],
      ],
      { cwd: directory },
    )
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
  }

  test('the tables of PostgreSQL are proposed from its catalogue', async () => {
    const { port } = await startPostgres(initdb!, postgres!)
    const more = 'CREATE TABLE visits (day date, doctor int, PRIMARY KEY (day, doctor)); CREATE VIEW busy AS SELECT 1;'
    execFileSync(psql!, ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester', '-qc', TABLES + more, 'postgres'])
    const database = `postgres://tester@127.0.0.1:${port}/postgres`
    const { exitCode, stdout, stderr } = await chaos(['routes', 'suggest', database], { cwd: directory })
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      ...SETTINGS,
      tables: { ...SETTINGS.tables, accounts: { key: 'id', values: { balance: 'numeric' } } },
    })
    expect(stderr).toContain('public.visits: its primary key is (day, doctor)')
    expect(stderr).toContain('public.busy: it is a view')
    writeFileSync(join(directory, 'app.log'), 'execute: UPDATE accounts SET balance = $1')
    const some = await chaos(['routes', 'suggest', database, '--statements', 'app.log'], { cwd: directory })
    expect(Object.keys(JSON.parse(some.stdout).tables)).toEqual(['accounts'])
    const nobody = await chaos(['routes', 'suggest', `postgres://nobody@127.0.0.1:${port}/postgres`], {
      cwd: directory,
    })
    expect(nobody.exitCode).toBe(4)
    expect(nobody.stderr).toContain('role "nobody" does not exist')
  })

  describe.each(process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3])('PostgreSQL with seed %i', (seed) => {
    test('write skew in PostgreSQL at REPEATABLE READ is reported with both rows, both statements and the remedy', async () => {
      const { exitCode, told } = await recorded('on-call', 'REPEATABLE READ', seed)
      expect(told).toContain('Write skew')
      expect(told).toMatch(/doctors\/\d+\/on_call.*doctors\/\d+\/on_call/)
      expect(told).toContain('SELECT id, on_call FROM doctors WHERE id = any ($1)')
      expect(told).toContain('UPDATE doctors SET on_call = $1 WHERE id = $2')
      expect(told).toContain('Use SERIALIZABLE and retry')
      expect(exitCode, told).toBe(1)
    })

    test('PostgreSQL at REPEATABLE READ is judged as isolated as declared, but not as strict serializable', async () => {
      const { exitCode, told } = await recorded('on-call', 'REPEATABLE READ', seed, 'declared')
      expect(exitCode, told).toBe(0)
      expect(told).toContain('ISOLATED AS DECLARED, NOT STRICT SERIALIZABLE')
    })

    test('write skew does not occur in PostgreSQL at SERIALIZABLE', async () => {
      const { exitCode, told } = await recorded('on-call', 'SERIALIZABLE', seed)
      expect(exitCode, told).toBe(0)
    })

    test('clients that read a balance and then write it lose updates', async () => {
      const { exitCode, told } = await recorded('balance', 'unlocked', seed)
      expect(told).toMatch(/updates? (was|were) lost/)
      expect(exitCode, told).toBe(1)
    })

    test('the report says that a transaction is missing if clients read and write a balance in separate transactions', async () => {
      const { exitCode, told } = await recorded('balance', 'apart', seed)
      expect(exitCode, told).toBe(0)
      const run =
        readdirSync(join(directory, 'out'))
          .filter((name) => /^\d/.test(name))
          .sort()
          .at(-1) ?? ''
      for (const unit of ['request', 'connection']) {
        const options = ['--unit', unit, '--expect', 'serializable']
        const asOne = await chaos(['check', join(directory, 'out', run, 'history.jsonl'), ...options], {
          cwd: directory,
        })
        expect(asOne.exitCode, asOne.stdout + asOne.stderr).toBe(1)
        expect(asOne.stdout.replace(/\s+/g, ' ')).toContain(
          'Statements that belong together were not in one transaction',
        )
      }
    })

    test.each(['locked', 'added'])('clients that change a balance in the mode "%s" lose no update', async (mode) => {
      const { exitCode, told } = await recorded('balance', mode, seed)
      expect(exitCode, told).toBe(0)
    })
  })
})
