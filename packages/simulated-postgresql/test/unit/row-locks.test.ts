import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { ACCOUNTS, play } from '../schedules/play.ts'

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
    'FOR KEY SHARE %s waits for a row that was updated, and then deleted by MERGE with a BEFORE trigger',
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

describe('a cursor with FOR UPDATE', () => {
  test.each([
    ['fetch c', 'FETCH 1 1', 'UPDATE 1'],
    ['fetch next c', 'FETCH 1 1', 'UPDATE 1'],
    ['fetch relative 1 c', 'FETCH 1 1', 'UPDATE 1'],
    ['fetch absolute 1 c', 'FETCH 1 1', 'UPDATE 1'],
    ['move c', 'MOVE 1', 'UPDATE 1'],
    ['fetch 2 c', 'FETCH 2 1;2', 'waits'],
    ['fetch absolute 2 c', 'FETCH 1 2', 'waits'],
    ['fetch all c', 'FETCH 2 1;2', 'waits'],
  ])('a cursor with FOR UPDATE locks the rows up to the last one that it reaches: %s', (sql, answer, second) => {
    play([
      ['a: begin', 'BEGIN'],
      ['a: declare c cursor for select id from t order by id for update', 'DECLARE CURSOR'],
      [`a: ${sql}`, answer],
      ['b: update t set v = 11 where id = 1', 'waits'],
      ['c: update t set v = 21 where id = 2', second],
      ['a: rollback', 'ROLLBACK', { b: 'UPDATE 1', ...(second === 'waits' ? { c: 'UPDATE 1' } : {}) }],
    ])
  })
})
