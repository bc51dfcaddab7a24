import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { ACCOUNTS, play, type Step } from '../schedules/play.ts'

// Schedules of sessions a, b and c, with the answers of PostgreSQL 15.

beforeAll(loadParser)

const ROWS =
  'create table t (id int primary key, v int not null); insert into t select i, i * 10 from generate_series(1, 6) i'

describe('SERIALIZABLE', () => {
  const begin = 'begin isolation level serializable'

  test('SERIALIZABLE refuses write skew at the commit', () => {
    const sessions = play([
      [`a: ${begin}`, 'BEGIN'],
      [`b: ${begin}`, 'BEGIN'],
      ['a: select sum(v) from t', 'SELECT 1 30'],
      ['b: select sum(v) from t', 'SELECT 1 30'],
      ['a: update t set v = v - 15 where id = 1', 'UPDATE 1'],
      ['b: update t set v = v - 15 where id = 2', 'UPDATE 1'],
      ['a: commit', 'COMMIT'],
      ['b: commit', 'error 40001'],
      ['b: select 1', 'SELECT 1 1'],
    ])
    expect(sessions.message(1)).toBe(
      'could not serialize access due to read/write dependencies among transactions: ' +
        'Reason code: Canceled on identification as a pivot, during commit attempt.',
    )
  })

  test('SERIALIZABLE refuses a write that would make a committed read-only transaction unserializable', () => {
    play([
      [`a: ${begin}`, 'BEGIN'],
      ['a: select v from t where id = 2', 'SELECT 1 20'],
      ['a: select v from t where id = 1', 'SELECT 1 10'],
      [`b: ${begin}`, 'BEGIN'],
      ['b: update t set v = v + 20 where id = 2', 'UPDATE 1'],
      ['b: commit', 'COMMIT'],
      [`c: ${begin} read only`, 'BEGIN'],
      ['c: select id, v from t', 'SELECT 2 1,10;2,40'],
      ['c: commit', 'COMMIT'],
      ['a: update t set v = v - 11 where id = 1', 'error 40001'],
    ])
  })

  test('SERIALIZABLE allows concurrent transactions to commit if they change different rows of a large table', () => {
    const many =
      'create table t (id int primary key, v int not null); insert into t select n, 0 from generate_series(1, 400) n'
    play(
      [
        [`a: ${begin}`, 'BEGIN'],
        [`b: ${begin}`, 'BEGIN'],
        ['a: select v from t where id = 1', 'SELECT 1 0'],
        ['b: select v from t where id = 300', 'SELECT 1 0'],
        ['a: update t set v = 1 where id = 1', 'UPDATE 1'],
        ['b: update t set v = 1 where id = 300', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['b: commit', 'COMMIT'],
      ],
      many,
    )
  })

  test('the read by T1 in T1 → pivot → T3 fails if T1 is read-only and began after T3 committed', () => {
    play(
      [
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['c: begin isolation level serializable read only', 'BEGIN'],
        ['c: select v from t where id = 3', 'SELECT 1 30'],
        ['b: update t set v = 1 where id = 2', 'UPDATE 1'],
        ['b: commit', 'COMMIT'],
        ['c: select v from t where id = 2', 'error 40001'],
      ],
      ROWS,
    )
  })

  test('the read by T1 in T1 → pivot → T3 succeeds if T1 is read-only and began before T3 committed', () => {
    play(
      [
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: begin isolation level serializable read only', 'BEGIN'],
        ['c: select v from t where id = 3', 'SELECT 1 30'],
        ['a: commit', 'COMMIT'],
        ['b: update t set v = 1 where id = 2', 'UPDATE 1'],
        ['b: commit', 'COMMIT'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['c: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('the read by T1 in T1 → pivot → T3 fails if T1 is read-write, even if T1 began before T3 committed', () => {
    play(
      [
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 3', 'SELECT 1 30'],
        ['a: commit', 'COMMIT'],
        ['b: update t set v = 1 where id = 2', 'UPDATE 1'],
        ['b: commit', 'COMMIT'],
        ['c: select v from t where id = 2', 'error 40001'],
      ],
      ROWS,
    )
  })

  test('a read-only transaction may read a row replaced by a concurrent writer that has no conflict out', () => {
    play(
      [
        ['b: begin isolation level serializable', 'BEGIN'],
        ['c: begin isolation level serializable read only', 'BEGIN'],
        ['c: select v from t where id = 3', 'SELECT 1 30'],
        ['b: update t set v = 1 where id = 2', 'UPDATE 1'],
        ['b: commit', 'COMMIT'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['c: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('a row that a transaction wrote does not count towards the three rows for a SIREAD lock on a page', () => {
    play(
      [
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: select v from t where id = 1', 'SELECT 1 10'],
        ['a: select v from t where id = 2', 'SELECT 1 20'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: select v from t where id = 3', 'SELECT 1 30'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['b: update t set v = 0 where id = 5', 'UPDATE 1'],
        ['b: commit', 'COMMIT'],
        ['a: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('a serializable transaction that reads three rows from a page conflicts with a write of any row on the page', () => {
    play(
      [
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: select v from t where id = 1', 'SELECT 1 10'],
        ['a: select v from t where id = 2', 'SELECT 1 20'],
        ['a: select v from t where id = 3', 'SELECT 1 30'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['b: update t set v = 0 where id = 5', 'UPDATE 1'],
        ['b: commit', 'COMMIT'],
        ['a: commit', 'error 40001'],
      ],
      ROWS,
    )
  })

  test('an active pivot is marked as doomed, and fails at its commit', () => {
    play(
      [
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['b: update t set v = 1 where id = 2', 'UPDATE 1'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: commit', 'error 40001'],
        ['c: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('an active pivot is marked as doomed, and fails at its next read', () => {
    play(
      [
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['b: update t set v = 1 where id = 2', 'UPDATE 1'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: select v from t where id = 3', 'error 40001'],
        ['b: rollback', 'ROLLBACK'],
        ['c: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('an active pivot is marked as doomed, and fails at its next write', () => {
    play(
      [
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['b: update t set v = 1 where id = 2', 'UPDATE 1'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: update t set v = 1 where id = 3', 'error 40001'],
        ['b: rollback', 'ROLLBACK'],
        ['c: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('a serializable transaction fails if it becomes a pivot by reading a row that a committed transaction replaced', () => {
    play(
      [
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['b: select v from t where id = 1', 'error 40001'],
      ],
      ROWS,
    )
  })

  test('a reader may become the pivot in T1 → pivot → T3 if T1 committed before T3', () => {
    play(
      [
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: update t set v = 0 where id = 4', 'UPDATE 1'],
        ['c: commit', 'COMMIT'],
        ['a: commit', 'COMMIT'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['b: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('a reader that becomes the pivot in T1 → pivot → T3 fails if T1 committed after T3', () => {
    play(
      [
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: update t set v = 0 where id = 4', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['c: commit', 'COMMIT'],
        ['b: select v from t where id = 1', 'error 40001'],
      ],
      ROWS,
    )
  })

  test('a reader may become the pivot in T1 → pivot → T3 if T1 is read-only and began before T3 committed', () => {
    play(
      [
        ['c: begin isolation level serializable read only', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['b: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('a reader that becomes the pivot in T1 → pivot → T3 fails if T1 is read-only and began after T3 committed', () => {
    play(
      [
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['c: begin isolation level serializable read only', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: select v from t where id = 1', 'error 40001'],
      ],
      ROWS,
    )
  })

  test('a reader may become the pivot in T1 → pivot → T3 if T1 was rolled back', () => {
    play(
      [
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 2', 'SELECT 1 20'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['c: rollback', 'ROLLBACK'],
        ['b: select v from t where id = 1', 'SELECT 1 10'],
        ['b: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('SERIALIZABLE fails one of three transactions that form a cycle', () => {
    play(
      [
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: select v from t where id = 1', 'SELECT 1 10'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 2', 'SELECT 1 20'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: select v from t where id = 3', 'SELECT 1 30'],
        ['a: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['b: update t set v = 0 where id = 3', 'UPDATE 1'],
        ['c: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: commit', 'COMMIT'],
        ['b: commit', 'COMMIT'],
        ['a: commit', 'error 40001'],
      ],
      ROWS,
    )
  })

  test('SERIALIZABLE lets the pivot in T1 → pivot → T3 commit if T1 committed before T3', () => {
    play(
      [
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: select v from t where id = 1', 'SELECT 1 10'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 2', 'SELECT 1 20'],
        ['b: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['a: update t set v = 0 where id = 4', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['c: commit', 'COMMIT'],
        ['b: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('SERIALIZABLE lets all of T1 → pivot → T3 commit if T1 is read-only and began before T3 committed', () => {
    play(
      [
        ['a: begin isolation level serializable read only', 'BEGIN'],
        ['a: select v from t where id = 1', 'SELECT 1 10'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 2', 'SELECT 1 20'],
        ['b: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['c: commit', 'COMMIT'],
        ['b: commit', 'COMMIT'],
        ['a: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('SERIALIZABLE fails the pivot in T1 → pivot → T3 if T3 commits first', () => {
    play(
      [
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: select v from t where id = 1', 'SELECT 1 10'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 2', 'SELECT 1 20'],
        ['b: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['c: commit', 'COMMIT'],
        ['b: commit', 'error 40001'],
        ['a: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test('SERIALIZABLE lets the pivot and T3 in T1 → pivot → T3 commit if T1 was rolled back', () => {
    play(
      [
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: select v from t where id = 1', 'SELECT 1 10'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select v from t where id = 2', 'SELECT 1 20'],
        ['b: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['c: begin isolation level serializable', 'BEGIN'],
        ['c: update t set v = 0 where id = 2', 'UPDATE 1'],
        ['a: rollback', 'ROLLBACK'],
        ['c: commit', 'COMMIT'],
        ['b: commit', 'COMMIT'],
      ],
      ROWS,
    )
  })

  test.each([
    ['before', ['a: savepoint s', 'a: select v from t where id = 1']],
    ['after', ['a: select v from t where id = 1', 'a: savepoint s']],
  ] as const)(
    'the SIREAD lock on a row remains if ROLLBACK TO undoes a later write of the row (savepoint set %s the read)',
    (_, [first, second]) => {
      const answers: Readonly<Record<string, string>> = {
        'a: savepoint s': 'SAVEPOINT',
        'a: select v from t where id = 1': 'SELECT 1 10',
      }
      play(
        [
          ['a: begin isolation level serializable', 'BEGIN'],
          [first, answers[first]!],
          [second, answers[second]!],
          ['a: update t set v = 1 where id = 1', 'UPDATE 1'],
          ['a: rollback to s', 'ROLLBACK'],
          ['b: begin isolation level serializable', 'BEGIN'],
          ['b: select v from t where id = 2', 'SELECT 1 20'],
          ['b: update t set v = 5 where id = 1', 'UPDATE 1'],
          ['a: update t set v = 6 where id = 2', 'UPDATE 1'],
          ['a: commit', 'COMMIT'],
          ['b: commit', 'error 40001'],
        ],
        ROWS,
      )
    },
  )
})

describe('the SIREAD lock of a serializable transaction', () => {
  const begin = 'begin isolation level serializable'
  const three = `${ACCOUNTS}; insert into t values (3, 30)`
  const commits: readonly Step[] = [
    ['a: commit', 'COMMIT'],
    ['b: update t set v = v * 2 where v >= 30', 'UPDATE 1'],
    ['b: commit', 'COMMIT'],
  ]

  test('a SIREAD lock covers single rows if the transaction wrote these rows, or read one row repeatedly', () => {
    const starts: readonly Step[] = [
      [`a: ${begin}`, 'BEGIN'],
      [`b: ${begin}`, 'BEGIN'],
      ['b: select 1', 'SELECT 1 1'],
      ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
    ]
    const other: Step = ['a: select v from t where id = 2', 'SELECT 1 20']
    const own: Step = ['a: select v from t where id = 1', 'SELECT 1 11']
    play([...starts, own, own, own, ...commits], three)
    play([...starts, other, other, other, ...commits], three)
  })

  test('a SIREAD lock covers a page of the table after the transaction has read three rows', () => {
    play(
      [
        [`a: ${begin}`, 'BEGIN'],
        [`b: ${begin}`, 'BEGIN'],
        ['b: select 1', 'SELECT 1 1'],
        ['a: select v from t where id = 1', 'SELECT 1 10'],
        ['a: select v from t where id = 2', 'SELECT 1 20'],
        ['a: select v from t where id = 4', 'SELECT 1 40'],
        ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
        ['a: commit', 'COMMIT'],
        ['b: update t set v = v * 2 where v = 30', 'error 40001'],
      ],
      `${three}, (4, 40)`,
    )
  })

  test('a SIREAD lock covers one row version, and a transaction that writes a later version may commit', () => {
    play([
      [`a: ${begin}`, 'BEGIN'],
      ['a: select v from t where id = 1', 'SELECT 1 10'],
      ['c: update t set v = 11 where id = 1', 'UPDATE 1'],
      [`b: ${begin}`, 'BEGIN'],
      ['b: select v from t where id = 2', 'SELECT 1 20'],
      ['a: update t set v = 21 where id = 2', 'UPDATE 1'],
      ['a: commit', 'COMMIT'],
      ['b: update t set v = 12 where id = 1', 'UPDATE 1'],
      ['b: commit', 'COMMIT'],
    ])
  })
})

describe('a serializable transaction that is the victim of a conflict', () => {
  test('a serializable transaction that is the victim of a conflict fails at its next read, even of its own row', () => {
    play([
      ['a: begin isolation level serializable', 'BEGIN'],
      ['a: select sum(v) from t', 'SELECT 1 30'],
      ['b: begin isolation level serializable', 'BEGIN'],
      ['b: select sum(v) from t', 'SELECT 1 30'],
      ['b: insert into t values (3, 30)', 'INSERT 0 1'],
      ['a: insert into t values (4, 40)', 'INSERT 0 1'],
      ['a: commit', 'COMMIT'],
      ['b: select v from t where id = 3', 'error 40001'],
    ])
  })
})
