import { describe, expect, test } from 'vitest'
import { askedBy, isTrueOf } from '../../src/postgresql/asked-condition.ts'
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
    ["SELECT count(*) FROM bookings WHERE room = 'a'", [['room', '=', 'a']]],
    [
      "select id, room from bookings b where (b.room = 'a' and (b.first <= 5))",
      [
        ['room', '=', 'a'],
        ['first', '<=', 5],
      ],
    ],
    [
      "SELECT count(*)::int AS n FROM public.bookings WHERE 'a' = room AND 5 > first",
      [
        ['room', '=', 'a'],
        ['first', '<', 5],
      ],
    ],
    [
      'SELECT * FROM "bookings" WHERE is_paid AND NOT is_paid ORDER BY id FOR UPDATE',
      [
        ['is_paid', '=', true],
        ['is_paid', '=', false],
      ],
    ],
    ['SELECT 1 FROM bookings', []],
  ])('is %s', (sql, comparisons) => {
    expect(asked(sql)).toEqual({ table: 'bookings', isLimited: false, comparisons })
  })

  test('with a LIMIT, if it returns no row', () => {
    expect(asked("SELECT 1 FROM bookings WHERE room = 'a' LIMIT 1")).toMatchObject({ isLimited: true })
    expect(asked("SELECT 1 FROM bookings WHERE room = 'a' LIMIT 0")).toBeUndefined()
  })

  test.each([
    'SELECT max(first) FROM bookings',
    'SELECT count(first), room FROM bookings',
    'SELECT count(room) FROM bookings',
    'SELECT DISTINCT room FROM bookings',
    'SELECT room FROM bookings GROUP BY room',
    "SELECT EXISTS (SELECT 1 FROM bookings WHERE room = 'a')",
    "SELECT 1 FROM bookings WHERE room = 'a' OR first = 1",
    "SELECT 1 FROM bookings WHERE room = 'a' AND first <> 1",
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
    const comparisons = (value: string | number) => ({ comparisons: [['room', '=', value]] }) as const
    expect(isTrueOf(comparisons('12:00:00'), { room: '12:00:00' })).toBe(true)
    expect(isTrueOf(comparisons(5), { room: 5 })).toBe(true)
    for (const text of ['12:00:00.5', '1.005']) expect(isTrueOf(comparisons(text), { room: text })).toBe(false)
    expect(isTrueOf(comparisons('a'), {})).toBe(false)
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
  const asks = (room: string) => ({ asked: [[1, 'bookings', [['room', '=', room]]]] })
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
