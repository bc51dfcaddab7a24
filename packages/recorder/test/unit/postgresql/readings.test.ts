import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'
import { statementsOf } from '../../../src/postgresql/sql-tokens.ts'
import { analyse } from '../../../src/postgresql/statement.ts'

const one = parsePostgresqlSettings({ table: 'kv' }, 'a test').commands
const all = parsePostgresqlSettings({ tables: { kv: { key: 'key', values: ['value'] } } }, 'a test').commands

const meaning = (sql: string, commands: typeof one) => analyse(statementsOf(sql)?.[0] ?? [], commands)

/** Returns the meaning of a statement if one column is recorded: an operation, or what the statement may change. */
function inOneColumn(sql: string): string {
  const statement = meaning(sql, one)
  if (statement.kind === 'action') return statement.action.does
  if (statement.kind !== 'other') return statement.kind
  if (typeof statement.touches === 'object') return `one row: ${statement.why}`
  return statement.touches === 'nothing' && statement.why !== '' ? 'not understood' : statement.touches
}

/**
 * Returns the meaning of a statement if transactions are recorded: what it does, to which rows, and under how many
 * conditions.
 */
function inRows(sql: string): string {
  const statement = meaning(sql, all)
  if (statement.kind === 'doubtful') return `may change ${JSON.stringify(statement.touches)}`
  if (statement.kind !== 'rows') return statement.kind
  const { rows } = statement
  const numbers = (operands: readonly object[]): string =>
    operands.map((operand) => ('number' in operand ? `$${String(operand.number)}` : 'a constant')).join(', ')
  if (rows.does === 'insert') return `insert, ${rows.conflict}`
  if (rows.rows.kind !== 'keys') return `${rows.does} of any rows`
  const { keys, conditions, compared, isPartial } = rows.rows
  const named = 'array' in keys ? `each of ${numbers([keys.array])}` : numbers(keys)
  const set = rows.does === 'update' ? ` by ${[...rows.sets.values()].map(({ kind }) => kind).join()}` : ''
  const tells = rows.does === 'read' && rows.aggregate !== undefined ? ', whether it is there' : ''
  const locks = rows.does === 'read' && rows.locks ? ', locked' : ''
  const asked = compared.map(({ comparison, operand }) => `, ${comparison} ${numbers([operand])}`).join('')
  const unread = conditions > compared.length || isPartial ? ', in part' : ''
  return `${rows.does} of ${named}${set}${asked}${tells}${locks}${unread}`
}

const UNKNOWN_SUM =
  'one row: the UPDATE adds to the value only under a condition: add RETURNING with the recorded column'

/**
 * Statements as people and ORMs write them, each with two meanings. `one`: the meaning if one column is recorded (see
 * `inOneColumn`). `rows`: the meaning if transactions are recorded (see `inRows`).
 */
const readings: readonly (readonly [sql: string, one: string, rows: string])[] = [
  ['SELECT value FROM kv WHERE key = $1', 'read', 'read of $1'],
  ['SELECT value FROM kv WHERE $1 = key', 'read', 'read of $1'],
  ['SELECT value FROM kv WHERE (key = $1) AND (1 = 1)', 'read', 'read of $1'],
  ['SELECT value FROM kv WHERE 1 = 1 AND key = $1', 'read', 'read of $1'],
  ['SELECT value FROM kv WHERE ((key)) = ($1) AND TRUE', 'read', 'read of $1'],
  ['SELECT value FROM kv WHERE key IN ($1)', 'read', 'read of $1'],
  ['SELECT value FROM kv WHERE key IN ($1, $2)', 'not understood', 'read of $1, $2'],
  ['SELECT value FROM kv WHERE key = ANY($1)', 'not understood', 'read of each of $1'],
  ['SELECT value FROM kv WHERE key = $1 LIMIT 1', 'read', 'read of $1'],
  ['SELECT value FROM kv WHERE key = $1 LIMIT 1 OFFSET 0', 'read', 'read of $1'],
  ['SELECT value FROM kv WHERE key = $1 LIMIT $2 OFFSET $3', 'read', 'read of $1'],
  ['SELECT k.value AS v FROM kv AS k WHERE k.key = $1', 'read', 'read of $1'],
  ['SELECT "kv"."value" FROM "public"."kv" WHERE "kv"."key" = $1', 'read', 'read of $1'],
  ['SELECT * FROM kv WHERE key = $1 FOR UPDATE', 'read', 'read of $1, locked'],
  ['SELECT value FROM kv WHERE key = $1::text', 'read', 'read of $1'],
  ['SELECT coalesce(value, 0) AS value FROM kv WHERE key = $1', 'not understood', 'may change "nothing"'],
  ['SELECT exists(SELECT 1 FROM kv WHERE key = $1)', 'not understood', 'read of $1, whether it is there'],
  ['SELECT count(*) FROM kv WHERE key = $1', 'not understood', 'read of $1, whether it is there'],
  ['UPDATE kv SET value = $2 WHERE key = $1', 'write', 'update of $1 by operand'],
  ['UPDATE kv SET value = value + $2 WHERE key = $1', 'add', 'update of $1 by sum'],
  ['UPDATE kv SET value = value - $2 WHERE key = $1 AND value >= $2', UNKNOWN_SUM, 'update of $1 by sum, >= $2'],
  ['UPDATE kv SET value = $2 WHERE key = $1 AND value = $3', 'cas', 'update of $1 by operand, = $3'],
  ['UPDATE kv SET value = $2 WHERE key = $1 RETURNING value', 'write', 'update of $1 by operand'],
  ['INSERT INTO kv (key, value) VALUES ($1, $2)', 'insert', 'insert, none'],
  [
    'INSERT INTO kv (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    'write',
    'insert, update',
  ],
  ['INSERT INTO kv (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', 'insert', 'insert, nothing'],
  ['DELETE FROM kv WHERE key = $1', 'delete', 'delete of $1'],
  ['SELECT count(*) FROM kv', 'nothing', 'read of any rows'],
  ['SELECT other FROM kv WHERE key IN ($1, $2)', 'nothing', 'read of $1, $2'],
  ["COPY (SELECT value FROM kv WHERE key = 'a') TO STDOUT", 'nothing', 'may change "nothing"'],
]

describe('a statement by key', () => {
  test.each(readings)(
    'the statement %s is read as "%s" in the record of one column, and as "%s" in the record of transactions',
    (sql, column, rows) => {
      expect([inOneColumn(sql), inRows(sql)]).toEqual([column, rows])
    },
  )
})

const cases = new URL('../../../../../../shared/cases/sql/by-key.sql', import.meta.url)

test.skipIf(!existsSync(cases))('the test has an expected recording for every statement of by-key.sql', () => {
  const listed = readFileSync(cases, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('--') || line === '' ? [] : [line.slice(0, line.indexOf(';'))]))
  const known = new Set(readings.map(([sql]) => sql))
  expect(listed.filter((sql) => !known.has(sql))).toEqual([])
})
