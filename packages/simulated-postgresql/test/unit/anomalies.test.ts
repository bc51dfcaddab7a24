import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { ACCOUNTS, play, type Step } from '../schedules/play.ts'

// Schedules of sessions a, b and c, with the answers of PostgreSQL 15.

beforeAll(loadParser)

describe('FOR KEY SHARE', () => {
  test('FOR KEY SHARE conflicts with an update of other columns if the updater locked the row FOR UPDATE', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: select v from t where id = 1 for update', 'SELECT 1 10'],
      ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['b: select v from t where id = 1 for key share', 'waits'],
      ['c: begin isolation level repeatable read', 'BEGIN'],
      ['c: select v from t where id = 2', 'SELECT 1 20'],
      ['a: commit', 'COMMIT', { b: 'SELECT 1 11' }],
      ['c: select v from t where id = 1 for key share', 'error 40001'],
    ])
  })

  test('FOR KEY SHARE locks the row version in the snapshot if later updates did not change the key', () => {
    play([
      ['c: begin isolation level repeatable read', 'BEGIN'],
      ['c: select v from t where id = 2', 'SELECT 1 20'],
      ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['c: select v from t where id = 1 for key share', 'SELECT 1 10'],
    ])
  })
})

describe('ON CONFLICT', () => {
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

describe('a row that one transaction changed twice', () => {
  test.each(['nowait', 'skip locked'])(
    'FOR KEY SHARE waits for a row that one transaction updated and then deleted, even with %s',
    (policy) => {
      play([
        ['a: begin', 'BEGIN'],
        ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
        ['a: delete from t where id = 1', 'DELETE 1'],
        [`b: select v from t where id = 1 for key share ${policy}`, 'waits'],
        ['a: commit', 'COMMIT', { b: 'SELECT 0' }],
      ])
    },
  )

  test.each(['nowait', 'skip locked'])(
    'FOR KEY SHARE %s waits for a row that a transaction updated and then deleted by MERGE under a BEFORE trigger',
    (policy) => {
      play(
        [
          ['a: begin', 'BEGIN'],
          ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
          ['a: merge into t using (values (1)) as w (i) on t.id = w.i when matched then delete', 'MERGE'],
          [`b: select v from t where id = 1 for key share ${policy}`, 'waits'],
          ['a: commit', 'COMMIT', { b: 'SELECT 0' }],
        ],
        `${ACCOUNTS};
      create function keep() returns trigger language plpgsql as $$ begin return old; end $$;
      create trigger keep before delete on t for each row execute function keep()`,
      )
    },
  )

  test.each(['nowait', 'skip locked'])(
    'FOR KEY SHARE of an old row version waits for a lock on the new version, even with %s',
    (policy) => {
      play([
        ['b: begin isolation level repeatable read', 'BEGIN'],
        ['b: select v from t where id = 2', 'SELECT 1 20'],
        ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
        ['a: begin', 'BEGIN'],
        ['a: select v from t where id = 1 for update', 'SELECT 1 11'],
        [`b: select v from t where id = 1 for key share ${policy}`, 'waits'],
        ['a: rollback', 'ROLLBACK', { b: 'SELECT 1 10' }],
      ])
    },
  )
})

describe('a row lock acquired before an update of the row', () => {
  test('a row lock acquired before an update of the row makes a later key change wait, and then fail', () => {
    play([
      ['a: begin isolation level repeatable read', 'BEGIN'],
      ['a: select v from t where id = 2', 'SELECT 1 20'],
      ['b: begin', 'BEGIN'],
      ['b: select v from t where id = 1 for key share', 'SELECT 1 10'],
      ['c: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['a: update t set v = 12 where id = 1', 'error 40001'],
      ['a: rollback', 'ROLLBACK'],
      ['a: begin isolation level repeatable read', 'BEGIN'],
      ['a: select v from t where id = 2', 'SELECT 1 20'],
      ['c: update t set v = 12 where id = 1', 'UPDATE 1'],
      ['a: delete from t where id = 1', 'waits'],
      ['b: commit', 'COMMIT', { a: 'error 40001' }],
    ])
  })
})

describe('READ COMMITTED', () => {
  test('READ COMMITTED does not read uncommitted changes', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['b: select v from t where id = 1', 'SELECT 1 10'],
      ['a: rollback', 'ROLLBACK'],
    ])
  })

  test('READ COMMITTED reads the new value after another transaction has committed it', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: select v from t where id = 1', 'SELECT 1 10'],
      ['b: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['a: select v from t where id = 1', 'SELECT 1 11'],
    ])
  })

  test('READ COMMITTED allows a lost update between a read and a write', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['b: begin', 'BEGIN'],
      ['a: select v from t where id = 1', 'SELECT 1 10'],
      ['b: select v from t where id = 1', 'SELECT 1 10'],
      ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['b: update t set v = 12 where id = 1', 'waits'],
      ['a: commit', 'COMMIT', { b: 'UPDATE 1' }],
      ['b: commit', 'COMMIT'],
      ['a: select v from t where id = 1', 'SELECT 1 12'],
    ])
  })

  test('READ COMMITTED evaluates the condition and the new value again on the row that another transaction committed', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: update t set v = v + 5', 'UPDATE 2'],
      ['b: update t set v = v + 100 where v < 20 returning id, v', 'waits'],
      ['c: delete from t where v = 20', 'waits'],
      ['a: commit', 'COMMIT', { b: 'UPDATE 1 1,115', c: 'DELETE 0' }],
    ])
  })

  test('READ COMMITTED updates the original row after the transaction that deleted the row has rolled back', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: delete from t where id = 1', 'DELETE 1'],
      ['b: update t set v = v + 1 where id = 1 returning v', 'waits'],
      ['a: rollback', 'ROLLBACK', { b: 'UPDATE 1 11' }],
    ])
  })
})

