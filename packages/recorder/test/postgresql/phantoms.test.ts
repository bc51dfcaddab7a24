import { describe, expect, test } from 'vitest'
import {
  type AskedCondition,
  askedBy,
  isNotTrueOf,
  isTrueOf,
  sensitiveBy,
} from '../../src/postgresql/asked-condition.ts'
import { conditionOf } from '../../src/postgresql/condition.ts'
import { withPhantoms } from '../../src/postgresql/phantoms.ts'
import { parse } from '../../src/postgresql/sql-parser.ts'
import { statementsOf } from '../../src/postgresql/sql-tokens.ts'

const bookings = {
  ...{ name: 'bookings', key: 'id' },
  values: new Map([
    ['room', 'text'],
    ['first', 'numeric'],
    ['is_paid', 'boolean'],
  ] as const),
}
const tables = new Map([
  ['bookings', bookings],
  ['rooms', { name: 'rooms', key: 'id', values: new Map([['room', 'text']] as const) }],
])

function asked(sql: string) {
  const tokens = statementsOf(sql)?.[0] ?? []
  const condition = conditionOf({ tree: parse(tokens), tokens, tables })
  return condition && askedBy(condition, undefined)
}

describe('a SELECT whose answer changes with each further row that its WHERE is true of', () => {
  test.each([
    ["SELECT count(*) FROM bookings WHERE room = 'a'", [['room', '=', ['a']]]],
    [
      "select id, room from bookings b where (b.room = 'a' and (b.first <= 5))",
      [
        ['room', '=', ['a']],
        ['first', '<=', [5]],
      ],
    ],
    [
      "SELECT count(*)::int AS n FROM public.bookings WHERE 'a' = room AND 5 > first",
      [
        ['room', '=', ['a']],
        ['first', '<', [5]],
      ],
    ],
    [
      'SELECT * FROM "bookings" WHERE is_paid AND NOT is_paid ORDER BY id FOR UPDATE',
      [
        ['is_paid', '=', [true]],
        ['is_paid', '=', [false]],
      ],
    ],
    ['SELECT 1 FROM bookings', []],
    ['SELECT count(id), count(room) FROM bookings', [['room', 'is not null', []]]],
    ['SELECT coalesce(sum(first), 0)::int AS n FROM bookings', [['first', '<>', [0]]]],
    ['SELECT cast(sum(bookings.first) as int) FROM bookings', [['first', '<>', [0]]]],
    [
      "SELECT room FROM bookings WHERE room IN ('a', 'b') AND first <> 1",
      [
        ['room', '=', ['a', 'b']],
        ['first', '<>', [1]],
      ],
    ],
    [
      'SELECT 1 FROM bookings WHERE first BETWEEN 1 AND 5 AND room IS NULL',
      [
        ['first', '>=', [1]],
        ['first', '<=', [5]],
        ['room', 'is null', []],
      ],
    ],
  ])('is %s', (sql, comparisons) => {
    expect(asked(sql)).toEqual({ table: 'bookings', isLimited: false, tells: undefined, anyOf: [comparisons] })
  })

  test('with a LIMIT, if it returns no row', () => {
    expect(asked("SELECT 1 FROM bookings WHERE room = 'a' LIMIT 1")).toMatchObject({ isLimited: true })
    expect(asked("SELECT 1 FROM bookings WHERE room = 'a' LIMIT 0")).toBeUndefined()
  })

  test('with EXISTS, if it says that there is none', () => {
    for (const [sql, tells] of [
      ["SELECT EXISTS (SELECT * FROM bookings b WHERE b.room = 'a' LIMIT 1) AS taken", 'exists'],
      ["SELECT NOT EXISTS (SELECT 1 FROM bookings WHERE room = 'a' ORDER BY id)", 'not exists'],
    ] as const) {
      const comparisons = [['room', '=', ['a']]]
      const condition = asked(sql)
      expect(condition).toEqual({ table: 'bookings', isLimited: true, tells, anyOf: [comparisons] })
      const isSensitive = (answer: string) =>
        sensitiveBy(condition!, { returned: 1, rows: [[Buffer.from(answer)]], isText: true })?.isEmpty ?? false
      const [yes, no] = tells === 'exists' ? [false, true] : [true, false]
      expect(['t', '\u0001', 'f', '\u0000', 'x'].map(isSensitive)).toEqual([yes, yes, no, no, false])
    }
  })

  test('with OR, if it is true for one of its alternatives', () => {
    const anyOf = (sql: string) => asked(`SELECT 1 FROM bookings WHERE ${sql}`)?.anyOf
    const [isA, isB, is1] = [
      ['room', '=', ['a']],
      ['room', '=', ['b']],
      ['first', '=', [1]],
    ]
    expect(anyOf("room = 'a' OR first = 1 AND room = 'b'")).toEqual([[isA], [is1, isB]])
    expect(anyOf("(room = 'a' OR room = 'b') AND first = 1")).toEqual([
      [isA, is1],
      [isB, is1],
    ])
    expect(anyOf("room = 'a' OR lower(room) = 'b'")).toBeUndefined()
    const pairs = Array.from({ length: 5 }, (_, i) => `(first = ${i} OR first = ${10 + i})`)
    expect(anyOf(pairs.slice(0, 4).join(' AND '))).toHaveLength(16)
    expect(anyOf(pairs.join(' AND '))).toBeUndefined()
  })

  test('with max and min, by what is beyond their answer', () => {
    for (const [sql, comparison] of [
      ["SELECT max(first) FROM bookings WHERE room = 'a'", '>'],
      ["SELECT coalesce(min(first), 0) AS n FROM bookings WHERE room = 'a'", '<'],
    ] as const) {
      const of = (answer: Buffer | null, isText = true) =>
        sensitiveBy(asked(sql)!, { returned: 1, rows: [[answer]], isText })
      const further = [
        ['room', '=', ['a']],
        ['first', comparison, [5]],
      ]
      expect(of(Buffer.from('5'))).toEqual({ anyOf: [further], isToLosses: false, isEmpty: false })
      expect(of(null)?.anyOf[0]?.at(-1)).toEqual(['first', 'is not null', []])
      expect(of(Buffer.from('5'), false)).toBeUndefined()
      expect(of(Buffer.from('5.5'))).toBeUndefined()
    }
  })

  test('as ORMs write it: with 1=1, and an OFFSET of nothing', () => {
    const comparisons = [['room', '=', ['a']]]
    const written = (offset: number) =>
      asked(
        `SELECT "public"."bookings"."id" FROM "public"."bookings" WHERE ("public"."bookings"."room" = 'a' AND 1=1) OFFSET ${offset}`,
      )
    expect(written(0)?.anyOf).toEqual([comparisons])
    expect(written(1)).toBeUndefined()
  })

  test.each([
    'SELECT max(room) FROM bookings',
    'SELECT count(first), room FROM bookings',
    "SELECT 1 FROM bookings WHERE room > 'a'",
    'SELECT DISTINCT room FROM bookings',
    'SELECT room FROM bookings GROUP BY room',
    "SELECT EXISTS (SELECT 1 FROM bookings WHERE room = 'a'), 1",
    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM bookings WHERE room = 'a')",
    'SELECT sum(first + 1) FROM bookings',
    'SELECT count(DISTINCT room) FROM bookings',
    'SELECT count(*) FILTER (WHERE first = 1) FROM bookings',
    'SELECT count(*), max(first) FROM bookings',
    'SELECT coalesce(room, 0) FROM bookings',
    'SELECT 1 FROM bookings WHERE room IN (SELECT room FROM rooms)',
    "SELECT 1 FROM bookings WHERE NOT room IN ('a')",
    'SELECT 1 FROM bookings WHERE first IS NOT TRUE',
    "SELECT 1 FROM bookings WHERE room = 'a' AND first = 1 + 1",
    "SELECT 1 FROM bookings WHERE NOT (room = 'a')",
    "SELECT 1 FROM bookings WHERE lower(room) = 'a'",
    "SELECT 1 FROM bookings WHERE room = 'a'::char(1)",
    'SELECT 1 FROM bookings WHERE room = NULL',
    "SELECT 1 FROM bookings WHERE other = 'a'",
    'SELECT 1 FROM bookings, rooms',
    'SELECT 1 FROM bookings JOIN rooms ON rooms.id = bookings.id',
    'SELECT 1 FROM bookings FOR UPDATE SKIP LOCKED',
    'SELECT 1 FROM bookings OFFSET 1',
    "SELECT 1 FROM bookings WHERE room = 'a' UNION SELECT 1",
    "UPDATE bookings SET first = 1 WHERE room = 'a'",
  ])('is not %s', (sql) => {
    expect(asked(sql)).toBeUndefined()
  })

  test('is not known to be true of texts that a column may round', () => {
    const comparisons = (value: string | number) => ({ anyOf: [[['room', '=', [value]]]] }) as const
    expect(isTrueOf(comparisons('12:00:00'), { room: '12:00:00' })).toBe(true)
    expect(isTrueOf(comparisons(5), { room: 5 })).toBe(true)
    for (const text of ['12:00:00.5', '1.005']) expect(isTrueOf(comparisons(text), { room: text })).toBe(false)
    expect(isTrueOf(comparisons('a'), {})).toBe(false)
  })

  test('is true of a row by all of its comparisons, for one value of each', () => {
    const isTrue = (comparisons: AskedCondition['anyOf'][number], first?: number | null) =>
      isTrueOf({ anyOf: [comparisons] }, { room: 'a', ...(first === undefined ? {} : { first }) })
    expect(isTrue([['room', '=', ['b', 'a']]])).toBe(true)
    expect(isTrue([['room', '=', ['b', 'c']]])).toBe(false)
    for (const [first, differs] of [
      [1, true],
      [0.5, false],
      [null, false],
      [undefined, false],
    ] as const)
      expect(isTrue([['first', '<>', [0]]], first)).toBe(differs)
    expect([null, 0, undefined].map((first) => isTrue([['first', 'is null', []]], first))).toEqual([true, false, false])
    expect([null, 0, undefined].map((first) => isTrue([['first', 'is not null', []]], first))).toEqual([
      false,
      true,
      false,
    ])
  })
})

