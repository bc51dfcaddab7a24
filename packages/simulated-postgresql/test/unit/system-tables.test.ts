import { beforeAll, expect, test } from 'vitest'
import { createEngine } from '../../src/session/engine.ts'
import { NotSupported } from '../../src/sql/error.ts'
import { loadParser } from '../../src/sql/parse.ts'

beforeAll(loadParser)

/** Returns the rows of the last statement as texts. */
function rowsOf(sql: string): readonly (readonly (string | null)[])[] {
  const engine = createEngine({ time: { now: () => 0n, after: () => () => {} }, random: () => 0 })
  const session = engine.connect(new Map([['user', 'app']]), {
    ...{ notice() {}, notification() {}, parameter() {}, terminated() {} },
  })
  let rows: readonly (readonly (string | null)[])[] = []
  for (const statement of session.parse(sql)) {
    const { value: outcome } = session.execute(statement, []).next()
    session.sync()
    if (outcome === undefined || !('kind' in outcome) || outcome.kind !== 'rows') continue
    rows = outcome.rows.map((row) =>
      row.map((value, i) => {
        const oid = outcome.columns[i]?.type.oid ?? 0
        return value === null ? null : session.context.types.typeOf(oid).output(value, session.context)
      }),
    )
  }
  return rows
}

const TABLE = "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE kv (k text PRIMARY KEY, v int[], m mood); "

test('the catalogue answers the query of postgres.js for array types', () => {
  const rows =
    rowsOf(`select b.oid, b.typarray from pg_catalog.pg_type a left join pg_catalog.pg_type b on b.oid = a.typelem
    where a.typcategory = 'A' group by b.oid, b.typarray order by b.oid`)
  expect(rows).toContainEqual(['23', '1007'])
})

test('the catalogue lists the tables and columns of the information schema', () => {
  expect(rowsOf(`${TABLE}SELECT table_schema, table_name, table_type FROM information_schema.tables`)).toEqual([
    ['public', 'kv', 'BASE TABLE'],
  ])
  const asked = 'SELECT column_name, is_nullable, data_type, udt_name FROM information_schema.columns ORDER BY 1'
  expect(rowsOf(TABLE + asked)).toEqual([
    ['k', 'NO', 'text', 'text'],
    ['m', 'YES', 'USER-DEFINED', 'mood'],
    ['v', 'YES', 'ARRAY', '_int4'],
  ])
})

test('the catalogue lists the labels of an enum by the name of its type', () => {
  const asked =
    'SELECT enumlabel FROM pg_enum JOIN pg_type t ON t.oid = enumtypid WHERE typname = $q$mood$q$ ORDER BY enumsortorder'
  expect(rowsOf(TABLE + asked)).toEqual([['sad'], ['ok']])
})

test('the catalogue answers the query of Sequelize for the range type of a subtype', () => {
  const asked = `SELECT pg_type.typname FROM pg_range LEFT OUTER JOIN pg_type ON pg_type.oid = rngtypid WHERE rngsubtype = 23`
  expect(rowsOf(asked)).toEqual([['int4range']])
})

test('the catalogue finds columns by the name of their table and schema', () => {
  const asked = `SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'public' AND relname = 'kv' AND attnum > 0 ORDER BY attnum`
  expect(rowsOf(TABLE + asked)).toEqual([['k'], ['v'], ['m']])
})

test('the catalogue answers the query of MikroORM for databases', () => {
  expect(rowsOf("SELECT 1 FROM pg_database WHERE datname = 'postgres'")).toEqual([['1']])
  expect(rowsOf('SELECT datname FROM pg_database WHERE datistemplate ORDER BY 1')).toEqual([
    ['template0'],
    ['template1'],
  ])
})

test('the catalogue answers the query of MikroORM for tables without parent tables', () => {
  const asked =
    'SELECT table_name FROM information_schema.tables WHERE table_name NOT IN (SELECT inhrelid::regclass::text FROM pg_inherits)'
  expect(rowsOf(TABLE + asked)).toEqual([['kv']])
})

test('has_schema_privilege returns true for USAGE, and refuses missing schemas and unknown privileges', () => {
  expect(rowsOf("SELECT has_schema_privilege('public', 'USAGE')")).toEqual([['t']])
  expect(() => rowsOf("SELECT has_schema_privilege('none', 'USAGE')")).toThrow('schema "none" does not exist')
  expect(() => rowsOf("SELECT has_schema_privilege('public', 'SELECT')")).toThrow('unrecognized privilege type')
})

