import { describe, expect, test } from 'vitest'
import { type Answer, fieldOf, stepOf } from '../../../src/postgresql/part.ts'
import type { Portal } from '../../../src/postgresql/prepared.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'
import { statementsOf } from '../../../src/postgresql/sql-tokens.ts'
import { analyse } from '../../../src/postgresql/statement.ts'
import { UNSAID } from '../../../src/record/call.ts'

type Settings = { readonly commands?: string; readonly type?: string }

const column = { name: 'value', table: 1, attribute: 1, type: 25, size: -1, modifier: -1, format: 0 as const }
/** NUMERIC(10, 2). */
const numeric = { ...column, type: 1700, modifier: ((10 << 16) | 2) + 4 }

/** Returns an answer with one column that has these values. */
function answered(tag: string, values: readonly (string | null)[] = [], columns: Answer['columns'] = [column]): Answer {
  const rows = values.map((value) => [value === null ? null : Buffer.from(value)])
  return { tag, rows, columns, formats: undefined }
}

/** Returns a function that analyses a statement with text parameters. One column of the table `kv` is recorded. */
function steps(settings: Settings = {}) {
  const { commands } = parsePostgresqlSettings({ table: 'kv', ...settings }, 'a test')
  return (sql: string, values?: readonly (string | null)[]) => {
    const [tokens = []] = statementsOf(sql) ?? []
    const portal: Portal | undefined = values && {
      ...{ prepared: { statements: [], types: [], columns: undefined }, formats: [], resultFormats: [] },
      values: values.map((value) => (value === null ? null : Buffer.from(value))),
      ...{ columns: undefined, wasExecuted: false },
    }
    return stepOf(analyse(tokens, commands), portal, commands)
  }
}

const READ = "SELECT value FROM kv WHERE key = 'x'"
const WRITE = "UPDATE kv SET value = 'a' WHERE key = 'x'"
const UPSERT = "INSERT INTO kv (key, value) VALUES ('x', 'a') ON CONFLICT (key) DO UPDATE SET value = 'a'"
const INSERT = "INSERT INTO kv (key, value) VALUES ('x', 'a')"
const DELETE = "DELETE FROM kv WHERE key = 'x'"
const CAS = "UPDATE kv SET value = 'b' WHERE key = 'x' AND value = 'a'"
const SUM = "UPDATE kv SET value = value + 5 WHERE key = 'x' RETURNING value"
const CREATED_SUM =
  "INSERT INTO kv (key, value) VALUES ('x', 5) ON CONFLICT (key) DO UPDATE SET value = kv.value + 5 RETURNING value"