describe('REPEATABLE READ', () => {
  const begin = 'begin isolation level repeatable read'

  test('REPEATABLE READ reads one snapshot, without phantoms', () => {
    play([
      [`a: ${begin}`, 'BEGIN'],
      ['a: select count(*), sum(v) from t', 'SELECT 1 2,30'],
      ['b: insert into t values (3, 30)', 'INSERT 0 1'],
      ['b: update t set v = 0 where id = 1', 'UPDATE 1'],
      ['a: select count(*), sum(v) from t', 'SELECT 1 2,30'],
    ])
  })

  test('REPEATABLE READ refuses to update a row that changed after the snapshot', () => {
    const sessions = play([
      [`a: ${begin}`, 'BEGIN'],
      [`b: ${begin}`, 'BEGIN'],
      ['a: select v from t where id = 1', 'SELECT 1 10'],
      ['b: select v from t where id = 1', 'SELECT 1 10'],
      ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['b: update t set v = 12 where id = 1', 'waits'],
      ['a: commit', 'COMMIT', { b: 'error 40001' }],
      ['b: select 1', 'error 25P02'],
      ['b: commit', 'ROLLBACK'],
    ])
    expect(sessions.message(1)).toContain('current transaction is aborted')
  })

  test('REPEATABLE READ refuses an upsert that conflicts with a row outside its snapshot', () => {
    play([
      [`a: ${begin}`, 'BEGIN'],
      ['a: select 1 from t', 'SELECT 2 1;1'],
      ['b: insert into t values (3, 30)', 'INSERT 0 1'],
      ['a: insert into t values (3, 1) on conflict (id) do update set v = 0', 'error 40001'],
    ])
  })

  test('allows write skew', () => {
    play([
      [`a: ${begin}`, 'BEGIN'],
      [`b: ${begin}`, 'BEGIN'],
      ['a: select sum(v) from t', 'SELECT 1 30'],
      ['b: select sum(v) from t', 'SELECT 1 30'],
      ['a: update t set v = v - 15 where id = 1', 'UPDATE 1'],
      ['b: update t set v = v - 15 where id = 2', 'UPDATE 1'],
      ['a: commit', 'COMMIT'],
      ['b: commit', 'COMMIT'],
    ])
  })
})

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
})

