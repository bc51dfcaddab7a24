import type { Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { NamedSchemas } from '../../../src/postgresql/named-schemas.ts'
import { statementsOf } from '../../../src/postgresql/sql-tokens.ts'
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
    why: 'it names archive.accounts, and an earlier statement public.accounts: say in the settings which one is recorded, such as "public.accounts"',
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

test('a change to another search_path marks all recorded tables as possibly changed', () => {
  const set = (path: string): Exchanged => [`SET search_path TO ${path}`, tag('SET')]
  const first = [set('tenant_a, public'), read('accounts'), set('tenant_a, public'), set('DEFAULT')]
  expect(said({ tables: { accounts: tables.accounts } }, ...first)).toEqual([found])
  expect(said({ tables: { accounts: tables.accounts } }, ...first, set('tenant_b'), read('accounts'))).toEqual([
    found,
    ['touched', 'accounts/*/balance'],
    found,
  ])
  const [touched] = recordedBy({ tables }, [], ...first, set('tenant_b')).filter(({ f }) => f === 'touched')
  expect(touched?.['value']).toMatchObject({
    why: 'names without a schema mean the tables of tenant_b after it, and those of tenant_a , public before: record only connections that use one of them',
  })
})

test('USE changes the meaning of table names if an earlier USE named another database', () => {
  const schemas = new NamedSchemas()
  const changedBy = (sql: string) => schemas.changedBy(statementsOf(sql)?.[0] ?? [])
  expect(['SELECT 1', 'USE shop', 'USE shop'].map(changedBy)).toEqual([undefined, undefined, undefined])
  expect(changedBy('USE other')).toContain('the tables of other after it, and those of shop before')
})
