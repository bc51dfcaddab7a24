import { describe, expect, test } from 'vitest'
import { mysqlDialect } from '../../../src/mysql/statement.ts'
import {
  formatAt,
  isUnlimited,
  operandText,
  type Portal,
  requestIn,
  StatementReader,
} from '../../../src/postgresql/prepared.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'

const one = parsePostgresqlSettings({ table: 'kv' }, 'a test').commands
const whole = parsePostgresqlSettings({ tables: { accounts: { values: ['balance'] } } }, 'a test').commands
const NEWEST = 1000
const read = (key: number | string): string => `SELECT value FROM kv WHERE key = '${key}'`

describe('the meaning of a PostgreSQL statement', () => {
  /** Reads a text twice. Returns whether both results are the same object. */
  const isKnown = (reader: StatementReader, sql: string): boolean => {
    const { statements } = reader.read(sql)
    return reader.read(sql).statements === statements
  }

  test('StatementReader keeps the meaning of a text that it reads for the second time', () => {
    const reader = new StatementReader(one)
    const readings = [1, 2, 3].map(() => reader.read(read(1)).statements)
    expect(readings[0]).not.toBe(readings[1])
    expect(readings[1]).toBe(readings[2])
  })

  test.each<readonly [number, boolean]>([
    [10_000, true],
    [10_001, false],
  ])('whether StatementReader keeps the meaning of a text of %i characters: %s', (length, kept) => {
    const reader = new StatementReader(one)
    const text = read(1).padEnd(length)
    reader.read(text)
    expect(isKnown(reader, text)).toBe(kept)
    const others = new StatementReader(whole)
    const shaped = 'SELECT balance FROM accounts WHERE id = 7'.padEnd(length)
    expect(others.read(shaped).literals !== undefined).toBe(kept)
  })

  test('StatementReader remembers up to 1,000 texts that it has read once, and then forgets all of them', () => {
    for (const [more, kept] of [
      [NEWEST - 1, true],
      [NEWEST, false],
    ] as const) {
      const reader = new StatementReader(one)
      reader.read(read('x'))
      for (let i = 0; i < more; i++) reader.read(read(i))
      expect(isKnown(reader, read('x'))).toBe(kept)
    }
  })

  test('StatementReader keeps the meanings of up to 1,000 texts, and then forgets all of them', () => {
    for (const [more, kept] of [
      [NEWEST - 1, true],
      [NEWEST, false],
    ] as const) {
      const reader = new StatementReader(one)
      const twice = (text: string) => [1, 2].map(() => reader.read(text).statements)[1]
      const first = twice(read('x'))
      for (let i = 0; i < more; i++) twice(read(i))
      expect(reader.read(read('x')).statements === first).toBe(kept)
    }
  })

  test('StatementReader keeps up to 1,000 meanings of texts without literals, and then forgets all of them', () => {
    for (const [more, kept] of [
      [NEWEST - 1, true],
      [NEWEST, false],
    ] as const) {
      const reader = new StatementReader(whole)
      const shaped = (name: number | string) =>
        reader.read(`SELECT balance AS a${name} FROM accounts WHERE id = 7`).statements
      const first = shaped('x')
      for (let i = 0; i < more; i++) shaped(i)
      expect(shaped('x') === first).toBe(kept)
    }
  })

  test.each<readonly [string, readonly string[] | undefined]>([
    ["SELECT balance FROM accounts WHERE id = 'a''b'", ["a'b"]],
    ['INSERT INTO accounts (id, balance) VALUES (7, 1.5)', ['7', '1.5']],
    ["UPDATE accounts SET balance = 5 WHERE id = ''", ['5', '']],
    ['SELECT balance FROM accounts WHERE "id" = 7', ['7']],
    ['SELECT 1; SELECT balance FROM accounts WHERE id = 7', ['1', '7']],
    ['UPDATE others SET balance = 5', ['5']],
    ['SELECT balance FROM accounts', undefined],
    ['SELECT balance FROM accounts WHERE id = $1', undefined],
    ['SELECT balance FROM accounts WHERE id = 7 -- why', undefined],
    ['SELECT balance FROM accounts WHERE id = 7 AND 1 = 1', undefined],
    ['INSERT INTO accounts (id) VALUES (7) ON CONFLICT DO NOTHING', undefined],
    ['SAVEPOINT a; SELECT balance FROM accounts WHERE id = 7', undefined],
    ['SET x = 1', undefined],
    ['CALL pay(7)', undefined],
    ['SELECT balance FROM accounts WHERE id = 0x1F AND balance = 5', undefined],
  ])('the statement %s is read with the literals %j', (sql, literals) => {
    const reader = new StatementReader(whole)
    for (let i = 0; i < 2; i++) expect(reader.read(sql).literals).toEqual(literals)
  })

  test('statements that differ only in their literals share a meaning if whole transactions are recorded', () => {
    const [first, second] = ['7', "'8'"]
    const sql = (key: string | undefined) => `SELECT balance FROM accounts WHERE id = ${key}`
    const reader = new StatementReader(whole)
    expect(reader.read(sql('7')).statements).toBe(reader.read(sql('9')).statements)
    expect(reader.read(sql(first)).statements).not.toBe(reader.read(sql(second)).statements)
    for (const commands of [one, { ...whole, dialect: mysqlDialect }])
      expect(new StatementReader(commands).read(sql('7')).literals).toBeUndefined()
  })
})

