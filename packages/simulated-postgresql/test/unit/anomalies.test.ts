import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { play } from '../schedules/play.ts'

// Schedules of sessions a, b and c, with the answers of PostgreSQL 15.

beforeAll(loadParser)

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

  test('REPEATABLE READ allows write skew', () => {
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
  test('SERIALIZABLE ignores a write that a rollback to a savepoint has undone', () => {
    const begin = 'begin isolation level serializable'
    play([
      [`a: ${begin}`, 'BEGIN'],
      [`b: ${begin}`, 'BEGIN'],
      ['b: select v from t where id = 2', 'SELECT 1 20'],
      ['b: savepoint s', 'SAVEPOINT'],
      ['b: update t set v = 11 where id = 1', 'UPDATE 1'],
      ['b: rollback to s', 'ROLLBACK'],
      ['a: select v from t where id = 1', 'SELECT 1 10'],
      ['a: update t set v = 21 where id = 2', 'UPDATE 1'],
      ['a: commit', 'COMMIT'],
      ['b: commit', 'COMMIT'],
    ])
  })
})
