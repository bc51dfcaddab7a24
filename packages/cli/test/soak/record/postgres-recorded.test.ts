import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { installed, startPostgres, whySkipped } from '../../../../testing/src/servers.ts'

// Records PostgreSQL's own protocol, and records a service over HTTP that stores its data in PostgreSQL.

const short = process.env['CHAOS_SOAK'] === 'short'
const [initdb, postgres, psql] = ['initdb', 'postgres', 'psql'].map(installed)
const lacking = initdb === undefined || postgres === undefined || psql === undefined

const TABLES = `
  CREATE TABLE kv (key text PRIMARY KEY, value text);
  CREATE TABLE notes (note text);
  CREATE FUNCTION audit(note text) RETURNS void LANGUAGE sql AS 'INSERT INTO notes VALUES (note)';
  CREATE TABLE accounts (id text PRIMARY KEY, balance int NOT NULL);
  INSERT INTO accounts VALUES ('a', 0), ('b', 0);
  CREATE TABLE counters (name text PRIMARY KEY, n int NOT NULL);
  INSERT INTO counters VALUES ('hits', 0);
`
const ROUTES = {
  client: 'header.X-Client',
  initial: { value: 0 },
  routes: [
    { request: 'GET /accounts/{key}', f: 'read', result: 'json.balance' },
    { request: 'POST /accounts/{key}/deposits', f: 'add', value: 'json.amount' },
  ],
}
const CURL = `
session() {
  for i in $(seq 1 40); do
    curl -sS -o /dev/null -H "X-Client: $1" -X POST "http://$2/accounts/$3/deposits" -d '{"amount":1}'
    curl -sS -o /dev/null -H "X-Client: $1" "http://$2/accounts/$3"
  done
}
session p {n1} a & session q {n1} a & session r {n1} a & session s {n1} b & wait
curl -sS -o /dev/null http://{n1}/accounts/a
`