test.each(['pg_catalog.pg_proc', 'information_schema.views', 'pg_stat_replication'])(
  'the catalogue refuses the relation %s, which is not simulated',
  (name) => {
    expect(() => rowsOf(`SELECT * FROM ${name}`)).toThrow(NotSupported)
  },
)

test("an unqualified table name refers to a user's table, not to a relation of information_schema", () => {
  expect(rowsOf('CREATE TABLE tables (a int); INSERT INTO tables VALUES (5); SELECT * FROM tables')).toEqual([['5']])
})

test('current_schemas returns the search path, including the temporary schema', () => {
  const asked = 'SELECT current_schema(), current_schema, current_schemas(false), current_schemas(true)'
  expect(rowsOf(`CREATE SCHEMA app; SET search_path TO nothing, app, public; ${asked}`)).toEqual([
    ['app', 'app', '{app,public}', '{pg_catalog,app,public}'],
  ])
  expect(rowsOf(`SET search_path TO nothing; ${asked}`)).toEqual([[null, null, '{}', '{pg_catalog}']])
  expect(rowsOf(`CREATE TEMP TABLE t (a int); ${asked}`)).toEqual([
    ['public', 'public', '{public}', expect.stringMatching(/^\{pg_temp_\d+,pg_catalog,public\}$/)],
  ])
})

test('pg_temp refers to the temporary tables of the session', () => {
  const made =
    'CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE TABLE pg_temp.t (a int); INSERT INTO t VALUES (2); '
  expect(rowsOf(`${made}SELECT a FROM pg_temp.t`)).toEqual([['2']])
  expect(rowsOf(`${made}SELECT a FROM t WHERE 'pg_temp.t'::regclass = 't'::regclass`)).toEqual([['2']])
  expect(rowsOf(`${made}SET search_path TO public, pg_temp; SELECT a FROM t`)).toEqual([['1']])
  expect(rowsOf(`${made}DROP TABLE pg_temp.t; SELECT a FROM t`)).toEqual([['1']])
  expect(() => rowsOf('SELECT * FROM pg_temp.missing')).toThrow('relation "pg_temp.missing" does not exist')
  expect(() => rowsOf('SET search_path TO pg_temp, public; CREATE TABLE t (a int)')).toThrow(NotSupported)
  expect(() => rowsOf("CREATE TYPE pg_temp.mood AS ENUM ('ok')")).toThrow(NotSupported)
})

test('the catalogue returns comments on tables and columns', () => {
  const made = `${TABLE}COMMENT ON TABLE kv IS 'keys'; COMMENT ON COLUMN kv.v IS 'numbers'; `
  const asked = "SELECT obj_description('kv'::regclass, 'pg_class'), col_description('kv'::regclass, 2)"
  expect(rowsOf(made + asked)).toEqual([['keys', 'numbers']])
  expect(rowsOf(`${made}BEGIN; COMMENT ON TABLE kv IS NULL; ${asked}`)).toEqual([[null, 'numbers']])
  expect(rowsOf(`${made}BEGIN; COMMENT ON TABLE kv IS NULL; ROLLBACK; ${asked}`)).toEqual([['keys', 'numbers']])
  expect(() => rowsOf("COMMENT ON TABLE missing IS 'x'")).toThrow('relation "missing" does not exist')
  expect(() => rowsOf(`COMMENT ON DATABASE app IS 'x'; SELECT shobj_description(5, 'pg_database')`)).toThrow(
    NotSupported,
  )
})

test('a sequence that is read as a table returns its state', () => {
  const asked = 'SELECT last_value, is_called FROM s'
  expect(rowsOf(`CREATE SEQUENCE s START 5; ${asked}`)).toEqual([['5', 'f']])
  expect(rowsOf(`CREATE SEQUENCE s START 5; SELECT nextval('s'), nextval('s'); ${asked}`)).toEqual([['6', 't']])
  expect(() => rowsOf('CREATE SEQUENCE s; DELETE FROM s')).toThrow(NotSupported)
})

test('a catalogue query is refused if it returns a value that is not simulated, and answered for other rows', () => {
  const made = 'CREATE TABLE a (v int DEFAULT 1 + 1); CREATE TABLE b (v int DEFAULT 2); '
  const asked = 'SELECT column_default FROM information_schema.columns WHERE table_name = '
  expect(rowsOf(`${made}${asked}'b'`)).toEqual([['2']])
  expect(() => rowsOf(`${made}${asked}'a'`)).toThrow(NotSupported)
})

