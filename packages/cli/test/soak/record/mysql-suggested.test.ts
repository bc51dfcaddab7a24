import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, startMariadb, whySkipped } from '../../../../testing/src/servers.ts'

// A MariaDB is recorded with its own command-line client. Its tables and indirect writes are read from its catalogue.

const [server, install, client] = ['mariadbd', 'mariadb-install-db', 'mariadb'].map(installed)
const lacking = server === undefined || install === undefined || client === undefined

const TABLES = [
  'CREATE TABLE owners (id int PRIMARY KEY, code int NOT NULL UNIQUE) ENGINE=InnoDB;',
  'CREATE TABLE pets (id int PRIMARY KEY, owner int, name varchar(20), fed boolean, price decimal(8,2), kg double, CONSTRAINT pets_owner FOREIGN KEY (owner) REFERENCES owners (id) ON DELETE CASCADE) ENGINE=InnoDB;',
  'CREATE TABLE log (id int PRIMARY KEY AUTO_INCREMENT, line varchar(20)) ENGINE=InnoDB;',
  'CREATE TABLE old (id int PRIMARY KEY, line varchar(20)) ENGINE=MyISAM;',
  'CREATE VIEW pets_of_one AS SELECT * FROM pets WHERE owner = 1;',
  'CREATE TRIGGER forgets AFTER INSERT ON log FOR EACH ROW DELETE FROM pets WHERE id = 9;',
  'INSERT INTO owners VALUES (1, 11), (2, 12);',
  "INSERT INTO pets VALUES (1, 1, 'Rex', 1, 10.50, 2.5);",
].join('\n')

describe.skipIf(lacking)(`a MariaDB${lacking ? `: ${whySkipped('mariadbd')}` : ''}`, { timeout: 120_000 }, () => {
  const database = async () => (await startMariadb({ server: server!, install: install! }, TABLES)).port

  const suggest = (port: number, name = 'test') =>
    chaos(['routes', 'suggest', `mysql://tester@127.0.0.1:${port}/${name}`])

  async function recorded(port: number, sql: string) {
    const { stdout } = await suggest(port)
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'session.sql'), sql)
    const session = `'${client}' --no-defaults -h 127.0.0.1 -u tester -P $1 test < session.sql`
    const { exitCode, ...said } = await chaos(
      [
        ...['record', '--upstream', `127.0.0.1:${port}`, '--as', stdout, '--faults', 'none', '--seed', '1'],
        ...['--expect', 'serializable', '--out', join(directory, 'out'), '--', 'sh', '-c', session, 'sh', '{n1.port}'],
      ],
      { cwd: directory },
    )
    return { exitCode, told: (said.stdout + said.stderr).replace(/\s+/g, ' ') }
  }

  test('the catalogue of MariaDB reveals its tables, column types and hidden writes', async () => {
    const port = await database()
    const { exitCode, stdout, stderr } = await suggest(port)
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      kind: 'mysql',
      transactions: 'whole',
      tables: {
        owners: { key: 'id', values: { code: 'numeric' } },
        pets: { key: 'id', values: { owner: 'numeric', name: 'text', fed: 'boolean', price: 'numeric' } },
      },
      indirect: {
        log: { write: ['pets'], by: ['trigger forgets'] },
        owners: { delete: ['pets'], by: ['foreign key pets_owner'] },
        pets_of_one: { write: ['pets'], by: ['view pets_of_one'] },
      },
    })
    for (const reason of ['test.log: trigger forgets', 'test.old: it is no ordinary table', 'test.pets.kg: its values'])
      expect(stderr).toContain(reason)
    const nowhere = await suggest(port, 'nowhere')
    expect(nowhere.exitCode).toBe(4)
    expect(nowhere.stderr.replace(/\s+/g, ' ')).toMatch(/nowhere: 10\d\d .*Check that MySQL or MariaDB runs there/)
  })

  test('MariaDB is recorded with its own client, and a cascading delete makes the verdict unknown', async () => {
    const port = await database()
    const change =
      'BEGIN; UPDATE pets SET fed = 0, price = 12 WHERE id = 1; COMMIT; SELECT price FROM pets WHERE id = 1;'
    const clean = await recorded(port, change)
    expect(clean.exitCode, clean.told).toBe(0)
    const cascaded = await recorded(
      port,
      `${change} DELETE FROM owners WHERE id = 2; SELECT fed FROM pets WHERE id = 1;`,
    )
    expect(cascaded.told).toContain('foreign key pets_owner')
    expect(cascaded.exitCode, cascaded.told).toBe(2)
  })
})
