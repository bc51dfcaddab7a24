import { expect, test } from 'vitest'
import { type Catalogue, type CatalogueTable, proposeTables } from '../../../src/postgresql/proposal.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'

const table = (name: string, more: Partial<CatalogueTable> = {}): CatalogueTable => ({
  ...{ schema: 'public', name, kind: 'table', primaryKey: ['id'], triggers: [] },
  columns: [
    { name: 'id', type: 'bigint' },
    { name: 'note', type: 'text' },
  ],
  ...more,
})

const database = (tables: readonly CatalogueTable[], more: Partial<Catalogue> = {}): Catalogue => ({
  ...{ tables, writers: [], definitions: [] },
  ...more,
})

test('the proposed mapping uses the primary key as key, and names the column types needed to compare values', () => {
  const columns = [
    { name: 'id', type: 'uuid' },
    { name: 'balance', type: 'numeric(10,2)' },
    { name: 'open', type: 'boolean' },
    { name: 'tags', type: 'jsonb' },
    { name: 'owner', type: 'character varying(40)' },
  ]
  const { as, leftOut } = proposeTables(database([table('accounts', { columns }), table('notes')]))
  expect(as.tables).toEqual({
    accounts: { key: 'id', values: { balance: 'numeric', open: 'boolean', tags: 'json', owner: 'text' } },
    notes: { key: 'id', values: ['note'] },
  })
  expect(leftOut).toEqual([])
  const { kind, ...settings } = as
  expect([kind, [...(parsePostgresqlSettings({ ...settings }, 'as').commands.tables?.keys() ?? [])]]).toEqual([
    'postgresql',
    ['accounts', 'notes'],
  ])
})

test('the proposed mapping omits MySQL columns of unreadable types, and tables with no readable value column', () => {
  const columns = [
    ...[
      { name: 'id', type: 'int(10) unsigned' },
      { name: 'stock', type: 'int(11)' },
    ],
    ...[
      { name: 'price', type: 'decimal(8,2)' },
      { name: 'open', type: 'tinyint(1)' },
    ],
    ...[
      { name: 'kg', type: 'double' },
      { name: 'since', type: 'timestamp' },
      { name: 'name', type: 'varchar(20)' },
    ],
  ]
  const dated = table('dates', { columns: [...columns.slice(0, 1), { name: 'on', type: 'date' }] })
  const { as, leftOut } = proposeTables(database([table('goods', { columns }), dated]), { kind: 'mysql' })
  expect(as).toMatchObject({
    kind: 'mysql',
    tables: { goods: { key: 'id', values: { stock: 'numeric', price: 'numeric', open: 'boolean', name: 'text' } } },
  })
  expect(Object.keys(as.tables)).toEqual(['goods'])
  expect(leftOut).toEqual([
    'public.goods.kg: its values, double, are not read',
    'public.goods.since: its values, timestamp, are not read',
    'public.dates: no column besides its key is read',
  ])
})

test.each<[Partial<CatalogueTable>, RegExp]>([
  [{ kind: 'view' }, /^public\.x: it is a view/],
  [{ kind: 'other' }, /^public\.x: it is no ordinary table/],
  [{ primaryKey: [] }, /^public\.x: it has no primary key/],
  [{ primaryKey: ['order', 'line'] }, /^public\.x: its primary key is \(order, line\)/],
  [{ triggers: ['trigger audit'] }, /^public\.x: trigger audit may write/],
  [{ columns: [{ name: 'id', type: 'bigint' }] }, /^public\.x: no column besides its key/],
])('the proposed mapping omits a table, with the reason: %j', (more, reason) => {
  const { as, leftOut } = proposeTables(database([table('x', more)]))
  expect(as.tables).toEqual({})
  expect(leftOut).toEqual([expect.stringMatching(reason)])
})

test('the proposed mapping contains only the first of two tables with the same name', () => {
  const { as, leftOut } = proposeTables(database([table('x'), table('x', { schema: 'old' })]))
  expect(Object.keys(as.tables)).toEqual(['x'])
  expect(leftOut).toEqual(['old.x: another schema has a table of this name'])
})