describe('a row that a transaction inserts', () => {
  const transaction = (from: number, members: object) => ({
    ...{ type: 'ok', f: 'txn', value: [['r', 'rooms/1/room', 'a']] },
    statements: [
      ['SELECT room …', 1, from, from + 1],
      ['SELECT count(*) …', 0, from + 2, from + 3],
      ['INSERT …', 0, from + 4, from + 5],
    ],
    ...members,
  })
  const sensitive = (room: string) => ({ anyOf: [[['room', '=', [room]]]], isToLosses: true, isEmpty: false })
  const asks = (room: string) => ({ asked: [[1, 'bookings', sensitive(room)]] })
  const inserts = (room: string, endedAt: number) => ({ changed: [[2, 'bookings', null, { room }, endedAt]] })

  test('is read as null by one that had asked for it before the commit', () => {
    const one = transaction(0, { ...asks('a'), ...inserts('a', 10) })
    const other = transaction(4, { ...asks('a'), ...inserts('a', 20), locks: [['rooms/1', 1, 2]] })
    const first = 'bookings/(room="a")'
    expect(withPhantoms([{ chaos: 1 }, one, other])).toEqual([
      { chaos: 1 },
      {
        ...{ type: 'ok', f: 'txn' },
        value: [...one.value, ['r', `${first} 2/exists`, null], ['w', `${first}/exists`, true]],
        statements: [one.statements[0], ['SELECT count(*) …', 1, 2, 3], ['INSERT …', 1, 4, 5]],
        locks: [[first, 5, 10]],
      },
      {
        ...{ type: 'ok', f: 'txn' },
        value: [...other.value, ['r', `${first}/exists`, null], ['w', `${first} 2/exists`, true]],
        statements: [other.statements[0], ['SELECT count(*) …', 1, 6, 7], ['INSERT …', 1, 8, 9]],
        locks: [
          ['rooms/1', 1, 2],
          [`${first} 2`, 9, 20],
        ],
      },
    ])
  })

  test.each([
    ['the commit may have been seen', transaction(9, asks('a')), transaction(0, inserts('a', 10))],
    ['it asked for another row', transaction(0, asks('b')), transaction(0, inserts('a', 10))],
    ['the transaction failed', { ...transaction(0, asks('a')), type: 'fail' }, transaction(0, inserts('a', 10))],
    [
      'the inserting one may have failed',
      transaction(0, asks('a')),
      { ...transaction(0, inserts('a', 9)), type: 'info' },
    ],
  ])('is not if %s', (_, one, other) => {
    expect(withPhantoms([one, other])).toBeUndefined()
  })

  const moves = (before: object | null, after: object | null) => ({ changed: [[2, 'bookings', before, after, 10]] })
  const askedFor = (how: object) => transaction(0, { asked: [[1, 'bookings', { ...sensitive('a'), ...how }]] })
  test.each([
    ['is moved to where it was asked for', [{ room: 'b' }, { room: 'a' }], {}, true],
    ['may have been there before', [{}, { room: 'a' }], {}, undefined],
    ['may have been there before, but none was', [{}, { room: 'a' }], { isEmpty: true }, true],
    ['is moved from there', [{ room: 'a' }, { room: 'b' }], {}, false],
    [
      'is moved from there, and may not have changed the answer',
      [{ room: 'a' }, { room: 'b' }],
      { isToLosses: false },
      undefined,
    ],
    ['may still be there', [{ room: 'a' }, {}], {}, undefined],
    ['is deleted', [{ room: 'a' }, null], {}, false],
    ['is deleted, and may have been elsewhere', [{}, null], {}, undefined],
  ] as const)('which %s', (_, [before, after], how, comes) => {
    const found = withPhantoms([askedFor(how), transaction(0, moves(before, after))])
    if (comes === undefined) return expect(found).toBeUndefined()
    const text = JSON.stringify(found)
    const cell = 'bookings/(room=\\"a\\")/exists'
    expect(text).toContain(`["r","${cell}",${comes ? null : true}]`)
    expect(text).toContain(`["w","${cell}",${comes ? true : null}]`)
  })

  test('is known to make a condition untrue only by values that nothing takes for others', () => {
    const isNotTrue = (comparison: '=' | '<>' | '<' | 'is null', value: string | number, one: string | number | null) =>
      isNotTrueOf({ anyOf: [[['room', comparison, comparison === 'is null' ? [] : [value]]]] }, { room: one })
    expect(isNotTrue('=', 'queued', 'done')).toBe(true)
    expect(isNotTrue('=', 'queued', 'Queued')).toBe(false)
    expect(isNotTrue('=', '12:00', '12:00:00')).toBe(false)
    expect(isNotTrue('=', 1, 2)).toBe(true)
    expect(isNotTrue('=', 1, '1.0')).toBe(false)
    expect(isNotTrue('=', 1, null)).toBe(true)
    expect(isNotTrue('<>', 1, 1)).toBe(true)
    expect(isNotTrue('<', 1, 1)).toBe(true)
    expect(isNotTrue('<', 1, 0)).toBe(false)
    expect(isNotTrue('is null', 0, 0)).toBe(true)
    expect(isNotTrueOf({ anyOf: [[['room', '=', ['a']]]] }, {})).toBe(false)
    const either = [[['room', '=', ['a']]], [['room', '=', ['b']]]] as const
    expect(isNotTrueOf({ anyOf: either }, { room: 'b' })).toBe(false)
    expect(isNotTrueOf({ anyOf: either }, { room: 'c' })).toBe(true)
  })

  test('is no phantom to its own transaction', () => {
    expect(withPhantoms([transaction(0, { ...asks('a'), ...inserts('a', 10) })])).toBeUndefined()
  })
})