test.each([
  ['SELECT nspname, oid FROM pg_namespace', 'information_schema 13000;pg_catalog 11;public 2200'],
  ['SELECT extname FROM pg_extension', 'plpgsql'],
  ['SELECT rolname FROM pg_roles', 'app;postgres'],
  ['SELECT usename FROM pg_user', 'app;postgres'],
  ['SELECT datname FROM pg_database', 'app;postgres;template0;template1'],
  ['SELECT amname FROM pg_am', 'brin;btree;gin;gist;hash;heap;spgist'],
])('the catalogue of a new server contains the objects that every database has: %s', (sql, expected) => {
  expect(
    rowsOf(sql)
      .map((row) => row.join(' '))
      .toSorted()
      .join(';'),
  ).toBe(expected)
})

test('each type has the collation of its elements', () => {
  const names =
    "'text', 'name', 'varchar', 'bpchar', 'char', 'int4', '_text', '_name', '_int4', 'int2vector', 'mood', '_mood'"
  const asked = `SELECT typname, typcollation FROM pg_type WHERE typcollation <> 0 AND typname IN (${names})`
  expect(
    rowsOf(TABLE + asked)
      .map((row) => row.join(' '))
      .toSorted(),
  ).toEqual(['_name 950', '_text 100', 'bpchar 100', 'name 950', 'text 100', 'varchar 100'])
})

test('pg_class tells the kind of each relation, and whether it has an index', () => {
  const made = `CREATE TABLE plain (a int); CREATE TABLE keyed (a int PRIMARY KEY, b int);
    CREATE VIEW seen AS SELECT a FROM keyed; CREATE MATERIALIZED VIEW kept AS SELECT a FROM keyed; CREATE SEQUENCE s; `
  const asked = `SELECT relname, relkind, relhasindex, relpersistence, relnatts FROM pg_class
    WHERE relnamespace = 'public'::regnamespace ORDER BY 1`
  expect(rowsOf(made + asked).map((row) => row.join(' '))).toEqual([
    ...['kept m f p 1', 'keyed r t p 2', 'keyed_pkey i f p 1', 'plain r f p 1', 's S f p 3', 'seen v f p 1'],
  ])
})

test.each([
  ...['CREATE TABLE s.t ()', 'CREATE VIEW s.v AS SELECT 1', 'CREATE SEQUENCE s.q', "CREATE TYPE s.e AS ENUM ('a')"],
  "CREATE FUNCTION s.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'",
])('a schema with one object is dropped only with CASCADE: %s', (made) => {
  const named = "SELECT count(*) FROM pg_namespace WHERE nspname = 's'"
  expect(() => rowsOf(`CREATE SCHEMA s; ${made}; DROP SCHEMA s`)).toThrow(expect.objectContaining({ code: '2BP01' }))
  expect(rowsOf(`CREATE SCHEMA s; ${made}; DROP SCHEMA s CASCADE; ${named}`)).toEqual([['0']])
})

test.each([
  ['SELECT a FROM p', 'YES'],
  ['SELECT * FROM p', 'YES'],
  ['SELECT a AS x FROM p WHERE a > 0 ORDER BY a', 'YES'],
  ['SELECT DISTINCT a FROM p', 'NO'],
  ['SELECT a FROM p GROUP BY a', 'NO'],
  ['SELECT a FROM p LIMIT 1', 'NO'],
  ['SELECT a FROM p OFFSET 1', 'NO'],
  ['SELECT p.a FROM p JOIN q ON true', 'NO'],
  ['SELECT p.a FROM p, q', 'NO'],
  ['SELECT a FROM (SELECT a FROM p) s', 'NO'],
  ['SELECT a FROM p UNION SELECT 1', 'NO'],
  ['WITH w AS (SELECT 1) SELECT a FROM p', 'NO'],
  ['SELECT 1 AS a', 'NO'],
  ['VALUES (1)', 'NO'],
])('the information schema tells whether the view %s accepts INSERT: %s', (query, expected) => {
  const made = `CREATE TABLE p (a int, b text); CREATE TABLE q (c int); CREATE VIEW v AS ${query}; `
  const asked = "SELECT is_insertable_into FROM information_schema.tables WHERE table_name = 'v'"
  expect(rowsOf(made + asked)).toEqual([[expected]])
})

test('a type is found without its schema if the schema is in the search path', () => {
  const made = "CREATE SCHEMA s; CREATE TYPE s.e AS ENUM ('a'); "
  expect(rowsOf(`${made}SET search_path TO s; SELECT 'a'::e`)).toEqual([['a']])
  expect(rowsOf(`${made}SELECT 'a'::s.e`)).toEqual([['a']])
  expect(() => rowsOf(`${made}SELECT 'a'::e`)).toThrow(expect.objectContaining({ code: '42704' }))
  expect(rowsOf("SET search_path TO nothing; SELECT '1'::int4")).toEqual([['1']])
})

