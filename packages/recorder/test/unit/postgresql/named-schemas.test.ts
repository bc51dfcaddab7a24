import type { Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { NamedSchemas } from '../../../src/postgresql/named-schemas.ts'
import { column, columns, type Exchanged, recordedBy, row, tables, tag } from '../../postgresql/whole-record.ts'

const read = (table: string): Exchanged => [
  `SELECT id, balance FROM ${table} WHERE id = 7`,
  columns('id', 'balance'),
  row('7', '5'),
  tag('SELECT 1'),
]
const write = (table: string): Exchanged => [`UPDATE ${table} SET balance = 5 WHERE id = 7`, tag('UPDATE 1')]

const said = (settings: { readonly [member: string]: Json }, ...queries: readonly Exchanged[]): readonly Json[] =>
  recordedBy(settings, [], ...queries).flatMap(({ f, type, key, value }): Json[] =>
    f === 'touched' || f === 'not-understood' ? [[f, key ?? 'all']] : type === 'ok' ? [value ?? null] : [],
  )

const found: Json = [['r', 'accounts/7/balance', 5]]
const written: Json = [['w', 'accounts/7/balance', 5]]

test('the names accounts and public.accounts mean the same table', () => {
  expect(said({ tables }, read('accounts'), read('public.accounts'), write('shop.public.accounts'))).toEqual([
    ...[found, found, written],
  ])
})

test('a table is not understood if an earlier statement named it with another schema', () => {
  expect(said({ tables }, write('accounts'), read('archive.accounts'), write('archive.accounts'))).toEqual([
    written,
    ['not-understood', 'all'],
    ['touched', 'accounts/*/balance'],
  ])
  expect(said({ tables }, write('archive.accounts'), read('accounts'))).toEqual([written, ['not-understood', 'all']])
  const reason = recordedBy({ tables }, [], write('accounts'), read('archive.accounts')).find(
    ({ f }) => f === 'not-understood',
  )
  expect(reason?.['value']).toMatchObject({
    why: 'it names archive.accounts, but an earlier statement named public.accounts: name the schema in the mapping, such as "public.accounts"',
  })
})

test('statements on another schema than that of the settings are passed on', () => {
  const settings = { tables: { 'billing.accounts': { key: 'id', values: ['balance'] } } }
  expect(said(settings, write('billing.accounts'), read('accounts'), write('archive.accounts'))).toEqual([
    written,
    found,
  ])
  const join: Exchanged = [
    'SELECT a.id, a.balance, o.balance FROM accounts a JOIN archive.accounts o ON o.id = a.id WHERE a.id = 7',
    columns('id', 'balance', 'balance'),
    row('7', '5', '6'),
    tag('SELECT 1'),
  ]
  expect(said(settings, join)).toEqual([found])
})

test('the name a.balance of a column is not read as the table balance in the schema a', () => {
  const named = { tables: { ...tables, balance: { key: 'id', values: ['amount'] } } }
  const query: Exchanged = [
    'SELECT a.id, a.balance FROM accounts a WHERE a.id = 7',
    { kind: 'row-description', columns: [column('id'), column('balance')] },
    row('7', '5'),
    tag('SELECT 1'),
  ]
  expect(said(named, read('accounts'), query)).toEqual([found, found])
  const insert =
    'INSERT INTO accounts (id, balance) VALUES (7, 5) ON CONFLICT (id) DO UPDATE SET balance = excluded.balance'
  expect(said(named, [insert, tag('INSERT 0 1')])).toEqual([written])
})

test('a statement on the recorded column in another schema is not understood', () => {
  const settings = { table: 'kv' }
  const select = (table: string): Exchanged => [
    `SELECT value FROM ${table} WHERE key = 'x'`,
    columns('value'),
    row('5'),
    tag('SELECT 1'),
  ]
  expect(said(settings, select('kv'), select('archive.kv'))).toEqual([5, ['not-understood', 'all']])
  expect(said({ table: 'billing.kv' }, select('kv'), select('billing.kv'), select('archive.kv'))).toEqual([5, 5])
})

const SET = 'SET search_path TO'
const set = (sql: string): Exchanged => [sql, tag('SET')]
const other = ['touched', 'accounts/*/balance']

test('a statement on a table after another search_path marks all recorded tables as possibly changed', () => {
  const settings = { tables: { accounts: tables.accounts } }
  const first = [set(`${SET} tenant_a, public`), read('accounts'), set(`${SET} "$user", tenant_a, public`)]
  expect(said(settings, ...first, read('accounts'))).toEqual([found, found])
  const second = [...first, set(`${SET} tenant_b`), read('public.accounts'), read('accounts')]
  expect(said(settings, ...second)).toEqual([found, found, other, found])
  const touched = recordedBy(settings, [], ...second).find(({ f }) => f === 'touched')
  expect(touched?.['value']).toMatchObject({
    what: 'SELECT id, balance FROM accounts WHERE id = ?',
    why: 'names without a schema are tables of tenant_b in this statement, but of tenant_a, public in an earlier one: record only connections that look them up in the same schemas',
  })
})

test.each([
  `${SET} tenant_b`,
  "SET search_path = 'tenant_b'",
  "SELECT set_config('search_path', 'tenant_b', false)",
  "SELECT pg_catalog.set_config('search_path', 'tenant_b', false)",
])('%s marks all recorded tables as possibly changed if one was read before', (sql) => {
  expect(said({ tables }, read('accounts'), set(sql), read('accounts'))).toContainEqual(other)
  expect(
    said({ table: 'accounts', value: 'balance', key: 'id' }, read('accounts'), set(sql), read('accounts')),
  ).toEqual([5, ['touched', 'all'], 5])
})

test.each([
  ['SET LOCAL search_path TO tenant_b', 'COMMIT', [found, found]],
  ["SELECT set_config('search_path', 'tenant_b', true)", 'COMMIT', [found, found]],
  ['SET LOCAL search_path TO tenant_b', 'ROLLBACK', [found, found]],
  [`${SET} tenant_b`, 'ROLLBACK', [found, found]],
  [`${SET} tenant_b`, 'COMMIT', [found, other, found]],
])('after %s and %s, names mean tables of the schemas that the server then uses', (sql, end, expected) => {
  const transaction = [['BEGIN', tag('BEGIN')], set(sql), [end, tag(end)]] as const satisfies readonly Exchanged[]
  const settings = { tables: { accounts: tables.accounts } }
  expect(said(settings, read('accounts'), ...transaction, read('accounts'))).toEqual(expected)
})

test.each([`${SET} DEFAULT`, 'RESET search_path', 'RESET ALL', 'DISCARD ALL', `${SET} public`])(
  '%s restores the meaning of names without a schema',
  (sql) => {
    expect(said({ tables }, read('accounts'), set(`${SET} tenant_b`), set(sql), read('accounts'))).toEqual([
      found,
      found,
    ])
  },
)

test.each<readonly (readonly [string, string])[]>([
  [['search_path', 'tenant_a']],
  [['options', '-c search_path=tenant_a']],
  [['options', '-c search_path=tenant_a,\\ public']],
])('the startup parameter %j chooses the schemas of names', (...parameters) => {
  const queries = [read('accounts'), set(`${SET} public`), read('accounts')]
  const events = recordedBy({ tables }, parameters, ...queries)
  expect(events.filter(({ f }) => f === 'touched').length).toBeGreaterThan(0)
  expect(said({ tables }, ...queries)).toEqual([found, found])
})

test('a statement in another database than the first one means other tables', () => {
  const schemas = new NamedSchemas()
  const shop = { database: 'shop', schemas: 'public' }
  expect([schemas.otherThanFirst(shop, 'qualified'), schemas.otherThanFirst(shop, 'unqualified')]).toEqual([
    undefined,
    undefined,
  ])
  expect(schemas.otherThanFirst({ ...shop, database: 'test' }, 'qualified')).toBe(
    'it is a statement in the database test, and an earlier one was in shop: record only connections to one of them',
  )
})
