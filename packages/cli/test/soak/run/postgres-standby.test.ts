import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { freePort, installed, startPostgres, startStandby, whySkipped } from '../../../../testing/src/servers.ts'

// A primary with a standby that streams through a proxy. The proxy delays or cuts their link. Clients write to the
// primary and read from the standby.

const [initdb, postgres, psql, basebackup] = ['initdb', 'postgres', 'psql', 'pg_basebackup'].map(installed)
const lacking = initdb === undefined || postgres === undefined || psql === undefined || basebackup === undefined

const TABLE = `CREATE TABLE kv (key text PRIMARY KEY, value int); INSERT INTO kv VALUES ('x', 0)`
/** Writes 300 times at the primary, or reads 300 times at the standby. */
const WRITE = `SELECT format('UPDATE kv SET value = %s WHERE key = ''x''; SELECT pg_sleep(0.02)', n) FROM generate_series(1, 300) n \\gexec\n`
const READ = `SELECT 'SELECT value FROM kv WHERE key = ''x''; SELECT pg_sleep(0.02)' FROM generate_series(1, 300) \\gexec\n`

describe.skipIf(lacking)(`a standby of PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  async function recorded(faults: string, expected: string) {
    const primary = await startPostgres(initdb!, postgres!)
    const reached = ['-h', '127.0.0.1', '-U', 'tester', 'postgres']
    execFileSync(psql!, ['-p', `${primary.port}`, '-qc', TABLE, ...reached])
    const link = { host: '127.0.0.1', port: await freePort() }
    const standby = await startStandby({ basebackup: basebackup!, postgres: postgres! }, primary, link)
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'write.sql'), WRITE)
    writeFileSync(join(directory, 'read.sql'), READ)
    const session = (name: string, node: string) =>
      `PGAPPNAME=${name} ${psql} -q -f ${directory}/${name}.sql -o /dev/null -p {${node}.port} ${reached.join(' ')}`
    const { exitCode, stdout, stderr } = await chaos(
      [
        'record',
        ...['--name', 'primary', '--upstream', `127.0.0.1:${primary.port}`, '--listen', '127.0.0.1:0'],
        ...['--name', 'standby', '--upstream', `127.0.0.1:${standby.port}`, '--listen', '127.0.0.1:0'],
        ...['--name', 'wal', '--upstream', `127.0.0.1:${primary.port}`, '--listen', `127.0.0.1:${link.port}`],
        ...['--as', '{"kind":"postgresql","table":"kv","initial":{"value":0}}'],
        ...['--as', '{"kind":"postgresql","table":"kv","initial":{"value":0}}', '--as', 'tcp'],
        ...['--faults', faults, '--hurt', 'wal', '--seed', '3', '--expect', expected],
        ...['--out', join(directory, 'out'), '--', 'sh', '-c'],
        `${session('write', 'primary')} & ${session('read', 'standby')} & wait`,
      ],
      { cwd: directory },
    )
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
  }

  test('stale reads from a standby whose link is cut are reported with the client, the write and the standby', async () => {
    const { exitCode, told } = await recorded('partition', 'linearizable')
    expect(told).toContain('NOT LINEARIZABLE')
    expect(told).toMatch(
      /read \d+ for x from standby at .* after client \S+'s write of \d+ was acknowledged by primary/,
    )
    expect(told).toMatch(/stale reads: \d+ of 300|\d+ stale/)
    expect(exitCode, told).toBe(1)
  })

  test('reads from a standby whose link is cut are sequentially consistent, but are not linearizable', async () => {
    const { exitCode, told } = await recorded('partition', 'sequential')
    expect(told).toContain('SEQUENTIALLY CONSISTENT, NOT LINEARIZABLE')
    expect(exitCode, told).toBe(0)
  })
})