test.each([
  ['', 'f', 'f'],
  [' DEFERRABLE', 't', 'f'],
  [' DEFERRABLE INITIALLY DEFERRED', 't', 't'],
  [' NOT DEFERRABLE', 'f', 'f'],
])('pg_constraint tells whether a constraint is deferrable, and initially deferred: "%s"', (mode, can, is) => {
  const kinds = ['PRIMARY KEY (a)', 'UNIQUE (b)', 'FOREIGN KEY (b) REFERENCES p', 'EXCLUDE USING gist (r WITH &&)']
  const made = 'CREATE TABLE p (a int PRIMARY KEY); '
  for (const kind of kinds) {
    const table = `CREATE TABLE t (a int, b int, r int4range, CONSTRAINT k ${kind}${mode}); `
    const asked = "SELECT condeferrable, condeferred FROM pg_constraint WHERE conname = 'k'"
    expect([kind, rowsOf(made + table + asked)]).toEqual([kind, [[can, is]]])
  }
})

test('pg_constraint tells whether a constraint has been validated', () => {
  const made = `CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE t (a int);
    ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p NOT VALID; `
  const asked = "SELECT conname, convalidated FROM pg_constraint WHERE conname IN ('c', 'f') ORDER BY 1"
  const validated = (name: string): string => `ALTER TABLE t VALIDATE CONSTRAINT ${name}; `
  expect(rowsOf(made + asked)).toEqual([
    ['c', 'f'],
    ['f', 'f'],
  ])
  expect(rowsOf(made + validated('c') + asked)).toEqual([
    ['c', 't'],
    ['f', 'f'],
  ])
  expect(rowsOf(made + validated('f') + asked)).toEqual([
    ['c', 'f'],
    ['f', 't'],
  ])
})

test('a user may grant privileges to the role postgres, and make it the owner of a table', () => {
  const made = 'CREATE TABLE t (a int); GRANT SELECT ON t TO postgres; ALTER TABLE t OWNER TO postgres; '
  expect(rowsOf(`${made}SELECT tableowner FROM pg_tables WHERE tablename = 't'`)).toEqual([['postgres']])
})

test.each(['attcacheoff', 'attstattarget', 'attmissingval'])(
  'a query of pg_attribute is refused if it reads the column %s, which is not simulated',
  (column) => {
    expect(() => rowsOf(`SELECT ${column} FROM pg_attribute`)).toThrow(NotSupported)
  },
)

test('SELECT * of a catalogue relation with missing columns is refused, except in EXISTS', () => {
  expect(() => rowsOf('SELECT * FROM pg_class')).toThrow('list the columns that you read')
  expect(() => rowsOf('SELECT c FROM pg_class c')).toThrow(NotSupported)
  expect(
    rowsOf(
      `${TABLE}SELECT EXISTS (SELECT * FROM pg_class WHERE relname = 'kv'), count(*) FROM pg_class WHERE relname = 'kv'`,
    ),
  ).toEqual([['t', '1']])
})

test('current_setting returns null for a missing setting, and refuses a setting that is not simulated', () => {
  expect(rowsOf("SELECT current_setting('app.missing', true)")).toEqual([[null]])
  expect(() => rowsOf("SELECT current_setting('shared_buffers', true)")).toThrow(NotSupported)
})

test('a catalogue function that is not simulated is refused, even with constant arguments', () => {
  expect(() => rowsOf(`${TABLE}SELECT pg_total_relation_size('kv')`)).toThrow(NotSupported)
  expect(() => rowsOf('SELECT pg_size_pretty(10::bigint)')).toThrow(NotSupported)
})

test.each([
  ['SELECT * FROM missing', '42P01'],
  ['SELECT * FROM pg_missing', '42P01'],
  ['SELECT * FROM pg_stat_statements', '42P01'],
  ['SELECT missing FROM pg_class', '42703'],
  ['SELECT xmin FROM (SELECT 1) AS s', '42703'],
  ['SELECT missing(1)', '42883'],
  ['SELECT lower(1, 2)', '42883'],
  ["SELECT true + 'x'::text", '42883'],
  ['SELECT 1::missing', '42704'],
  ['SHOW missing', '42704'],
  ['SELECT * FROM kv_pkey', '42809'],
])('an invalid query fails with the error code of PostgreSQL: %s', (sql, code) => {
  expect(() => rowsOf(TABLE + sql)).toThrow(expect.objectContaining({ code }))
})