describe('a value of a PostgreSQL statement', () => {
  const portal = (values: readonly (Buffer | null)[], more: Partial<Portal> = {}): Portal => ({
    ...{ prepared: { statements: [], types: [23], columns: undefined }, formats: [], values, resultFormats: [] },
    ...{ columns: undefined, wasExecuted: false },
    ...more,
  })
  const parameter = (number: number) => ({ kind: 'parameter', number }) as const
  const seven = Buffer.from([0, 0, 0, 7])

  test('each format applies to its own value, and a single format applies to all values', () => {
    expect([0, 1].map((at) => formatAt([], at))).toEqual([0, 0])
    expect([0, 1].map((at) => formatAt([1], at))).toEqual([1, 1])
    expect([0, 1, 2].map((at) => formatAt([0, 1], at))).toEqual([0, 1, 0])
    expect([0, 1].map((at) => formatAt([1, 0], at))).toEqual([1, 0])
  })

  test('the text of a value is read by its format and type', () => {
    expect(operandText(parameter(1), portal([Buffer.from('7')]))).toBe('7')
    expect(operandText(parameter(1), portal([seven], { formats: [1] }))).toBe('7')
    expect(operandText(parameter(1), portal([null]))).toBeNull()
    expect(operandText(parameter(2), portal([seven, seven], { formats: [1] }))).toBeUndefined()
    expect(operandText(parameter(2), portal([seven]))).toBeUndefined()
    expect(operandText(parameter(1), undefined)).toBeUndefined()
    expect(operandText({ kind: 'constant', text: 'a' }, undefined)).toBe('a')
    const literals = { ...portal([]), literals: ['5'] }
    expect(operandText({ kind: 'literal', number: 0, sign: '-' }, literals)).toBe('-5')
    expect(operandText({ kind: 'literal', number: 1, sign: '' }, literals)).toBeUndefined()
  })

  test('a result is unlimited if its LIMIT is at least the number of rows and its OFFSET is 0', () => {
    const constant = (text: string) => ({ kind: 'constant', text }) as const
    const unlimited = (limit: string | undefined, offset: string | undefined) =>
      isUnlimited(
        {
          limit: limit === undefined ? undefined : constant(limit),
          offset: offset === undefined ? undefined : constant(offset),
        },
        2,
        undefined,
      )
    expect([unlimited(undefined, undefined), unlimited('2', '0'), unlimited('3', undefined)]).toEqual([
      true,
      true,
      true,
    ])
    expect([unlimited('1', undefined), unlimited(undefined, '1'), unlimited('2', '00')]).toEqual([false, false, false])
  })
})

test.each<readonly [string, string | undefined]>([
  ['/* request_id=7 */ SELECT 1', '7'],
  [
    "SELECT 1 /*traceparent='00-0123456789abcdef0123456789abcdef-0123456789abcdef-01'*/",
    '0123456789abcdef0123456789abcdef',
  ],
  ["SELECT 1 /* request_id:'a-b' */", 'a-b'],
  ["SELECT 'request_id=7'", undefined],
  ['SELECT 1 /* why */', undefined],
])('the request id that requestIn finds in %s is %s', (sql, request) => {
  expect(requestIn(sql)).toBe(request)
})