describe.skipIf(lacking)(`PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-postgres-recorded-'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    writeFileSync(join(directory, 'routes.json'), JSON.stringify(ROUTES))
    for (const program of ['postgres-clients.mjs', 'postgres-counter.mjs', 'postgres-service.mjs'])
      cpSync(join(import.meta.dirname, '../../record', program), join(directory, program))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', 'pg@8'], {
      cwd: directory,
      stdio: 'ignore',
      timeout: 180_000,
    })
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function server(): Promise<number> {
    const { port } = await startPostgres(initdb!, postgres!)
    execFileSync(psql!, ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester', '-qc', TABLES, 'postgres'])
    return port
  }

  interface RecordingOptions {
    readonly mode: 'locked' | 'unlocked' | 'audited'
    readonly as?: object
    readonly faults?: string
    readonly rounds?: number
  }

  /** Records SQL clients through the proxy. */
  async function recorded({ mode, as = {}, faults = 'none', rounds = 40 }: RecordingOptions) {
    const settings = { kind: 'postgresql', table: 'kv', initial: { value: null }, ...as }
    return chaos(
      [
        ...['record', '--upstream', `127.0.0.1:${await server()}`, '--as', JSON.stringify(settings)],
        ...['--faults', faults, '--expect', 'linearizable', '--seed', '5', '--out', join(directory, 'out'), '--'],
        ...[process.execPath, 'postgres-clients.mjs', '{n1.port}', mode, `${rounds}`],
      ],
      { cwd: directory },
    )
  }

  test('clients of PostgreSQL that lock the rows that they read are linearizable, even when connections are cut', async () => {
    const { exitCode, stdout, stderr } = await recorded({
      mode: 'locked',
      faults: 'reset,cut-clients',
      rounds: short ? 1_500 : 4_000,
    })
    expect(stdout, stderr).toMatch(/^ {2}LINEARIZABLE/m)
    expect(stdout).toMatch(/faults that took effect: .*reset/)
    expect(exitCode, stdout).toBe(0)
  })

  test('clients of PostgreSQL that read and write without a lock lose updates', async () => {
    const { exitCode, stdout, stderr } = await recorded({ mode: 'unlocked', rounds: 100 })
    expect(stdout, stderr).toContain('NOT LINEARIZABLE')
    expect(exitCode).toBe(1)
  })

  test('reads and writes without a lock are linearizable if the table declares "transactions": "apart"', async () => {
    const { exitCode, stdout, stderr } = await recorded({ mode: 'unlocked', as: { transactions: 'apart' } })
    expect(stdout, stderr).toMatch(/^ {2}LINEARIZABLE/m)
    expect(exitCode).toBe(0)
  })

  test('a function that may write makes the verdict unknown, but not with "functions": "read"', async () => {
    const unknown = await recorded({ mode: 'audited' })
    expect(unknown.stdout, unknown.stderr).toContain('UNKNOWN WHETHER LINEARIZABLE')
    expect(unknown.stdout.replace(/\s+/g, ' ')).toContain('add "functions":"read" beside "table"')
    expect(unknown.exitCode).toBe(2)
    const told = await recorded({ mode: 'audited', as: { functions: 'read' } })
    expect(told.stdout, told.stderr).toMatch(/^ {2}LINEARIZABLE/m)
    expect(told.exitCode).toBe(0)
  })

  /** Records a database while a service increments a counter in one of several ways. */
  async function counted(way: 'added' | 'apart' | 'together' | 'locked', as: object = {}) {
    const settings = { kind: 'postgresql', table: 'counters', key: 'name', value: 'n', initial: { value: 0 }, ...as }
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['record', '--upstream', `127.0.0.1:${await server()}`, '--as', JSON.stringify(settings)],
        ...['--faults', 'none', '--expect', 'linearizable', '--seed', '5', '--out', join(directory, 'out'), '--'],
        ...[process.execPath, 'postgres-counter.mjs', '{n1.port}', way],
      ],
      { cwd: directory },
    )
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
  }

  test('reads and writes of a number through a pool are linearizable only with "transactions": "apart"', async () => {
    const lost = await counted('apart')
    expect(lost.told).toMatch(
      /hits: \d+ times a client read a number and then wrote one, .*Read and write in one transaction/,
    )
    expect(lost.exitCode, lost.told).toBe(2)
    const told = await counted('apart', { transactions: 'apart' })
    expect(told.exitCode, told.told).toBe(0)
    // The short soak ends here, because another of its tests records clients with and without locks.
    if (short) return
    const together = await counted('together')
    expect(together.told).toContain('NOT LINEARIZABLE')
    expect(together.exitCode, together.told).toBe(1)
    const locked = await counted('locked')
    expect(locked.exitCode, locked.told).toBe(0)
  })

  test('a number to which SQL statements add is linearizable as a counter; as a register, its verdict is unknown', async () => {
    const unknown = await counted('added')
    expect(unknown.told).toContain('record with --model counter')
    expect(unknown.exitCode, unknown.told).toBe(2)
    const { exitCode, told } = await counted('added', { commands: 'counter' })
    expect(exitCode, told).toBe(0)
  })

  /** Records a service over HTTP. The service uses a database. */
  async function serving(mode: 'right' | 'lost') {
    const database = `postgresql://tester@127.0.0.1:${await server()}/postgres`
    return chaos(
      [
        ...[
          'record',
          '--model',
          'counter',
          '--serve',
          `${process.execPath} postgres-service.mjs {listen} ${database} ${mode}`,
        ],
        ...['--as', 'routes.json', '--expect', 'linearizable', '--seed', '1', '--out', join(directory, 'out')],
        ...['--', 'bash', '-c', CURL],
      ],
      { cwd: directory },
    )
  }

  test('a service that adds in one statement keeps every deposit', async () => {
    const { exitCode, stdout, stderr } = await serving('right')
    expect(stdout, stderr).toMatch(/^ {2}LINEARIZABLE/m)
    expect(exitCode, stdout).toBe(0)
  })

  test('deposits are lost if a service reads, adds and writes in separate statements', async () => {
    const { exitCode, stdout, stderr } = await serving('lost')
    expect(stdout, stderr).toContain('NOT LINEARIZABLE')
    expect(exitCode, stdout).toBe(1)
  })
})
