import { PGlite } from '@electric-sql/pglite'
import { beforeAll, expect, test } from 'vitest'
import { functionsNamed, operatorsNamed } from '../../src/functions/catalogue.ts'
import { OPERATORS, FUNCTIONS as SIGNATURES } from '../../src/functions/signatures.ts'
import { COMPARISONS } from '../../src/sql/comparisons.ts'
import { DOMAINS, FUNCTIONS, RELATIONS, SETTINGS } from '../../src/sql/known-names.ts'
import { linesOf } from '../../src/sql/lines.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { quoteIdentifier } from '../../src/types/format-type.ts'
import { createTypes } from '../../src/types/types.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

beforeAll(loadParser)

/** PostgreSQL's error codes for unknown names, and for calls in FROM of functions with unknown columns. */
const UNKNOWN = ['42703', '42P01', '42883', '42704', '42601']

/** Returns the statements for which this package reports an unknown name. */
function refusedStatements(statements: readonly string[]): readonly string[] {
  const answers = new SimulatedAnswers()
  return statements.flatMap((sql) => {
    const answer = answers.answer(sql)
    return answer.kind === 'error' && UNKNOWN.includes(answer.code) ? [`${sql}: ${answer.message}`] : []
  })
}

const types = createTypes()
const listed = Object.entries(RELATIONS).flatMap(([schema, table]) =>
  linesOf(table).flatMap(([heads = '', ...columns]) =>
    heads.split(',').map((head) => ({ schema, name: head.replace(/=\d+/, ''), columns })),
  ),
)
const tables = listed.map(({ schema, name }) => `${schema}.${name}`)

/** The columns that PGlite has. */
const COLUMNS = `select nspname || '.' || relname as name, attname as column
  from pg_class c join pg_namespace n on n.oid = relnamespace join pg_attribute on attrelid = c.oid
  where nspname in ('pg_catalog', 'information_schema') and relkind in ('r', 'v') and attnum > 0`

test('a column of a PostgreSQL relation is either simulated or reported as not supported', async () => {
  const server = await PGlite.create()
  const { rows } = await server.query<{ readonly name: string; readonly column: string }>(COLUMNS)
  await server.close()
  const older = listed.flatMap(({ schema, name, columns }) =>
    columns
      .filter((column) => column.endsWith('-'))
      .map((column) => ({ name: `${schema}.${name}`, column: column.slice(0, -1) })),
  )
  const statements = [...rows, ...older].map(({ name, column }) => `select "${column}" from ${name} limit 0`)
  expect(statements.length).toBeGreaterThan(2_000)
  expect(refusedStatements(statements)).toEqual([])
})

test('a statement on a PostgreSQL system relation is either simulated or reported as not supported', () => {
  const statements = tables.flatMap((name) => [
    `select * from ${name}`,
    `select * from ${name.replace(/^pg_catalog\./, '')} as r, ${name} as s`,
    `select '${name}'::regclass`,
    `select to_regclass('${name}')`,
    `select null::${name}`,
    `select xmin, tableoid from ${name}`,
    `delete from ${name}`,
    `drop table if exists ${name}`,
  ])
  expect(
    refusedStatements(statements.filter((sql) => !sql.includes('from information_schema') || !sql.includes('xmin'))),
  ).toEqual([])
})

test('a PostgreSQL type is either simulated or reported as not supported', () => {
  const named = [...types.all()].flatMap(({ name, arrayOid }) => [
    `"${name}"`,
    ...(arrayOid === 0 ? [] : [`"${name}"[]`]),
  ])
  const domains = DOMAINS.split(' ').map((name) => `information_schema.${name}`)
  const rows = tables.flatMap((name) => [name.replace('pg_catalog.', ''), `${name}[]`, name.replace('.', '._')])
  const all = [...named, ...domains, ...rows, 'bit(1)', 'bit varying(3)', 'time(3) with time zone']
  expect(refusedStatements(all.flatMap((name) => [`select null::${name}`, `select to_regtype('${name}')`]))).toEqual([])
})