describe('the SIREAD lock of a serializable transaction', () => {
  const begin = 'begin isolation level serializable'
  const three = `${ACCOUNTS}; insert into t values (3, 30)`
  const commits: readonly Step[] = [
    ['a: commit', 'COMMIT'],
    ['b: update t set v = v * 2 where v >= 30', 'UPDATE 1'],
    ['b: commit', 'COMMIT'],
  ]

  test('a SIREAD lock covers single rows if the transaction wrote those rows or read one row twice', () => {
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

describe('row locks', () => {
  test('a row lock in a trigger fails immediately if the row was replaced after the snapshot', () => {
    play(
      [
        ['c: begin', 'BEGIN'],
        ['c: update t set v = 11 where id = 1', 'UPDATE 1'],
        ['a: begin', 'BEGIN'],
        ['a: update t set v = v * 2 where id = 1', 'waits'],
        ['b: begin isolation level repeatable read', 'BEGIN'],
        ['b: update t set v = 0 where id = 1', 'waits'],
        ['c: commit', 'COMMIT', { a: 'UPDATE 1', b: 'error 40001' }],
      ],
      `${ACCOUNTS};
      create function keep() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger keep before update on t for each row execute function keep()`,
    )
  })

  test('a row lock fails immediately if the row was replaced twice after the snapshot', () => {
    play([
      ['c: begin', 'BEGIN'],
      ['c: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['c: update t set v = 12 where id = 1', 'UPDATE 1'],
      ['a: begin', 'BEGIN'],
      ['a: select v from t where id = 1 for update', 'waits'],
      ['b: begin isolation level repeatable read', 'BEGIN'],
      ['b: select v from t where id = 1 for update', 'waits'],
      ['c: commit', 'COMMIT', { a: 'SELECT 1 12', b: 'error 40001' }],
    ])
  })

  test('row locks make other sessions wait, fail with NOWAIT, or skip the row with SKIP LOCKED', () => {
    const sessions = play([
      ['a: begin', 'BEGIN'],
      ['a: select id from t where id = 1 for update', 'SELECT 1 1'],
      ['b: select id from t for update nowait', 'error 55P03'],
      ['b: select id from t order by id limit 1 for update skip locked', 'SELECT 1 2'],
      ['b: select v from t where id = 1 for update', 'waits'],
      ['a: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['a: commit', 'COMMIT', { b: 'SELECT 1 11' }],
    ])
    expect(sessions.message(1)).toBe('could not obtain lock on row in relation "t"')
  })

  test('row locks of compatible strengths can be held by two sessions', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: select id from t where id = 1 for share', 'SELECT 1 1'],
      ['b: select id from t where id = 1 for share nowait', 'SELECT 1 1'],
      ['b: select id from t where id = 1 for no key update nowait', 'error 55P03'],
      ['a: rollback', 'ROLLBACK'],
      ['a: begin', 'BEGIN'],
      ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
      ['b: select id from t where id = 1 for key share nowait', 'SELECT 1 1'],
    ])
  })

  test('row locks are granted in the order of the requests', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: update t set v = v + 1 where id = 1', 'UPDATE 1'],
      ['b: update t set v = v * 2 where id = 1 returning v', 'waits'],
      ['c: update t set v = v + 100 where id = 1 returning v', 'waits'],
      ['a: commit', 'COMMIT', { b: 'UPDATE 1 22', c: 'UPDATE 1 122' }],
    ])
  })

  test('row locks are released by a rollback to an earlier savepoint', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: savepoint s', 'SAVEPOINT'],
      ['a: update t set v = 0 where id = 1', 'UPDATE 1'],
      ['b: update t set v = v + 1 where id = 1 returning v', 'waits'],
      ['a: rollback to s', 'ROLLBACK', { b: 'UPDATE 1 11' }],
    ])
  })

  test('a cycle of sessions that wait for row locks is a deadlock, and the last request fails', () => {
    const sessions = play([
      ['a: begin', 'BEGIN'],
      ['b: begin', 'BEGIN'],
      ['a: update t set v = 1 where id = 1', 'UPDATE 1'],
      ['b: update t set v = 2 where id = 2', 'UPDATE 1'],
      ['a: update t set v = 1 where id = 2', 'waits'],
      ['b: update t set v = 2 where id = 1', 'error 40P01', { a: 'UPDATE 1' }],
    ])
    expect(sessions.message(1)).toMatch(
      /^deadlock detected: Process \d+ waits for ShareLock on transaction \d+; blocked by process \d+\.\nProcess \d+ waits/,
    )
  })

  test('a statement waits for a row lock only until lock_timeout or statement_timeout', () => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: update t set v = 1 where id = 1', 'UPDATE 1'],
      ["b: set lock_timeout = '5ms'", 'SET'],
      ['b: update t set v = 2 where id = 1', 'error 55P03'],
      ['b: set lock_timeout = 0; ', 'SET'],
      ["b: set statement_timeout = '5ms'", 'SET'],
      ['b: update t set v = 2 where id = 1', 'error 57014'],
    ])
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
  test('a session-level advisory lock outlives a transaction, and a transaction-level advisory lock ends with it', () => {
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
