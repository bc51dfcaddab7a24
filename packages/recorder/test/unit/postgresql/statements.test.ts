import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'
import { statementsOf } from '../../../src/postgresql/sql-tokens.ts'
import { analyse } from '../../../src/postgresql/statement.ts'

const { commands } = parsePostgresqlSettings({ table: 'kv' }, 'a test')

function meaning(sql: string): unknown {
  const [tokens = []] = statementsOf(sql) ?? []
  const statement = analyse(tokens, commands)
  if (statement.kind === 'action') return statement.action
  if (statement.kind === 'control') return statement.control
  return 'rows' in statement ? statement.rows : 'touches' in statement ? statement.touches : statement.kind
}

const [first, second, third] = [1, 2, 3].map((number) => ({ kind: 'parameter', number }))
const constant = (text: string | null) => ({ kind: 'constant', text })

describe('the analysis of a PostgreSQL statement', () => {
  test.each([
    ['SELECT value FROM kv WHERE key = $1', { does: 'read', key: first, value: 0 }],
    [
      'select "kv"."key", "kv"."value" from "public"."kv" where ("kv"."key" = $1) limit 1',
      { does: 'read', key: first, value: 1, limit: constant('1') },
    ],
    ['SELECT * FROM kv k WHERE k.key = $1::text FOR UPDATE', { does: 'read', key: first, value: 'value' }],
    [
      `SELECT value::int -- why\n FROM kv /* a /* b */ */ WHERE key='it''s'`,
      { does: 'read', key: constant("it's"), value: 0 },
    ],
    [
      'INSERT INTO kv (key, value, at) VALUES ($1, $2, now()) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, at = now()',
      { does: 'write', key: first, value: second, mayMiss: false },
    ],
    ['INSERT INTO kv (value, key) VALUES ($1, $2)', { does: 'insert', key: second, value: first }],
    [
      'INSERT INTO kv (key, value) VALUES ($1, 0) ON CONFLICT DO NOTHING',
      { does: 'insert', key: first, value: constant('0') },
    ],
    ['UPDATE kv SET value = $1 WHERE key = $2', { does: 'write', key: second, value: first, mayMiss: true }],
    [
      'UPDATE kv SET version = version + 1, value = $1 WHERE key = $2 AND version = $3',
      { does: 'write', key: second, value: first, mayMiss: true },
    ],
    [
      'UPDATE kv SET value = $1 WHERE key = $2 AND value = $3',
      { does: 'cas', key: second, expected: third, value: first },
    ],
    [
      'UPDATE kv SET value = $1 WHERE key = $2 RETURNING upper(value)',
      { does: 'write', key: second, value: first, mayMiss: true },
    ],
    ['DELETE FROM kv WHERE key = $1', { does: 'delete', key: first, mayMiss: false }],
    ['DELETE FROM kv WHERE key = $1 AND value = $2', { does: 'cas', key: first, expected: second, value: 'delete' }],
    [
      'UPDATE kv SET value = kv.value - $1 WHERE key = $2',
      { does: 'add', key: second, amount: first, sign: -1, creates: false, sum: undefined },
    ],
    [
      'UPDATE kv SET value = value + 1 WHERE key = $1 RETURNING value',
      { does: 'add', key: first, amount: constant('1'), sign: 1, creates: false, sum: 0 },
    ],
    [
      'INSERT INTO kv (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = kv.value + EXCLUDED.value RETURNING key, value',
      { does: 'add', key: first, amount: second, sign: 1, creates: true, sum: 1 },
    ],
  ])('the analysis recognises %s as an operation', (sql, action) => {
    expect(meaning(sql)).toEqual(action)
  })

  test.each([
    ['UPDATE kv SET value = $1 || value WHERE key = $2', { key: second }],
    ['UPDATE kv SET value = upper(value) WHERE key = $1', { key: first }],
    ["UPDATE kv SET value = E'it\\'s' WHERE key = $1", { key: first }],
    ['UPDATE kv SET value = 1', 'everything'],
    ['UPDATE kv SET value = 1 WHERE key = $1 OR key = $2', 'everything'],
    ['UPDATE kv SET value = 1 WHERE key = ANY($1)', 'everything'],
    ['UPDATE kv SET key = $1, value = 2 WHERE key = $2', 'everything'],
    ['UPDATE kv SET seen = now() WHERE key = $1', 'nothing'],
    ['INSERT INTO kv (key, value) VALUES ($1, 1), ($2, 2)', 'everything'],
    ['INSERT INTO kv (key, value) VALUES ($1, 1) ON CONFLICT (other) DO UPDATE SET value = 2', 'everything'],
    ['INSERT INTO kv SELECT * FROM other', 'everything'],
    ['DELETE FROM kv', 'everything'],
    ['TRUNCATE kv', 'everything'],
    ['COPY kv FROM STDIN', 'everything'],
    ['WITH moved AS (DELETE FROM kv RETURNING *) SELECT * FROM moved', 'everything'],
    ['MERGE INTO kv USING other ON kv.key = other.key WHEN MATCHED THEN DELETE', 'everything'],
    ['CREATE TRIGGER t AFTER INSERT ON kv EXECUTE FUNCTION f()', 'everything'],
    ['SELECT count(*) FROM kv', 'nothing'],
    ['COPY kv TO STDOUT', 'nothing'],
    ['COPY kv (key, value) TO STDOUT', 'nothing'],
    ['COPY (SELECT value FROM kv) TO STDOUT', 'nothing'],
    ['COPY (DELETE FROM kv RETURNING key) TO STDOUT', 'everything'],
    ['COPY (SELECT bump(1)) TO STDOUT', 'everything'],
    ['SELECT value FROM kv WHERE key = $1 FOR UPDATE SKIP LOCKED', 'nothing'],
    ['SELECT value FROM kv WHERE key LIKE $1', 'nothing'],
    ['SELECT bump($1)', 'everything'],
    ['(SELECT bump($1))', 'everything'],
    ['(SELECT count(*) FROM kv) UNION (SELECT 1)', 'nothing'],
    ['SELECT * FROM orders WHERE total > round($1)', 'nothing'],
    ['INSERT INTO orders (id, at) VALUES ($1, now())', 'nothing'],
    ['INSERT INTO orders (id) VALUES ($1) ON CONFLICT (id) DO NOTHING', 'nothing'],
    ['INSERT INTO public.orders (id) VALUES ($1)', 'nothing'],
    ['SELECT public.bump ($1)', 'everything'],
    ['TRUNCATE orders CASCADE', 'everything'],
    ['DO $$ BEGIN UPDATE kv SET value = 1; END $$', 'everything'],
    ['CALL work()', 'everything'],
    ["SET application_name = 'a; DELETE FROM kv'", 'nothing'],
    ['CREATE INDEX i ON kv (value)', 'nothing'],
    ['CREATE TABLE IF NOT EXISTS kv (key text, value text, twice int GENERATED ALWAYS AS (1) STORED)', 'nothing'],
    ['CREATE TABLE copy AS SELECT * FROM kv', 'nothing'],
    ['CREATE TEMPORARY TABLE copy AS SELECT * FROM kv', 'nothing'],
    ['CREATE VIEW v AS SELECT * FROM kv', 'nothing'],
    ['CREATE TEMP TABLE kv (key text, value text)', 'everything'],
    ['CREATE TABLE IF NOT EXISTS public.kv AS SELECT 1 AS key', 'everything'],
    ['CREATE TABLE kv (key text) AS (SELECT 1)', 'everything'],
    ['SELECT value FROM kv WHERE key = $1 AND other = 2', 'nothing'],
    ['SELECT exists(SELECT 1 FROM kv WHERE key = $1)', 'nothing'],
    ['SELECT k.value FROM kv k JOIN other o ON o.id = k.key WHERE k.key = $1', 'nothing'],
    ['SELECT other FROM kv WHERE key = $1', 'nothing'],
    ['INSERT INTO kv (key) VALUES ($1)', { key: first }],
    ['INSERT INTO kv (value) VALUES ($1)', 'everything'],
    ['INSERT INTO kv (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = 3', { key: first }],
    [
      'INSERT INTO kv (key, value) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET value = 2 WHERE kv.value = 0',
      { key: first },
    ],
    [
      'INSERT INTO kv (key, value) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET value = kv.value + 1 WHERE kv.value = 0',
      { key: first },
    ],
    ['CREATE RULE r AS ON UPDATE TO kv DO ALSO NOTIFY n', 'everything'],
    ['SELECT value FROM kv FOR NO KEY UPDATE', 'nothing'],
    ['COPY kv FROM PROGRAM $1', 'everything'],
    ['WITH a AS (SELECT 1) SELECT value FROM kv FOR UPDATE', 'everything'],
    ['WITH a AS (SELECT 1) UPDATE kv SET value = 1', 'everything'],
  ])('the analysis recognises no operation in %s, which may change %j', (sql, touches) => {
    expect(meaning(sql)).toEqual(touches)
  })

  test('the analysis of a PostgreSQL statement reads brackets up to 100 levels deep', () => {
    const nested = (levels: number) =>
      meaning(`SELECT value FROM kv WHERE ${'('.repeat(levels)}key = $1${')'.repeat(levels)}`)
    expect(nested(100)).toEqual({ does: 'read', key: first, value: 0 })
    expect(nested(101)).toBe('nothing')
  })

  test.each([
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'begin'],
    ['start transaction', 'begin'],
    ['COMMIT', 'commit'],
    ['END', 'commit'],
    ['ROLLBACK TO a', 'rollback-to'],
    ['COMMIT AND CHAIN', 'chain'],
    ['ABORT', 'rollback'],
    ["PREPARE TRANSACTION 'a'", 'prepare'],
    ['SAVEPOINT a', 'savepoint'],
    ['RELEASE SAVEPOINT a', 'release'],
    ['ROLLBACK TO SAVEPOINT a', 'rollback-to'],
    ['ROLLBACK', 'rollback'],
    ['ROLLBACK AND CHAIN', 'chain'],
    ['DISCARD ALL', 'forget'],
  ])('the analysis recognises %s as the transaction command %s', (sql, control) => {
    expect(meaning(sql)).toBe(control)
  })

  test('the analysis separates the statements of one text, and refuses a text that ends within a string', () => {
    expect(statementsOf("BEGIN; SELECT ';' ; COMMIT;")?.length).toBe(3)
    expect(statementsOf("SELECT 'a")).toBeUndefined()
    expect(statementsOf('SELECT $a$ ; $a$')?.length).toBe(1)
    expect(statementsOf("SELECT E'\\'; '; SELECT 1")?.length).toBe(2)
  })

  test('parsePostgresqlSettings refuses settings without a table or with unknown members, and gives advice', () => {
    expect(() => parsePostgresqlSettings({}, '--as')).toThrow('"table" is missing. Name the recorded table')
    expect(() => parsePostgresqlSettings({ table: 'kv', keys: 'id' }, '--as')).toThrow('unknown member "keys"')
    expect(() => parsePostgresqlSettings({ table: 'kv', initial: 'read' }, '--as')).toThrow('{"value": null}')
  })

  test('each statement in the manual is classified as the manual describes', () => {
    const page = readFileSync(new URL('../../../docs/POSTGRESQL.md', import.meta.url), 'utf8')
    const [, table = ''] = page.split(/<!-- (?:statements|end) -->/)
    const rows = [...table.matchAll(/^\| `([^`]+)` \| (\w+)/gm)].map(([, sql = '', as]) => [sql, as])
    const recordedAs: Readonly<Record<string, string>> = { insert: 'cas', delete: 'write', add: 'cas' }
    expect(rows).toHaveLength(7)
    for (const [sql = '', as] of rows) {
      const { does } = meaning(sql) as { readonly does: string }
      expect([sql, recordedAs[does] ?? does]).toEqual([sql, as])
    }
  })
})

describe('the analysis of a PostgreSQL statement of a transaction that is recorded whole', () => {
  const tables = { accounts: { values: ['balance', 'owner'] } }
  const whole = parsePostgresqlSettings({ tables }, 'a test').commands

  test.each([
    ['SELECT b.id AS x FROM ONLY accounts WHERE NULL = b.id', { kind: 'doubtful', touches: 'nothing', lasts: false }],
    [
      'SELECT b.id FROM accounts a JOIN owners o USING (id) WHERE a.id = pay(1)',
      { kind: 'doubtful', touches: { keys: ['accounts/*/balance', 'accounts/*/owner'] }, lasts: false },
    ],
    [
      'SELECT count(a.id) FROM accounts a JOIN (SELECT 1) s ON true WHERE a.balance = 1',
      { kind: 'doubtful', touches: 'nothing' },
    ],
    [
      'SELECT count(accounts.id) FROM accounts a, owners o WHERE true',
      { kind: 'rows', rows: { does: 'read', isJoined: true, aggregate: 0, rows: { kind: 'predicate', compared: [] } } },
    ],
    [
      'SELECT a.balance, id FROM accounts a JOIN owners o USING (id) WHERE NOT owner = 1',
      { kind: 'rows', rows: { does: 'read', isJoined: true, resultColumns: { key: 1 } } },
    ],
  ])('analyse understands as much as possible of %s', (sql, statement) => {
    const [tokens = []] = statementsOf(sql) ?? []
    expect(analyse(tokens, whole)).toMatchObject(statement)
  })
})
