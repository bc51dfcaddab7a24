import { expect, test } from 'vitest'
import { cellName, columnOfCell } from '../../../src/postgresql/cells.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'

const tables = { accounts: { values: ['balance'] } }

test.each([
  [{ table: 'kv' }, { model: 'register', functionsRead: false, areAtomic: true, type: 'text' }],
  [
    { table: 'kv', functions: 'read', transactions: 'apart' },
    { functionsRead: true, areAtomic: false },
  ],
  [
    { table: 'kv', commands: 'counter', type: 'numeric' },
    { model: 'counter', type: 'numeric' },
  ],
  [
    { table: 'kv', functions: 'anything', transactions: 'atomic' },
    { functionsRead: false, areAtomic: true },
  ],
  [
    { table: 'public.kv', key: 'id', value: 'v' },
    { table: 'kv', key: 'id', value: 'v' },
  ],
  [{ tables }, { model: 'rw-register', table: '', functionsRead: false, areAtomic: true, type: 'text' }],
  [
    { tables, functions: 'read' },
    { functionsRead: true, isolation: undefined, indirect: undefined },
  ],
  [
    { tables, isolation: 'serializable', indirect: 'none' },
    { isolation: 'serializable', indirect: new Map() },
  ],
])('the PostgreSQL settings %j mean %j', (given, commands) => {
  expect(parsePostgresqlSettings(given, 'a test').commands).toMatchObject(commands)
})

test('the error about a member that cannot be combined with "tables" lists the members that can', () => {
  expect(() => parsePostgresqlSettings({ tables, key: 'id' }, 'a test')).toThrow(
    'a test: "key" cannot be combined with "tables". Only transactions, indirect, functions, isolation, client, initial can.',
  )
})

test('columnOfCell takes the column after the last slash, even if the key contains a slash', () => {
  const [accounts] = [...(parsePostgresqlSettings({ tables }, 'a test').commands.tables?.values() ?? [])]
  expect(accounts && columnOfCell(cellName(accounts, 'a/b', 'balance'))).toBe('balance')
})