/** The types that have no order in PostgreSQL either. */
const UNORDERED = ['xid', 'cid', 'json', '_xid', '_cid', '_json', 'void']

test('ORDER BY on a PostgreSQL type is either simulated or reported as not supported', () => {
  const ordered = [...types.all()].filter(({ name }) => !UNORDERED.includes(name))
  expect(refusedStatements(ordered.map(({ name }) => `select null::"${name}" as a order by a`))).toEqual([])
})

/** For each pseudo-type, an actual type that it may stand for. */
const INSTANCES: { readonly [pseudo: string]: string } = {
  any: 'int4',
  anyelement: 'int4',
  anynonarray: 'int4',
  anyarray: '_int4',
  anyenum: 'mood',
  anyrange: 'int4range',
  anymultirange: 'int4multirange',
  anycompatible: 'int4',
  anycompatiblenonarray: 'int4',
  anycompatiblearray: '_int4',
  anycompatiblerange: 'int4range',
  anycompatiblemultirange: 'int4multirange',
}

test('a PostgreSQL function is either simulated or reported as not supported', () => {
  const words = linesOf(SIGNATURES).flatMap(([, ...entries]) => entries)
  const members = words.flatMap((word) => Array.from(COMPARISONS.values(), (each) => word.replaceAll('…', each)))
  const names = new Set(members.map((word) => word.replace(/=.*/, '')))
  const calls = [...names].flatMap((name) =>
    functionsNamed(name).map(({ arguments: all, variadic }) => {
      const values = all.map((oid, at) => {
        const type = types.find(oid)?.name
        const mode = variadic && at === all.length - 1 ? 'variadic ' : ''
        return type === undefined ? 'null' : `${mode}null::"${INSTANCES[type] ?? type}"`
      })
      return `select ${quoteIdentifier(name)}(${values.join(', ')})`
    }),
  )
  const others = FUNCTIONS.trim()
    .split('\n')
    .flatMap((line) => {
      const [counts = '', ...functions] = line.split(' ')
      const count = Number(counts.split(',').find((each) => each !== '*') ?? 1)
      return functions.map((name) => `select ${quoteIdentifier(name)}(${new Array(count).fill('null').join(', ')})`)
    })
  expect(calls.length).toBeGreaterThan(2_500)
  const inFrom = calls.map((call) => call.replace('select', 'select * from'))
  const refused = refusedStatements(["create type mood as enum ('ok')", ...calls, ...others, ...inFrom])
  // Like this package, PostgreSQL requires a column definition list for `json_to_record`.
  expect(refused.filter((text) => !text.includes('_to_record'))).toEqual([])
})

test('a PostgreSQL operator is either simulated or reported as not supported', () => {
  const names = linesOf(OPERATORS).flatMap(([name = '']) => (name === '…' ? [...COMPARISONS.keys()] : name))
  const operand = (oid: number): string => {
    const type = types.find(oid)?.name ?? 'text'
    return `null::"${INSTANCES[type] ?? type}"`
  }
  const expressions = names.flatMap((name) =>
    operatorsNamed(name).map(({ arguments: all }) => {
      const operands = all.map(operand)
      return ['select', ...operands.slice(0, -1), `operator(pg_catalog.${name})`, ...operands.slice(-1)].join(' ')
    }),
  )
  expect(expressions.length).toBeGreaterThan(700)
  expect(refusedStatements(["create type mood as enum ('ok')", ...expressions])).toEqual([])
})

test('a call of a PostgreSQL type as a function is either simulated or reported as not supported', () => {
  expect(refusedStatements([...types.all()].map(({ name }) => `select "${name}"('1')`))).toEqual([])
})

test('a PostgreSQL setting is either simulated or reported as not supported', () => {
  const statements = SETTINGS.split(' ').flatMap((name) => [
    `show ${name}`,
    `set ${name} = default`,
    `select current_setting('${name}')`,
  ])
  expect(refusedStatements(statements)).toEqual([])
})
