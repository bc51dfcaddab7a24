import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { startPostgres, whySkipped } from '../../../../testing/src/servers.ts'
import { initdb, lacking, postgres, psql } from '../../record/doctors-and-accounts.ts'

// Workers that take a job in one statement, in the forms that queues in PostgreSQL use.

const TABLE = 'CREATE TABLE jobs (id int PRIMARY KEY, status text NOT NULL)'
const AS = {
  ...{ kind: 'postgresql', tables: { jobs: { key: 'id', values: ['status'] } }, transactions: 'whole' },
  ...{ indirect: 'none', isolation: 'read committed' },
}
const isShort = process.env['CHAOS_SOAK'] === 'short'
const FORMS = ['subquery', 'with', 'list', 'from'].slice(0, isShort ? 1 : 4)

async function recorded(form: string, policy: string, level: string) {
  const { port } = await startPostgres(initdb!, postgres!)
  execFileSync(psql!, ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester', '-qc', TABLE, 'postgres'])
  const { exitCode, stdout, stderr } = await chaos(
    [
      ...['record', '--upstream', `127.0.0.1:${port}`, '--as', JSON.stringify(AS), '--faults', 'none'],
      ...['--expect', level, '--seed', '1', '--out', temporaryDirectory(), '--'],
      ...[process.execPath, 'postgres-queue.mjs', '{n1.port}', form, policy],
    ],
    { cwd: join(import.meta.dirname, '../../record') },
  )
  return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
}

describe.skipIf(lacking)(`A queue in PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  describe.each(FORMS)('a job queue in PostgreSQL that takes jobs by a query of the form "%s"', (form) => {
    test('a job queue in PostgreSQL delivers each job once if the query skips locked rows', async () => {
      const { exitCode, told } = await recorded(form, 'FOR UPDATE SKIP LOCKED', 'repeatable-read')
      expect(exitCode, told).toBe(0)
    })

    test('a job queue in PostgreSQL delivers a job twice if the query does not lock the row', async () => {
      const { exitCode, told } = await recorded(form, '', 'repeatable-read')
      expect(told).toMatch(/updates? (was|were) lost/i)
      expect(exitCode, told).toBe(1)
    })
  })

  test.skipIf(isShort)('the verdict at serializable is unknown if a queue skips a row by SKIP LOCKED', async () => {
    const { exitCode, told } = await recorded('subquery', 'FOR UPDATE SKIP LOCKED', 'serializable')
    expect(told).toContain('or expect repeatable-read')
    expect(exitCode, told).toBe(2)
  })
})
