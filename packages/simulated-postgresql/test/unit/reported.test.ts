import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

beforeAll(loadParser)

// This file tests what PostgreSQL reports about a statement besides rows and messages.

const TABLES = [
  'create table t (id int primary key, v text)',
  'create table u (id int, w text)',
  'create view vw as select id from t',
]

function session(): SimulatedAnswers {
  const answers = new SimulatedAnswers()
  for (const sql of TABLES) answers.execute(sql)
  return answers
}

test.each([
  ['select * from nothing', 15],
  ['select 1 from t, nothing', 18],
  ['select f(1)', 8],
  ['select 1 + nothing()', 12],
  ["select 1 + 'a'::text", 10],
  ["select 1 = 'x'::text", 10],
  ["select 'x'::int", 8],
  ["select 1 where 'x'", 16],
  ['insert into t (id, nothing) values (1, 2)', 20],
  ['insert into t (id, id) values (1, 2)', 20],
  ['insert into nothing values (1)', 13],
  ['update t set nothing = 1', 14],
  ['update nothing set a = 1', 8],
  ['delete from nothing', 13],
  ['select case when 1 then 2 end', 18],
  ['select (select id, v from t)', 8],
  ['select 1 in (select id, v from t)', 10],
  ['select (1, 2) = (1, 2, 3)', 15],
  ['select sum(id) over w from t', 21],
  ['select sum(sum(id)) from t', 12],
  ['select x from', 14],
  ['selec 1', 1],
  ["select 'a", 8],
  ['select 1 as é, , 2', 16],
  ['create table z (a nothing)', 19],
  ['alter table t add column x nothing', 28],
  ['select cast(1 as nothing)', 18],
  ["select '{1'::int[]", 8],
  ['select v[1] from t', 8],
  ['select * from unnest(1)', 15],
  ["select position('a' in 5)", 8],
  ['select not 5', 12],
  ['select 5 and true', 8],
  ["select -'a'::text", 8],
  ['insert into t values (1) on conflict (id) do update set nothing = 1', 57],
  ['select nullif(1, true)', 8],
  ['select 1 = any (2)', 10],
  ["select date 'nothing'", 13],
  ["select int '5x'", 12],
  ['select * from nothing.t', 15],
])('the error of the statement %s has the position %d', (sql, position) => {
  expect(() => session().execute(sql)).toThrow(
    expect.objectContaining({ fields: expect.objectContaining({ position }) }),
  )
})

test.each([
  ['select id, v from t', [1, 2]],
  ['select v as a, t.id from t', [2, 1]],
  ['select u.*, t.v from t, u', [1, 2, 2]],
  ['select id + 1, 5, upper(v) from t', [0, 0, 0]],
  ['select id from t union select id from u', [0]],
  ['select g from generate_series(1, 2) g', [0]],
  ['select id, count(*), max(v) from t group by id', [1, 0, 0]],
  ['select distinct v from t order by v limit 1', [2]],
  ['values (1)', [0]],
  ['insert into t values (1) returning v, id', [2, 1]],
  ['update t set id = 1 returning *', [1, 2]],
  ['delete from u returning w', [2]],
])('the reply to %s names the table columns from which its columns come', (sql, attributes) => {
  const outcome = session().execute(sql)
  if (outcome?.kind !== 'rows') throw new Error(sql)
  expect(outcome.columns.map(({ attribute }) => attribute)).toEqual(attributes)
  expect(outcome.columns.map(({ tableOid }) => tableOid > 0)).toEqual(attributes.map((attribute) => attribute > 0))
})

test.each([
  ['create table x (a int)', 'CREATE TABLE'],
  ['create table x as select 1 union select 2', 'SELECT 2'],
  ['create table x as select 1 with no data', 'CREATE TABLE AS'],
  ['create materialized view x as select 1', 'SELECT 1'],
  ['create materialized view x as select 1 with no data', 'CREATE MATERIALIZED VIEW'],
  ['create temp table x (a int)', 'CREATE TABLE'],
  ['create view x as select 1', 'CREATE VIEW'],
  ['create index on t (v)', 'CREATE INDEX'],
  ['create sequence x', 'CREATE SEQUENCE'],
  ["create type x as enum ('a')", 'CREATE TYPE'],
  ['create domain x as int', 'CREATE DOMAIN'],
  ['create schema x', 'CREATE SCHEMA'],
  ['alter table t add column x int', 'ALTER TABLE'],
  ['alter table u rename column w to x', 'ALTER TABLE'],
  ['drop table if exists x', 'DROP TABLE'],
  ['truncate t', 'TRUNCATE TABLE'],
  ['insert into t values (1), (2)', 'INSERT 0 2'],
  ['insert into t select 1 where false', 'INSERT 0 0'],
  ['update t set v = v', 'UPDATE 0'],
  ['delete from t', 'DELETE 0'],
  ['merge into t using u on t.id = u.id when matched then delete', 'MERGE 0'],
  ['prepare x as select 1', 'PREPARE'],
  ['begin', 'BEGIN'],
  ['start transaction', 'START TRANSACTION'],
  ["comment on table t is 'x'", 'COMMENT'],
  ['grant select on t to public', 'GRANT'],
  ['revoke select on t from public', 'REVOKE'],
  ['do $$ begin end $$', 'DO'],
  ['discard all', 'DISCARD ALL'],
  ['discard plans', 'DISCARD PLANS'],
  ['discard sequences', 'DISCARD SEQUENCES'],
  ['discard temp', 'DISCARD TEMP'],
  ['vacuum', 'VACUUM'],
  ['analyze t', 'ANALYZE'],
  ['set lock_timeout = 1', 'SET'],
  ['reset lock_timeout', 'RESET'],
  ['listen x', 'LISTEN'],
  ['notify x', 'NOTIFY'],
  ['unlisten *', 'UNLISTEN'],
])('the statement %s completes with the tag %s', (sql, tag) => {
  expect(session().execute(sql)).toMatchObject({ kind: 'done', tag })
})
