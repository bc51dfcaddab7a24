import { expect, test } from 'vitest'
import { type CatalogueTable, proposeTables } from '../../src/postgresql/proposal.ts'
import { parsePostgresqlSettings } from '../../src/postgresql/settings.ts'

const table = (name: string, more: Partial<CatalogueTable> = {}): CatalogueTable => ({
  ...{ schema: 'public', name, kind: 'table', primaryKey: ['id'], triggers: [] },
  columns: [
    { name: 'id', type: 'bigint' },
    { name: 'note', type: 'text' },
  ],
  ...more,
})

test('the key is the primary key, and the types of columns decide how values are compared', () => {
  const columns = [
    { name: 'id', type: 'uuid' },
    { name: 'balance', type: 'numeric(10,2)' },
    { name: 'open', type: 'boolean' },
    { name: 'tags', type: 'jsonb' },
    { name: 'owner', type: 'character varying(40)' },
  ]
  const { as, leftOut } = proposeTables([table('accounts', { columns }), table('notes')])
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

test.each<[Partial<CatalogueTable>, RegExp]>([
  [{ kind: 'view' }, /^public\.x: it is a view/],
  [{ kind: 'other' }, /^public\.x: it is no ordinary table/],
  [{ primaryKey: [] }, /^public\.x: it has no primary key/],
  [{ primaryKey: ['order', 'line'] }, /^public\.x: its primary key is \(order, line\)/],
  [{ triggers: ['trigger audit'] }, /^public\.x: trigger audit may write/],
  [{ columns: [{ name: 'id', type: 'bigint' }] }, /^public\.x: it has no column besides its key/],
])('a table is left out with the reason: %j', (more, reason) => {
  const { as, leftOut } = proposeTables([table('x', more)])
  expect(as.tables).toEqual({})
  expect(leftOut).toEqual([expect.stringMatching(reason)])
})

test('of two tables of one name only the first is proposed', () => {
  const { as, leftOut } = proposeTables([table('x'), table('x', { schema: 'old' })])
  expect(Object.keys(as.tables)).toEqual(['x'])
  expect(leftOut).toEqual(['old.x: another schema has a table of this name'])
})

test('only tables that the statements name are proposed', () => {
  const statements = 'LOG: execute <unnamed>: SELECT * FROM "Orders" o WHERE o.id = $1'
  expect(Object.keys(proposeTables([table('Orders'), table('order')], statements).as.tables)).toEqual(['Orders'])
})
