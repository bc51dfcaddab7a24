import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { startPostgres, whySkipped } from '../../../../testing/src/servers.ts'
import { initdb, lacking, postgres, psql } from '../../record/doctors-and-accounts.ts'

// The wire does not show the changes that a statement causes without naming them. chaos derives them from the
// catalogue.

const TABLES = `
  CREATE TABLE owners (id int PRIMARY KEY, code int UNIQUE, name text);
  CREATE TABLE pets (id int PRIMARY KEY, owner int CONSTRAINT pets_owner REFERENCES owners ON DELETE SET NULL,
    code int CONSTRAINT pets_code REFERENCES owners (code) ON UPDATE CASCADE);
  CREATE VIEW pets_of_one AS SELECT * FROM pets WHERE owner = 1;
  CREATE TABLE log (line text);
  CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE pets SET code = NULL; RETURN NULL; END';
  CREATE TRIGGER forgets AFTER INSERT ON log EXECUTE FUNCTION forget();
  INSERT INTO owners VALUES (1, 10, 'Ann'), (2, 20, 'Bob');
  INSERT INTO pets VALUES (1, 1, 10), (2, 2, 20);
`
const READ = 'SELECT id, owner, code FROM pets WHERE id = 1;'

describe.skipIf(lacking)(`PostgreSQL${lacking ? `: ${whySkipped('postgres')}` : ''}`, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-indirect-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const connect = ['-X', '-q', '-h', '127.0.0.1', '-U', 'tester', 'postgres']

  /** Starts a database, and reads the mapping that chaos proposes for it. */
  async function proposed() {
    const { port } = await startPostgres(initdb!, postgres!)
    execFileSync(psql!, [...connect, '-p', `${port}`, '-c', TABLES], { stdio: 'pipe' })
    const database = `postgres://tester@127.0.0.1:${port}/postgres`
    const { exitCode, stdout, stderr } = await chaos(['routes', 'suggest', database], { cwd: directory })
    expect(exitCode, stderr).toBe(0)
    const settings = JSON.parse(stdout) as { readonly tables: { readonly pets: object }; readonly indirect: object }
    return { port, settings }
  }

  async function recorded(
    sql: string,
    { port, settings }: Awaited<ReturnType<typeof proposed>>,
    level = 'serializable',
  ) {
    writeFileSync(join(directory, 'session.sql'), `${READ}\n${sql}\n${READ}\n`)
    const session = `'${psql}' ${connect.join(' ')} -p $1 -f session.sql > /dev/null`
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['record', '--upstream', `127.0.0.1:${port}`, '--as', JSON.stringify(settings), '--faults', 'none'],
        ...['--expect', level, '--seed', '1', '--out', join(directory, 'out'), '--'],
        ...['sh', '-c', session, 'sh', '{n1.port}'],
      ],
      { cwd: directory },
    )
    return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
  }

  test('a write hidden in a trigger, foreign key or view is found in the catalogue, and makes the verdict unknown', async () => {
    const { port, settings } = await proposed()
    expect(Object.keys(settings.tables)).toEqual(['owners', 'pets'])
    expect(settings.indirect).toEqual({
      log: { write: ['pets'], by: ['trigger forgets'] },
      owners: { delete: ['pets'], update: { code: ['pets'] }, by: ['foreign key pets_owner', 'foreign key pets_code'] },
      pets_of_one: { write: ['pets'], by: ['view pets_of_one'] },
    })
    const onlyPets = { ...settings, tables: { pets: settings.tables.pets } }
    for (const [sql, cause] of [
      ['UPDATE owners SET code = code + 1;', 'foreign key pets_code'],
      ['UPDATE pets_of_one SET code = 21;', 'view pets_of_one'],
      ["INSERT INTO log VALUES ('x');", 'trigger forgets'],
      ['DELETE FROM owners WHERE id = 1;', 'foreign key pets_owner'],
    ] as const) {
      const { exitCode, told } = await recorded(sql, { port, settings: onlyPets })
      expect(told).toContain(cause)
      expect(exitCode, told).toBe(2)
    }
  })

  test('an update and a join of two recorded tables meet snapshot isolation', async () => {
    const joined = 'SELECT p.id, p.owner, p.code, o.id, o.name FROM pets p JOIN owners o ON o.id = p.owner;'
    const sql = `UPDATE owners SET name = 'Ada' WHERE id = 2; ${joined}`
    // The record shows nothing about rows that a join leaves out.
    const { exitCode, told } = await recorded(sql, await proposed(), 'snapshot-isolation')
    expect(exitCode, told).toBe(0)
  })
})
