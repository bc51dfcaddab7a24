import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { installed, type RealServer, startMariadb, whySkipped } from '../../../../testing/src/servers.ts'

// Whole transactions of an application that uses MariaDB, recorded at the wire and judged by isolation levels.

const short = process.env['CHAOS_SOAK'] === 'short'
const server = installed('mariadbd')
const install = installed('mariadb-install-db')
const lacking = server === undefined || install === undefined

const TABLES = [
  'CREATE TABLE doctors (id int PRIMARY KEY, on_call boolean NOT NULL) ENGINE=InnoDB;',
  'INSERT INTO doctors SELECT seq, 1 FROM seq_1_to_100;',
  'CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL) ENGINE=InnoDB;',
  'INSERT INTO accounts VALUES (1, 0), (2, 0);',
].join('\n')
const SETTINGS = {
  kind: 'mysql',
  tables: { accounts: { key: 'id', values: ['balance'] }, doctors: { key: 'id', values: { on_call: 'boolean' } } },
  indirect: 'none',
}

describe.skipIf(lacking)(`MariaDB${lacking ? `: ${whySkipped('mariadbd')}` : ''}`, { timeout: 120_000 }, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-mysql-transactions-'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    cpSync(join(import.meta.dirname, '../../record/mysql-transactions.mjs'), join(directory, 'mysql-transactions.mjs'))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', 'mysql2@3'], {
      cwd: directory,
      stdio: 'ignore',
      timeout: 180_000,
    })
  }, 200_000)
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  interface RecordingOptions {
    readonly what: 'on-call' | 'balance' | 'both'
    readonly level: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE'
    readonly mode: 'unlocked' | 'locked' | 'added' | 'prepared' | 'manual'
    readonly expected?: string
  }

  const database = () => startMariadb({ server: server!, install: install! }, TABLES)

  async function recorded(
    { port }: RealServer,
    { what, level, mode, expected = 'serializable' }: RecordingOptions,
    seed: number,
  ) {
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['record', '--upstream', `mysql://127.0.0.1:${port}`, '--as', JSON.stringify(SETTINGS), '--faults', 'none'],
        ...['--expect', expected, '--seed', `${seed}`, '--out', join(directory, 'out'), '--'],
        ...[process.execPath, 'mysql-transactions.mjs', '{n1.port}', what, level, mode, `${seed}`],
      ],
      { cwd: directory },
    )
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
  }

  describe.each(short ? [1] : [1, 2, 3])('MariaDB with seed %i', (seed) => {
    test('lost updates and write skew occur at REPEATABLE READ, which InnoDB permits', async () => {
      const server = await database()
      for (const mode of short ? (['prepared', 'manual'] as const) : (['unlocked', 'prepared', 'manual'] as const)) {
        const { exitCode, told } = await recorded(server, { what: 'balance', level: 'REPEATABLE READ', mode }, seed)
        expect(told, mode).toMatch(/updates? (was|were) lost/)
        expect(exitCode, told).toBe(1)
      }
      const skewed = { what: 'on-call', level: 'REPEATABLE READ', mode: 'unlocked' } as const
      const { exitCode, told } = await recorded(server, skewed, seed)
      expect(told).toContain('Write skew')
      expect(exitCode, told).toBe(1)
      const declared = await recorded(server, { ...skewed, what: 'balance', expected: 'declared' }, seed)
      expect(declared.exitCode, declared.told).toBe(0)
    })

    test('at REPEATABLE READ, plain SELECTs read from one snapshot, but FOR UPDATE reads newer values', async () => {
      const server = await database()
      const read = { what: 'both', level: 'REPEATABLE READ', mode: 'unlocked' } as const
      for (const skewed of [{ ...read, level: 'READ COMMITTED' } as const, { ...read, mode: 'locked' } as const]) {
        const { exitCode, told } = await recorded(server, skewed, seed)
        expect(told).toContain('Read skew')
        expect(told).toContain('at REPEATABLE READ with plain SELECTs only')
        expect(exitCode, told).toBe(1)
      }
      const { exitCode, told } = await recorded(server, read, seed)
      expect(exitCode, told).toBe(0)
    })

    test('no anomaly occurs with SELECT … FOR UPDATE, with SET n = n + 1, or at SERIALIZABLE', async () => {
      const server = await database()
      for (const [what, level, mode] of [
        ['balance', 'REPEATABLE READ', 'locked'],
        ['balance', 'REPEATABLE READ', 'added'],
        ['balance', 'SERIALIZABLE', 'unlocked'],
        ['on-call', 'SERIALIZABLE', 'prepared'],
      ] as const) {
        const { exitCode, told } = await recorded(server, { what, level, mode }, seed)
        expect(exitCode, told).toBe(0)
      }
    })
  })
})
