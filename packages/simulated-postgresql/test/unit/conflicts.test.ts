import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { ACCOUNTS, play } from '../schedules/play.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'

// Schedules of sessions a, b and c, with the answers of PostgreSQL 15.

beforeAll(loadParser)

const TABLES = 'create table t (id int); create table u (id int)'
const REFERRING =
  'create table p (id int primary key, n int); create table k (id int primary key, p int references p on delete cascade on update cascade, v int); insert into p values (1, 0), (2, 0); insert into k values (1, 1, 0), (2, 1, 0), (3, 2, 0)'

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

  test('a waiter passes all earlier waiters of a table lock if the first one makes it part of a deadlock', () => {
    const sessions = new SimulatedSessions(4)
    sessions.setUp(TABLES)
    const [a, b, c, d] = [0, 1, 2, 3] as const
    sessions.send(a, 'begin')
    sessions.send(a, 'lock table t in share update exclusive mode')
    sessions.send(b, 'begin')
    sessions.send(b, 'lock table u in access share mode')
    sessions.send(b, 'lock table t in share update exclusive mode')
    sessions.send(c, 'begin')
    sessions.send(c, 'lock table u in access exclusive mode')
    sessions.send(d, 'begin')
    sessions.send(d, 'lock table u in access exclusive mode')
    expect(sessions.send(a, 'lock table u in share update exclusive mode')).toEqual([
      ...['LOCK TABLE', 'waits', 'waits', 'waits'],
    ])
    expect(sessions.send(a, 'commit')).toEqual(['COMMIT', 'LOCK TABLE', 'waits', 'waits'])
    expect(sessions.send(b, 'commit')).toEqual(['-', 'COMMIT', 'LOCK TABLE', 'waits'])
    expect(sessions.send(c, 'commit')).toEqual(['-', '-', 'COMMIT', 'LOCK TABLE'])
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

  test('a session that holds a table lock gets a second lock on the table immediately, ahead of a waiting session', () => {
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

  test('a request for a table lock fails immediately if it makes two lock holders wait for each other', () => {
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

  test('a deferred foreign key is satisfied at COMMIT if another row has the key', () => {
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

  test('ON CONFLICT detects a conflict that arises on one unique index while the insert waits at another index', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ['a: update t set v = v + 1 where u = 20', 'UPDATE 1'],
        ['a: delete from t where u = 20', 'DELETE 1'],
        ['b: insert into t values (4, 7, 20) on conflict do nothing', 'waits'],
        ['a: insert into t values (4, 4, null)', 'INSERT 0 1'],
        ['a: commit', 'COMMIT', { b: 'INSERT 0 0' }],
      ],
      'create table t (id int primary key, v int not null, u int unique); insert into t values (2, 2, 20)',
    )
  })
})

describe('a unique key', () => {
  test('an insert waits for the transaction that inserted the same unique key', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: insert into t values (3, 1)', 'INSERT 0 1'],
      ['b: insert into t values (3, 2)', 'waits'],
      ['c: insert into t values (3, 3) on conflict (id) do update set v = t.v + excluded.v returning v', 'waits'],
      ['a: commit', 'COMMIT', { b: 'error 23505', c: 'INSERT 0 1 4' }],
    ])
  })

  test('a unique key is available again after the inserting transaction has rolled back', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: insert into t values (3, 1)', 'INSERT 0 1'],
      ['b: insert into t values (3, 2)', 'waits'],
      ['a: rollback', 'ROLLBACK', { b: 'INSERT 0 1' }],
    ])
  })
})

describe('bookings with an exclusion constraint', () => {
  const BOOKINGS =
    'create table b (id int primary key, during int4range, exclude using gist (during with &&)); ' +
    "insert into b values (1, '[0,2)')"

  test('a booking waits for an uncommitted overlapping change, and fails only if a booking still overlaps', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ["a: insert into b values (2, '[4,6)')", 'INSERT 0 1'],
        ["b: insert into b values (3, '[5,7)')", 'waits'],
        ["c: insert into b values (4, '[2,4)')", 'INSERT 0 1'],
        ['a: commit', 'COMMIT', { b: 'error 23P01' }],
        ['a: begin', 'BEGIN'],
        ['a: delete from b where id = 2', 'DELETE 1'],
        ["b: insert into b values (3, '[5,7)')", 'waits'],
        ['a: commit', 'COMMIT', { b: 'INSERT 0 1' }],
      ],
      BOOKINGS,
    )
  })

  test('two bookings that wait for each other deadlock, and one of them fails', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ["a: insert into b values (2, '[4,6)')", 'INSERT 0 1'],
        ['b: begin', 'BEGIN'],
        ["b: insert into b values (3, '[5,7)')", 'waits'],
        ["a: insert into b values (4, '[6,8)')", 'error 40P01', { b: 'INSERT 0 1' }],
      ],
      BOOKINGS,
    )
  })

  test('a booking with ON CONFLICT DO NOTHING waits only for uncommitted bookings', () => {
    play(
      [
        ["a: insert into b values (2, '[1,6)') on conflict do nothing", 'INSERT 0 0'],
        ['a: begin', 'BEGIN'],
        ["a: insert into b values (2, '[4,6)')", 'INSERT 0 1'],
        ["b: insert into b values (3, '[5,7)') on conflict do nothing", 'waits'],
        ['a: rollback', 'ROLLBACK', { b: 'INSERT 0 1' }],
      ],
      BOOKINGS,
    )
  })
})