test('the proposed mapping contains only tables that the given statements name', () => {
  const statements = 'LOG: execute <unnamed>: SELECT * FROM "Orders" o WHERE o.id = $1'
  const { as } = proposeTables(database([table('Orders'), table('order')]), { statements })
  expect(Object.keys(as.tables)).toEqual(['Orders'])
})

const tables = ['accounts', 'owners', 'audit', 'Line Items'].map((name) => table(name))
const touch = {
  name: 'touch',
  isOpaque: false,
  text: 'BEGIN UPDATE accounts SET note = log_it(OLD.id); RETURN NEW; END',
}
const logIt = { name: 'log_it', isOpaque: false, text: 'INSERT INTO "Line Items" VALUES ($1)' }

test.each<[string, Partial<Catalogue>, object | 'none']>([
  ['nothing', {}, 'none'],
  [
    'a cascade',
    { writers: [{ table: 'owners', by: 'delete', text: 'accounts', name: 'foreign key f' }] },
    { owners: { delete: ['accounts'], by: ['foreign key f'] } },
  ],
  [
    'a cascade of updates, by the columns that it follows',
    {
      writers: [
        { table: 'owners', by: 'update', columns: ['id', 'code'], text: 'accounts', name: 'foreign key f' },
        { table: 'owners', by: 'update', columns: ['code'], text: 'audit', name: 'foreign key g' },
        { table: 'owners', by: 'update', columns: ['code'], text: 'unrecorded', name: 'foreign key h' },
      ],
    },
    { owners: { update: { id: ['accounts'], code: ['accounts', 'audit'] }, by: ['foreign key f', 'foreign key g'] } },
  ],
  [
    'a cascade over several tables',
    {
      writers: [
        { table: 'owners', by: 'delete', text: 'accounts', name: 'foreign key f' },
        { table: 'accounts', by: 'delete', text: 'Line Items', name: 'foreign key g' },
      ],
    },
    {
      owners: { delete: ['accounts', 'Line Items'], by: ['foreign key f'] },
      accounts: { delete: ['Line Items'], by: ['foreign key g'] },
    },
  ],
  [
    'a trigger, by what its function and those that it calls name',
    { writers: [{ table: 'audit', by: 'write', text: 'touch', name: 'trigger t' }], definitions: [touch, logIt] },
    { audit: { write: ['accounts', 'Line Items'], by: ['trigger t'] } },
  ],
  [
    'a trigger whose function builds its SQL',
    {
      writers: [{ table: 'audit', by: 'write', text: 'any', name: 'trigger t' }],
      definitions: [{ name: 'any', isOpaque: true, text: 'EXECUTE sql' }],
    },
    { audit: { write: ['accounts', 'owners', 'Line Items'], by: ['trigger t'] } },
  ],
  [
    'a view',
    { writers: [{ table: 'rich', by: 'write', text: 'SELECT * FROM accounts WHERE note > 9', name: 'view rich' }] },
    { rich: { write: ['accounts'], by: ['view rich'] } },
  ],
  [
    'a trigger that writes no recorded table',
    {
      writers: [{ table: 'owners', by: 'write', text: 'stamp', name: 'trigger t' }],
      definitions: [{ ...logIt, name: 'stamp', text: '' }],
    },
    'none',
  ],
])('the proposed mapping lists indirect writes: %s', (_, more, indirect) => {
  const { as } = proposeTables(database(tables, more))
  expect(as.indirect).toEqual(indirect)
  const { kind: __, ...settings } = as
  expect(parsePostgresqlSettings({ ...settings }, 'as').commands.indirect?.size).toBe(
    indirect === 'none' ? 0 : Object.keys(indirect).length,
  )
})

test('a list of indirect writes is refused if it names a table that is not recorded', () => {
  const settings = { tables: { accounts: { values: ['balance'] } }, indirect: { owners: { delete: ['acounts'] } } }
  expect(() => parsePostgresqlSettings(settings, 'as')).toThrow(/"indirect" is .*chaos routes suggest/)
})
