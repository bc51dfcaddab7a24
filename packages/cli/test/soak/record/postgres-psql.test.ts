import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { startPostgres, whySkipped } from '../../../../testing/src/servers.ts'
import { initdb, lacking, postgres, psql, SETTINGS, TABLES } from '../../record/doctors-and-accounts.ts'

// Two psql sessions that read one balance and then write it: simple queries with the values in their texts.

const READ = 'SELECT balance FROM accounts WHERE id = 1'
const WAIT = 'SELECT pg_sleep(0.05);'
const WRITE = 'UPDATE accounts SET balance = :balance + 1 WHERE id = 1;'

const modes: { readonly [mode: string]: string } = {
  unlocked: `BEGIN; ${READ} \\gset\n${WAIT} ${WRITE} COMMIT;`,
  locked: `BEGIN; ${READ} FOR UPDATE \\gset\n${WAIT} ${WRITE} COMMIT;`,
  added: 'UPDATE accounts SET balance = balance + 1 WHERE id = 1;',
  cursor: `BEGIN; DECLARE c CURSOR FOR ${READ}; FETCH c \\gset\n${WAIT} ${WRITE} CLOSE c; COMMIT;`,
  'locking cursor': `BEGIN; DECLARE c CURSOR FOR ${READ} FOR UPDATE; FETCH c \\gset\n${WAIT} ${WRITE} COMMIT;`,
  'fetch count': `\\set FETCH_COUNT 10\nBEGIN; ${READ} \\gset\n${WAIT} ${WRITE} COMMIT;`,
}

describe.skipIf(lacking)(`psql${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-psql-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function recorded(mode: string) {
    const { port } = await startPostgres(initdb!, postgres!)
    const connect = ['-X', '-q', '-h', '127.0.0.1', '-U', 'tester', 'postgres']
    execFileSync(psql!, [...connect, '-p', `${port}`, '-c', TABLES], { stdio: 'pipe' })
    writeFileSync(join(directory, 'session.sql'), [...Array(8).fill(modes[mode]), `${READ};`, ''].join('\n'))
    const session = `'${psql}' ${connect.join(' ')} -p $1 -f session.sql > /dev/null`
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['record', '--upstream', `127.0.0.1:${port}`, '--as', JSON.stringify(SETTINGS), '--faults', 'none'],
        ...['--expect', 'serializable', '--seed', '1', '--out', join(directory, 'out'), '--'],
        ...['sh', '-c', `${session} & ${session} & wait`, 'sh', '{n1.port}'],
      ],
      { cwd: directory },
    )
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
  }

  test.each(['unlocked', 'cursor', 'fetch count'])(
    'psql loses updates if it reads a balance before it writes it (%s)',
    async (mode) => {
      const { exitCode, told } = await recorded(mode)
      expect(told).toMatch(/updates? (was|were) lost/)
      expect(exitCode, told).toBe(1)
    },
  )

  test.each(['locked', 'locking cursor', 'added'])('psql loses no updates if the balance is %s', async (mode) => {
    const { exitCode, told } = await recorded(mode)
    expect(exitCode, told).toBe(0)
  })
})
