import { describe, expect, test } from 'vitest'
import { type AskedCondition, askedBy, foundBy, isTrueOf } from '../../src/postgresql/asked-condition.ts'
import { conditionOf } from '../../src/postgresql/condition.ts'
import { withPhantoms } from '../../src/postgresql/phantoms.ts'
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
  const condition = conditionOf(statementsOf(sql)?.[0] ?? [], tables)
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
    expect(asked(sql)).toEqual({ table: 'bookings', isLimited: false, tells: undefined, comparisons })
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
      expect(condition).toEqual({ table: 'bookings', isLimited: true, tells, comparisons })
      const found = (answer: string) => foundBy({ tells }, { returned: 1, rows: [[Buffer.from(answer)]] })
      const [yes, no] = tells === 'exists' ? [1, 0] : [0, 1]
      expect(['t', '\u0001', 'f', '\u0000', 'x'].map(found)).toEqual([yes, yes, no, no, undefined])
    }
    expect(foundBy({ tells: undefined }, { returned: 3, rows: [] })).toBe(3)
  })

  test.each([
    'SELECT max(first) FROM bookings',
    'SELECT count(first), room FROM bookings',
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
    "SELECT 1 FROM bookings WHERE room = 'a' OR first = 1",
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
    const comparisons = (value: string | number) => ({ comparisons: [['room', '=', [value]]] }) as const
    expect(isTrueOf(comparisons('12:00:00'), { room: '12:00:00' })).toBe(true)
    expect(isTrueOf(comparisons(5), { room: 5 })).toBe(true)
    for (const text of ['12:00:00.5', '1.005']) expect(isTrueOf(comparisons(text), { room: text })).toBe(false)
    expect(isTrueOf(comparisons('a'), {})).toBe(false)
  })

  test('is true of a row by all of its comparisons, for one value of each', () => {
    const isTrue = (comparisons: AskedCondition['comparisons'], first?: number | null) =>
      isTrueOf({ comparisons }, { room: 'a', ...(first === undefined ? {} : { first }) })
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
  const asks = (room: string) => ({ asked: [[1, 'bookings', [['room', '=', [room]]]]] })
  const inserts = (room: string, endedAt: number) => ({ inserted: [[2, 'bookings', { room }, endedAt]] })

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

  test('is no phantom to its own transaction', () => {
    expect(withPhantoms([transaction(0, { ...asks('a'), ...inserts('a', 10) })])).toBeUndefined()
  })
})