describe('a deferred constraint that fails at COMMIT', () => {
  test('a deferred constraint that fails at COMMIT ends the transaction, and the next statement succeeds', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ['a: insert into u values (1)', 'INSERT 0 1'],
        ['a: commit', 'error 23505'],
        ['a: select count(*) from u', 'SELECT 1 1'],
      ],
      'create table u (id int unique deferrable initially deferred); insert into u values (1)',
    )
  })
})

describe('foreign keys', () => {
  const ORDERS = `${ACCOUNTS}; create table o (id int, t_id int references t (id))`

  test('ON DELETE CASCADE deletes rows outside the snapshot, without a serialization failure', () => {
    play(
      [
        ['a: begin isolation level serializable', 'BEGIN'],
        ['a: insert into o values (1, 2)', 'INSERT 0 1'],
        ['a: select sum(v) from t', 'SELECT 1 30'],
        ['b: begin isolation level serializable', 'BEGIN'],
        ['b: select 1', 'SELECT 1 1'],
        ['a: commit', 'COMMIT'],
        ['b: delete from t where id = 1', 'DELETE 1'],
        ['b: commit', 'COMMIT'],
      ],
      `${ACCOUNTS}; create table o (id int, t_id int references t (id) on delete cascade)`,
    )
  })

  test('a foreign key refuses a key change if the key has referring rows outside the snapshot', () => {
    play(
      [
        ['a: begin', 'BEGIN'],
        ['a: insert into o values (1, 2)', 'INSERT 0 1'],
        ['b: begin isolation level repeatable read', 'BEGIN'],
        ['b: update t set id = 4 where id = 2', 'waits'],
        ['a: commit', 'COMMIT', { b: 'error 23503' }],
      ],
      `${ACCOUNTS}; create table o (id int, t_id int references t (id) on delete cascade)`,
    )
  })

  test('a foreign key locks the referenced row against deletion, but not against updates of other columns', () => {
    const sessions = play(
      [
        ['a: begin', 'BEGIN'],
        ['a: insert into o values (1, 1)', 'INSERT 0 1'],
        ['b: update t set v = 0 where id = 1', 'UPDATE 1'],
        ['b: delete from t where id = 1', 'waits'],
        ['a: commit', 'COMMIT', { b: 'error 23503' }],
        ['b: insert into o values (2, 5)', 'error 23503'],
      ],
      ORDERS,
    )
    expect(sessions.message(1)).toBe(
      'insert or update on table "o" violates foreign key constraint "o_t_id_fkey": Key (t_id)=(5) is not present in table "t".',
    )
  })
})

describe('advisory locks', () => {
  test('a session-level advisory lock outlives a transaction, but a transaction-level lock ends with the transaction', () => {
    play([
      ['a: select pg_advisory_lock(1)', 'SELECT 1 '],
      ['b: select pg_try_advisory_lock(1)', 'SELECT 1 f'],
      ['b: select pg_advisory_lock(1)', 'waits'],
      ['a: select pg_advisory_unlock(1)', 'SELECT 1 t', { b: 'SELECT 1 ' }],
      ['a: begin', 'BEGIN'],
      ['a: select pg_advisory_xact_lock(2)', 'SELECT 1 '],
      ['b: select pg_try_advisory_xact_lock(2)', 'SELECT 1 f'],
      ['a: commit', 'COMMIT'],
      ['b: select pg_try_advisory_xact_lock(2)', 'SELECT 1 t'],
    ])
  })
})

describe('uncommitted schema changes', () => {
  test('uncommitted schema changes are invisible to other sessions, and are undone by a rollback', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: create table x (id serial primary key)', 'CREATE TABLE'],
      ['a: alter table t add column w int default 5', 'ALTER TABLE'],
      ['b: select * from x', 'error 42P01'],
      ['b: select count(*) from t', 'waits'],
      ['a: rollback', 'ROLLBACK', { b: 'SELECT 1 2' }],
      ['b: select w from t', 'error 42703'],
    ])
  })

  test('one of two sessions that create tables of the same name fails', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: create table if not exists x (id int)', 'CREATE TABLE'],
      ['b: create table if not exists x (id int)', 'waits'],
      ['a: commit', 'COMMIT', { b: 'error 23505' }],
    ])
  })
})
