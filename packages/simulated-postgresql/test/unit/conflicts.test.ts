import { beforeAll, describe, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { play } from '../schedules/play.ts'

// Schedules of sessions a, b and c, with the answers of PostgreSQL 15.

beforeAll(loadParser)

const ROWS =
  'create table t (id int primary key, v int not null); insert into t select i, i * 10 from generate_series(1, 6) i'
const TABLES = 'create table t (id int); create table u (id int)'
const REFERRING =
  'create table p (id int primary key, n int); create table k (id int primary key, p int references p on delete cascade on update cascade, v int); insert into p values (1, 0), (2, 0); insert into k values (1, 1, 0), (2, 1, 0), (3, 2, 0)'

describe('SERIALIZABLE', () => {
  test('a read-only reader of a row replaced by a pivot fails if it began after the last transaction committed', () => {
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

  test('a read-only transaction may read a row replaced by a pivot if it began before the last transaction committed', () => {
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

  test('a read-write reader of a row replaced by a pivot fails even if it began before the last transaction committed', () => {
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

  test('a row that a transaction has written does not count among the rows that it read from a page', () => {
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

  test('a reader may become a pivot if the first transaction committed before the last', () => {
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

  test('a reader that becomes a pivot fails if the first transaction committed after the last', () => {
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

  test('a reader may become a pivot if the first transaction is read-only and began before the last committed', () => {
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

  test('a reader that becomes a pivot fails if the first transaction is read-only and began after the last committed', () => {
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

  test('a reader may become a pivot if the first transaction was rolled back', () => {
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

  test('SERIALIZABLE lets the last of three transactions commit if the first has committed', () => {
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

  test('SERIALIZABLE lets the last of three transactions commit if the first is read-only', () => {
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

  test('SERIALIZABLE fails the pivot of three transactions if the last commits first', () => {
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

  test('SERIALIZABLE lets the other two transactions commit if the first of three was rolled back', () => {
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
    'the read of a row still counts if ROLLBACK TO undoes a later write of the row (savepoint set %s the read)',
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

describe('the queue of a table lock', () => {
  test('the queue of a table lock is reordered if only its order causes a deadlock', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ['a: lock table t in share update exclusive mode', 'LOCK TABLE'],
        ['b: begin', 'BEGIN'],
        ['b: lock table u in access share mode', 'LOCK TABLE'],
        ['b: lock table t in share update exclusive mode', 'waits'],
        ['c: begin', 'BEGIN'],
        ['c: lock table u in access exclusive mode', 'waits'],
        ['a: lock table u in share update exclusive mode', 'LOCK TABLE'],
        ['a: commit', 'COMMIT', { b: 'LOCK TABLE' }],
        ['b: commit', 'COMMIT', { c: 'LOCK TABLE' }],
        ['c: commit', 'COMMIT'],
      ],
      TABLES,
    )
  })

  test('a lock holder that must wait is queued ahead of a waiter that it blocks, even before any deadlock check', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ['a: lock table t in row share mode', 'LOCK TABLE'],
        ['c: begin', 'BEGIN'],
        ['c: lock table t in row exclusive mode', 'LOCK TABLE'],
        ['b: begin', 'BEGIN'],
        ['b: lock table t in exclusive mode', 'waits'],
        ['a: lock table t in share mode', 'waits'],
        ['c: commit', 'COMMIT', { a: 'LOCK TABLE' }],
        ['a: commit', 'COMMIT', { b: 'LOCK TABLE' }],
        ['b: commit', 'COMMIT'],
      ],
      TABLES,
      { deadlock_timeout: '1h' },
    )
  })

  test('a table lock is granted immediately to a holder that others wait for', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ['a: lock table t in row share mode', 'LOCK TABLE'],
        ['b: begin', 'BEGIN'],
        ['b: lock table t in exclusive mode', 'waits'],
        ['a: lock table t in share mode', 'LOCK TABLE'],
        ['c: begin', 'BEGIN'],
        ['c: lock table t in access share mode', 'LOCK TABLE'],
        ['a: commit', 'COMMIT', { b: 'LOCK TABLE' }],
        ['b: commit', 'COMMIT'],
        ['c: commit', 'COMMIT'],
      ],
      TABLES,
    )
  })

  test('a request for a table lock fails immediately if two holders wait for each other', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ['a: lock table t in row share mode', 'LOCK TABLE'],
        ['b: begin', 'BEGIN'],
        ['b: lock table t in row exclusive mode', 'LOCK TABLE'],
        ['b: lock table t in exclusive mode', 'waits'],
        ['a: lock table t in share mode', 'error 40P01', { b: 'LOCK TABLE' }],
        ['b: commit', 'COMMIT'],
        ['a: rollback', 'ROLLBACK'],
      ],
      TABLES,
    )
  })
})

describe('the action of a foreign key', () => {
  test('a foreign key action deletes a row that another session changed concurrently', () => {
    play(
      [
        ['b: begin', 'BEGIN'],
        ['b: update k set v = 1 where id = 1', 'UPDATE 1'],
        ['a: delete from p where id = 1', 'waits'],
        ['b: commit', 'COMMIT', { a: 'DELETE 1' }],
        ['c: select * from k order by id', 'SELECT 1 3,2,0'],
      ],
      REFERRING,
    )
  })

  test('a foreign key action keeps a row that another session changed to refer to another key', () => {
    play(
      [
        ['b: begin', 'BEGIN'],
        ['b: update k set p = 2 where id = 1', 'UPDATE 1'],
        ['a: delete from p where id = 1', 'waits'],
        ['b: commit', 'COMMIT', { a: 'DELETE 1' }],
        ['c: select * from k order by id', 'SELECT 2 1,2,0;3,2,0'],
      ],
      REFERRING,
    )
  })

  test('a foreign key action continues after another session deleted a row', () => {
    play(
      [
        ['b: begin', 'BEGIN'],
        ['b: delete from k where id = 1', 'DELETE 1'],
        ['a: delete from p where id = 1', 'waits'],
        ['b: commit', 'COMMIT', { a: 'DELETE 1' }],
        ['c: select * from k order by id', 'SELECT 1 3,2,0'],
      ],
      REFERRING,
    )
  })

  test('a foreign key action updates the newest version of a row', () => {
    play(
      [
        ['b: begin', 'BEGIN'],
        ['b: update k set v = 1 where id = 1', 'UPDATE 1'],
        ['a: update p set id = 9 where id = 1', 'waits'],
        ['b: commit', 'COMMIT', { a: 'UPDATE 1' }],
        ['c: select * from k order by id', 'SELECT 3 1,9,1;2,9,0;3,2,0'],
      ],
      REFERRING,
    )
  })

  test('a foreign key action fails at REPEATABLE READ if a row changed after the snapshot', () => {
    play(
      [
        ['a: begin isolation level repeatable read', 'BEGIN'],
        ['a: select 1', 'SELECT 1 1'],
        ['b: update k set v = 1 where id = 1', 'UPDATE 1'],
        ['a: delete from p where id = 1', 'error 40001'],
        ['a: rollback', 'ROLLBACK'],
      ],
      REFERRING,
    )
  })

  test('a foreign key action fails at REPEATABLE READ if a row changes during a wait', () => {
    play(
      [
        ['b: begin', 'BEGIN'],
        ['b: update k set v = 1 where id = 1', 'UPDATE 1'],
        ['a: begin isolation level repeatable read', 'BEGIN'],
        ['a: delete from p where id = 1', 'waits'],
        ['b: commit', 'COMMIT', { a: 'error 40001' }],
        ['a: rollback', 'ROLLBACK'],
      ],
      REFERRING,
    )
  })

  test('a deferred foreign key accepts at the commit another row with the key', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ['a: delete from p where id = 1', 'DELETE 1'],
        ['a: insert into p values (1)', 'INSERT 0 1'],
        ['a: commit', 'COMMIT'],
        ['a: begin', 'BEGIN'],
        ['a: delete from p where id = 1', 'DELETE 1'],
        ['a: commit', 'error 23503'],
        ['a: begin', 'BEGIN'],
        ['a: delete from p where id = 1', 'DELETE 1'],
        ['a: insert into p values (1)', 'INSERT 0 1'],
        ['a: delete from p where id = 1', 'DELETE 1'],
        ['a: delete from k', 'DELETE 1'],
        ['a: commit', 'COMMIT'],
      ],
      'create table p (id int primary key); create table k (p int references p deferrable initially deferred); insert into p values (1); insert into k values (1)',
    )
  })
})

describe('ON CONFLICT', () => {
  test('ON CONFLICT fails at REPEATABLE READ if the row changes during a wait', () => {
    play([
      ['b: begin', 'BEGIN'],
      ['b: update t set v = 1 where id = 1', 'UPDATE 1'],
      ['a: begin isolation level repeatable read', 'BEGIN'],
      ['a: insert into t values (1, 5) on conflict (id) do update set v = 6', 'waits'],
      ['b: commit', 'COMMIT', { a: 'error 40001' }],
      ['a: rollback', 'ROLLBACK'],
    ])
  })

  test('ON CONFLICT fails at REPEATABLE READ if the row is deleted during a wait', () => {
    play([
      ['b: begin', 'BEGIN'],
      ['b: delete from t where id = 1', 'DELETE 1'],
      ['a: begin isolation level repeatable read', 'BEGIN'],
      ['a: insert into t values (1, 5) on conflict (id) do update set v = 6', 'waits'],
      ['b: commit', 'COMMIT', { a: 'INSERT 0 1' }],
      ['a: rollback', 'ROLLBACK'],
    ])
  })

  test('ON CONFLICT inserts at READ COMMITTED if the row is deleted during a wait', () => {
    play([
      ['b: begin', 'BEGIN'],
      ['b: delete from t where id = 1', 'DELETE 1'],
      ['a: begin', 'BEGIN'],
      ['a: insert into t values (1, 5) on conflict (id) do update set v = 6 returning v', 'waits'],
      ['b: commit', 'COMMIT', { a: 'INSERT 0 1 5' }],
      ['a: commit', 'COMMIT'],
    ])
  })

  test('ON CONFLICT fails at REPEATABLE READ if the snapshot does not show the row', () => {
    play([
      ['a: begin isolation level repeatable read', 'BEGIN'],
      ['a: select v from t where id = 2', 'SELECT 1 20'],
      ['b: insert into t values (3, 0)', 'INSERT 0 1'],
      ['a: insert into t values (3, 5) on conflict (id) do update set v = 6', 'error 40001'],
      ['a: rollback', 'ROLLBACK'],
      ['a: begin isolation level repeatable read', 'BEGIN'],
      ['a: select v from t where id = 2', 'SELECT 1 20'],
      ['b: update t set v = 8 where id = 3', 'UPDATE 1'],
      ['a: insert into t values (3, 5) on conflict (id) do nothing', 'error 40001'],
      ['a: insert into t values (3, 5) on conflict (id) do update set v = 6', 'error 25P02'],
      ['a: rollback', 'ROLLBACK'],
    ])
  })
})

describe('row locks', () => {
  test('a lock on an old version of a row makes a conflicting request wait, and then the request fails', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: select v from t where id = 1 for key share', 'SELECT 1 10'],
      ['c: begin isolation level repeatable read', 'BEGIN'],
      ['c: select v from t where id = 2', 'SELECT 1 20'],
      ['b: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['c: select v from t where id = 1 for update', 'waits'],
      ['a: commit', 'COMMIT', { c: 'error 40001' }],
      ['c: rollback', 'ROLLBACK'],
    ])
  })

  test('a lock on an old row version fails a request immediately if the request is compatible or has NOWAIT', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: select v from t where id = 1 for key share', 'SELECT 1 10'],
      ['c: begin isolation level repeatable read', 'BEGIN'],
      ['c: select v from t where id = 2', 'SELECT 1 20'],
      ['b: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['c: select v from t where id = 1 for no key update', 'error 40001'],
      ['c: rollback', 'ROLLBACK'],
      ['c: begin isolation level repeatable read', 'BEGIN'],
      ['c: select v from t where id = 2', 'SELECT 1 20'],
      ['b: update t set v = 12 where id = 1', 'UPDATE 1'],
      ['c: select v from t where id = 1 for update nowait', 'error 55P03'],
      ['a: commit', 'COMMIT'],
      ['c: rollback', 'ROLLBACK'],
    ])
  })
})
