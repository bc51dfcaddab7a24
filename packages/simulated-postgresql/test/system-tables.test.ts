import { beforeAll, expect, test } from 'vitest'
import { createEngine } from '../src/session/engine.ts'
import { NotSupported } from '../src/sql/error.ts'
import { loadParser } from '../src/sql/parse.ts'

beforeAll(loadParser)

/** The rows of the last of these statements, as texts. */
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

test('lists the types of arrays, as postgres.js asks', () => {
  const rows =
    rowsOf(`select b.oid, b.typarray from pg_catalog.pg_type a left join pg_catalog.pg_type b on b.oid = a.typelem
    where a.typcategory = 'A' group by b.oid, b.typarray order by b.oid`)
  expect(rows).toContainEqual(['23', '1007'])
})

test('lists the tables and columns of the information schema', () => {
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

test('lists labels of enums by the names of their types', () => {
  const asked =
    'SELECT enumlabel FROM pg_enum JOIN pg_type t ON t.oid = enumtypid WHERE typname = $q$mood$q$ ORDER BY enumsortorder'
  expect(rowsOf(TABLE + asked)).toEqual([['sad'], ['ok']])
})

test('names the range of a type, as Sequelize asks', () => {
  const asked = `SELECT pg_type.typname FROM pg_range LEFT OUTER JOIN pg_type ON pg_type.oid = rngtypid WHERE rngsubtype = 23`
  expect(rowsOf(asked)).toEqual([['int4range']])
})

test('finds columns by the name of their table and schema', () => {
  const asked = `SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'public' AND relname = 'kv' AND attnum > 0 ORDER BY attnum`
  expect(rowsOf(TABLE + asked)).toEqual([['k'], ['v'], ['m']])
})

test('lists the databases that a server has, as MikroORM asks', () => {
  expect(rowsOf("SELECT 1 FROM pg_database WHERE datname = 'postgres'")).toEqual([['1']])
  expect(rowsOf('SELECT datname FROM pg_database WHERE datistemplate ORDER BY 1')).toEqual([
    ['template0'],
    ['template1'],
  ])
})

test('lists no table that inherits from another one, as MikroORM asks', () => {
  const asked =
    'SELECT table_name FROM information_schema.tables WHERE table_name NOT IN (SELECT inhrelid::regclass::text FROM pg_inherits)'
  expect(rowsOf(TABLE + asked)).toEqual([['kv']])
})

test('lets every role use every schema, as Kysely asks', () => {
  expect(rowsOf("SELECT has_schema_privilege('public', 'USAGE')")).toEqual([['t']])
  expect(() => rowsOf("SELECT has_schema_privilege('none', 'USAGE')")).toThrow('schema "none" does not exist')
  expect(() => rowsOf("SELECT has_schema_privilege('public', 'SELECT')")).toThrow('unrecognized privilege type')
})

test.each(['pg_catalog.pg_proc', 'information_schema.views', 'pg_stat_activity'])(
  'refuses %s, which PostgreSQL has and this catalogue has not',
  (name) => {
    expect(() => rowsOf(`SELECT * FROM ${name}`)).toThrow(NotSupported)
  },
)

test('is hidden by no table of the user, and hides none', () => {
  expect(rowsOf('CREATE TABLE tables (a int); INSERT INTO tables VALUES (5); SELECT * FROM tables')).toEqual([['5']])
})