const ADDITION = "UPDATE kv SET value = value + 5 WHERE key = 'x'"
const COUNTER: Settings = { commands: 'counter' }
const NUMERIC: Settings = { type: 'numeric' }
const REPLIES: readonly (readonly [sql: string, answer: Answer, meaning: string, settings?: Settings])[] = [
  [READ, answered('SELECT 1', ['a']), 'ok "a"'],
  [READ, answered('SELECT 1', [null]), 'ok null'],
  [READ, answered('SELECT 0'), 'ok null'],
  [
    READ,
    answered('SELECT 2', ['a', 'b']),
    'not-understood: several rows have this key: "key" names no primary key of the table',
  ],
  [READ, { ...answered('SELECT 1'), rows: [[]] }, 'not-understood: the answer has no column value'],
  [READ, answered('SELECT 1', ['a'], undefined), 'ok "a"'],
  [READ, answered('SELECT 1', ['a'], []), 'not-understood: the value in the answer cannot be read as numeric', NUMERIC],
  [READ, answered('SELECT 1', ['1.25'], [numeric]), 'ok "1.25"', NUMERIC],
  [WRITE, answered('UPDATE 1'), 'ok "a"'],
  [WRITE, answered('UPDATE 0'), 'fail answered: no such row, or the condition did not hold'],
  [WRITE, answered('UPDATE 2'), 'not-understood: several rows have this key: "key" names no primary key of the table'],
  [WRITE, answered('UPDATE'), 'not-understood: the answer does not say that a row changed'],
  [WRITE, answered('', ['a']), 'ok "a"'],
  [
    WRITE,
    answered('', ['a', 'b']),
    'not-understood: several rows have this key: "key" names no primary key of the table',
  ],
  [WRITE, answered(''), 'not-understood: the answer does not say that a row changed'],
  [UPSERT, answered('INSERT 0 1'), 'ok "a"'],
  [UPSERT, answered('INSERT 0 0'), 'not-understood: the answer does not say that a row changed'],
  [INSERT, answered('INSERT 0 1'), 'ok [null,"a"]'],
  [INSERT, answered('INSERT 0 0'), 'fail answered: the row exists'],
  [DELETE, answered('DELETE 1'), 'ok null'],
  [DELETE, answered('DELETE 0'), 'ok null'],
  [DELETE, answered('DELETE 2'), 'not-understood: several rows have this key: "key" names no primary key of the table'],
  [DELETE, answered('DELETE'), 'not-understood: the answer does not say that a row changed'],
  [`${DELETE} AND at = 1`, answered('DELETE 0'), 'fail answered: the condition did not hold'],
  [CAS, answered('UPDATE 1'), 'ok ["a","b"]'],
  [CAS, answered('UPDATE 0'), 'fail answered: another value was there'],
  [`${DELETE} AND value = 'a'`, answered('DELETE 0'), 'fail answered: another value was there'],
  [SUM, answered('UPDATE 1', ['7']), 'ok [2,7]'],
  [SUM, answered('UPDATE 0'), 'fail answered: no such row, or the condition did not hold'],
  [
    SUM,
    answered('UPDATE 2', ['7', '8']),
    'not-understood: several rows have this key: "key" names no primary key of the table',
  ],
  [SUM, answered('UPDATE 1', ['a']), 'not-understood: the sum is not a whole number'],
  [SUM, answered('UPDATE 1', [null]), 'not-understood: the sum is not a whole number'],
  [CREATED_SUM, answered('INSERT 0 1', ['5']), 'ok [5]'],
  [CREATED_SUM, answered('INSERT 0 1', ['10']), 'ok [5,10]'],
  [ADDITION, answered('UPDATE 1'), 'ok 5', COUNTER],
  [ADDITION, answered('UPDATE 0'), 'fail answered: no such row, or the condition did not hold', COUNTER],
]
const REQUESTS: readonly (readonly [
  sql: string,
  meaning: string,
  values?: readonly (string | null)[] | undefined,
  settings?: Settings,
])[] = [
  [READ, 'read x=null; writes nothing; harmless'],
  [WRITE, 'write x="a"; writes "a"'],
  [UPSERT, 'write x="a"; writes "a"'],
  [INSERT, 'cas x=[null,"a"]; writes "a"'],
  [DELETE, 'write x=null; writes null'],
  [CAS, 'cas x=["a","b"]; writes "b"'],
  [SUM, 'cas x=UNSAID amount 5; writes unsaid'],
  [CREATED_SUM, 'cas x=UNSAID amount 5; writes unsaid'],
  [ADDITION, 'x: it adds to an unknown value: add RETURNING with the recorded column, or record with --model counter'],
  [ADDITION, 'add x=5; writes unsaid', undefined, COUNTER],
  ["UPDATE kv SET value = value - 5 WHERE key = 'x'", 'subtract x=5; writes unsaid', undefined, COUNTER],
  ["UPDATE kv SET value = value - $1 WHERE key = 'x'", 'add x=5; writes unsaid', ['-5'], COUNTER],
  ["UPDATE kv SET value = value + $1 WHERE key = 'x'", 'x: the amount is not a whole number', ['a'], COUNTER],
  ["UPDATE kv SET value = value + $1 WHERE key = 'x' RETURNING value", 'x: the amount is not a whole number', ['a']],
  [
    WRITE,
    'x: it writes a value, and a counter only takes additions; record it with --model register',
    undefined,
    COUNTER,
  ],
  [READ, 'read x=null; writes nothing; harmless', undefined, COUNTER],
  [
    "UPDATE kv SET value = $1 WHERE key = 'x'",
    'x: a value in it has an unsupported format; use text, or a whole number',
    [],
  ],
  [
    "INSERT INTO kv (key, value) VALUES ('x', $1)",
    'x: a value in it has an unsupported format; use text, or a whole number',
    [],
  ],
  [
    "UPDATE kv SET value = $1 WHERE key = 'x' AND value = 'a'",
    'x: a value in it has an unsupported format; use text, or a whole number',
    [],
  ],
  [
    "UPDATE kv SET value = 'a' WHERE key = 'x' AND value = $1",
    'x: a value in it has an unsupported format; use text, or a whole number',
    [],
  ],
  [
    'SELECT value FROM kv WHERE key = $1',
    'nothing: the value of the primary key cannot be read: give a text or a whole number',
    [],
  ],
  [
    'SELECT value FROM kv WHERE key = $1',
    'nothing: the value of the primary key cannot be read: give a text or a whole number',
    [null],
  ],
  [
    'SELECT value FROM kv WHERE key = $1',
    'nothing: the value of the primary key cannot be read: give a text or a whole number',
    ['07'],
  ],
  [
    'UPDATE kv SET value = 1 WHERE key = $1',
    'everything: the value of the primary key cannot be read: give a text or a whole number',
    [],
  ],
  ['SELECT value FROM kv WHERE key = 1 LIMIT 0', 'nothing: '],
  ['SELECT value FROM kv WHERE key = 1 LIMIT 1', 'read 1=null; writes nothing; harmless'],
  [
    'UPDATE kv SET value = upper(value) WHERE key = $1',
    'x: the value that it writes is unknown: select one row by its primary key, and write the recorded column from a parameter or a literal',
    ['x'],
  ],
  [
    'UPDATE kv SET value = upper(value) WHERE key = $1',
    'everything: the value that it writes is unknown: select one row by its primary key, and write the recorded column from a parameter or a literal',
    [],
  ],
  ['COMMIT', 'nothing: '],
  [
    'CALL pay(1)',
    'everything: its effect is unknown. Record the requests to the service with a route table, or keep this statement out of the recording',
  ],
  ['SELECT 1', 'nothing: '],
]

