import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

beforeAll(loadParser)

const TABLE = 'create table t (id int primary key, v int)'

function opened(count: number): SimulatedSessions {
  const sessions = new SimulatedSessions(count)
  sessions.setUp(`${TABLE}; insert into t values (1, 1)`)
  return sessions
}

test('xmax distinguishes a row that an upsert inserted from a row that the upsert updated', () => {
  const sessions = opened(1)
  const upsert = 'insert into t values (1, 5), (2, 5) on conflict (id) do update set v = excluded.v'
  expect(sessions.send(0, `${upsert} returning id, (xmax = 0) as created`)).toEqual(['INSERT 0 2 1,f;2,t'])
  expect(sessions.send(0, `${upsert} returning id, xmax::text <> '0'`)).toEqual(['INSERT 0 2 1,t;2,t'])
})

test('xmax is the id of the only transaction that locked the row, and a different number if two transactions locked it', () => {
  const sessions = opened(2)
  const isOwn = 'select xmax::text = (pg_current_xact_id()::text) from t'
  sessions.send(0, 'begin')
  for (const lock of ['key share', 'share']) {
    sessions.send(0, `select v from t for ${lock}`)
    expect(sessions.send(0, isOwn)[0]).toBe('SELECT 1 t')
  }
  sessions.send(1, 'begin')
  sessions.send(1, 'select v from t for share')
  expect([0, 1].map((each) => sessions.send(each, isOwn)[each])).toEqual(['SELECT 1 f', 'SELECT 1 f'])
})

test('an update with a condition on xmin succeeds only in the first of two concurrent sessions', () => {
  const sessions = opened(2)
  const [read = ''] = sessions.send(0, 'select xmin from t where id = 1')
  expect(sessions.send(1, 'select xmin from t where id = 1')).toEqual(['-', read])
  const xmin = read.split(' ').at(-1)
  const update = (v: number) => `update t set v = ${v} where id = 1 and xmin = '${xmin}' returning v, xmin = '${xmin}'`
  sessions.send(0, 'begin')
  expect(sessions.send(0, update(2))).toEqual(['UPDATE 1 2,f', '-'])
  expect(sessions.send(1, update(3))).toEqual(['-', 'waits'])
  expect(sessions.send(0, 'commit')).toEqual(['COMMIT', 'UPDATE 0'])
})

test('each version of a row has its own ctid', () => {
  const sessions = opened(1)
  const places = ['select ctid from t', 'update t set v = 2 returning ctid', 'select ctid from t']
  expect(places.map((sql) => sessions.send(0, sql)[0])).toEqual(['SELECT 1 (0,1)', 'UPDATE 1 (0,2)', 'SELECT 1 (0,2)'])
  sessions.send(0, 'insert into t values (2, 2), (3, 4)')
  const duplicates = 'delete from t a using t b where a.v = b.v and a.ctid > b.ctid returning a.id'
  expect(sessions.send(0, duplicates)).toEqual(['DELETE 1 2'])
})

test.each([
  ['select tableoid::regclass from t', 'SELECT 1 t'],
  ['select xmin from t, t as other', 'error 42702'],
  ['select xmin from (select * from t) as s', 'error 42703'],
  ['select (select other.xmin = t.xmin from t as other) from t', 'SELECT 1 t'],
  ['select id from t order by xmin', 'error 42883'],
  ['select count(*) from t group by xmin', 'SELECT 1 1'],
  ['select v, xmin = xmin from t group by id', 'SELECT 1 1,t'],
  [
    'with m as (merge into t using (values (1)) as s (x) on id = x when matched then delete returning xmax = 0, ctid) select * from m',
    'SELECT 1 f,(0,1)',
  ],
  ['select * from t', 'SELECT 1 1,1'],
  ['insert into t (id, xmin) values (5, 5)', 'error 0A000'],
  ['update t set ctid = null', 'error 0A000'],
  ['create table u (id int, xmin int)', 'error 42701'],
  ['alter table t add column ctid int', 'error 42701'],
])('a query of system columns returns the expected answer: %s', (sql, expected) => {
  expect(opened(1).send(0, sql)).toEqual([expected])
})

test.each(['select cmin from t', 'create index on t ((xmin::text))', 'alter table t add check (xmin is not null)'])(
  '%s is refused, because it uses a system column that is not simulated',
  (sql) => {
    const answers = new SimulatedAnswers()
    answers.execute(TABLE)
    expect(answers.answer(sql)).toEqual({ kind: 'refused', what: expect.stringContaining('system column') })
  },
)