describe('a statement on one recorded column', () => {
  test.each(REPLIES.map(([sql, answer, meaning, settings]) => [sql, answer.tag, answer, meaning, settings] as const))(
    'the reply to %s with the tag "%s" is interpreted',
    (sql, _, answer, meaning, settings) => {
      const step = steps(settings)(sql)
      if (step.kind !== 'operation') throw new Error(step.why)
      const interpretation = step.part.interpret(answer)
      if (interpretation.type === 'ok')
        expect('value' in interpretation && `ok ${JSON.stringify(interpretation.value)}`).toBe(meaning)
      else {
        const { type, error } = interpretation
        expect(`${type}${'answered' in interpretation && interpretation.answered ? ' answered' : ''}: ${error}`).toBe(
          meaning,
        )
      }
    },
  )

  test.each(REQUESTS.map(([sql, meaning, values, settings]) => [sql, meaning, values, settings] as const))(
    'the statement %s is read as %s',
    (sql, meaning, values, settings) => {
      const step = steps(settings)(sql, values)
      if (step.kind === 'other') {
        const { touches, why } = step
        expect(`${typeof touches === 'string' ? touches : touches.keys.join(', ')}: ${why}`).toBe(meaning)
        return
      }
      const { call, key, writes } = step.part
      const value = call.value === UNSAID ? 'UNSAID' : JSON.stringify(call.value)
      const amount = call.amount === undefined ? '' : ` amount ${call.amount}`
      const written = typeof writes === 'string' ? writes : JSON.stringify(writes.value)
      expect(
        `${call.f} ${call.key as string}=${value}${amount}; writes ${written}${call.harmless === true ? '; harmless' : ''}`,
      ).toBe(meaning)
      expect(key).toBe(call.key)
    },
  )

  test.each<readonly [value: string, read: string]>([
    ['1.25', 'ok'],
    ['1.255', 'not-understood'],
  ])('after a write of %s, a read of a column with two decimals is %s', (value, read) => {
    const step = steps(NUMERIC)
    step("UPDATE kv SET value = $1 WHERE key = 'x'", [value])
    step("UPDATE kv SET value = $1 WHERE key = 'x'", [])
    const reading = step(READ)
    if (reading.kind !== 'operation') throw new Error(reading.why)
    expect(reading.part.interpret(answered('SELECT 1', ['1.25'], [numeric])).type).toBe(read)
  })
})

test('a value without a column description is a text, and counts as computed', () => {
  const row = [Buffer.from('a')]
  const known = { tag: '', rows: [row], columns: undefined, formats: undefined }
  expect(fieldOf(row, 0, known)).toEqual({ type: 0, modifier: -1, isComputed: true, text: 'a' })
  expect(fieldOf(row, 0, { ...known, columns: [column] })).toEqual({
    ...{ type: 25, modifier: -1, isComputed: false, text: 'a' },
  })
  expect(fieldOf(row, 0, { ...known, columns: [{ ...column, table: 0 }] })?.isComputed).toBe(true)
  expect(fieldOf(row, 'value', known)).toBeUndefined()
  expect(fieldOf(row, 'value', { ...known, columns: [column] })?.text).toBe('a')
  expect(fieldOf(row, 'key', { ...known, columns: [column] })).toBeUndefined()
  const int4 = { ...column, type: 23, format: 1 as const }
  const seven = [Buffer.from([0, 0, 0, 7])]
  expect(fieldOf(seven, 0, { ...known, columns: [int4] })?.text).toBe('7')
  expect(fieldOf(seven, 0, { ...known, columns: [int4], formats: [0] })?.text).not.toBe('7')
  expect(fieldOf(seven, 0, { ...known, columns: [{ ...int4, format: 0 }], formats: [1] })?.text).toBe('7')
})
