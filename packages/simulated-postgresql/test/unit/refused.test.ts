import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

beforeAll(loadParser)

const TABLES = [
  "create type mood as enum ('ok')",
  'create table t (id int primary key, v int)',
  'create function f() returns trigger language plpgsql as $$ begin return new; end $$',
  'create trigger o after update of v on t for each row execute function f()',
]
const UPDATE = 'when matched and t.v = 1 then update set v = 1'

test.each([
  ['select 1 operator(public.+) 2', 'the operator public.+'],
  ['select operator(public.-) 2', 'the operator public.-'],
  ['select 2662::regclass', 'the relation with OID 2662'],
  ["select 'pg_class_oid_index'::regclass", 'pg_class_oid_index'],
  ['select * from pg_class_oid_index', 'pg_class_oid_index'],
  ['select word from pg_get_keywords()', 'the function pg_get_keywords'],
  ["select s.size from pg_stat_file('a') s", 'the function pg_stat_file'],
  ['select (pg_timezone_names()).name', 'the function pg_timezone_names'],
  ['drop type mood[]', 'TypeName.arrayBounds'],
  ['comment on type mood[] is null', 'TypeName.arrayBounds'],
  ['grant select on t to public granted by postgres', 'GRANTED BY'],
  ['select 1 from t window w as (order by id)', 'the window w, which no function uses'],
  ['alter table t add exclude using gist (id int4_ops with =)', 'an operator class in EXCLUDE'],
  ['alter table t add exclude using brin (id with =)', 'EXCLUDE USING brin'],
  [
    `merge into t using t s on t.id = s.id ${UPDATE} ${UPDATE}`,
    'MERGE with several UPDATE actions on a table with an UPDATE OF trigger',
  ],
])('the statement "%s" is refused, because %s is not simulated', (sql, what) => {
  const answers = new SimulatedAnswers()
  for (const each of TABLES) answers.execute(each)
  expect(answers.answer(sql)).toEqual({ kind: 'refused', what })
})

test.each([
  `merge into t using t s on t.id = s.id ${UPDATE} when matched then delete`,
  `merge into t using t s on t.id = s.id when matched and t.v = 2 then delete ${UPDATE} when not matched then do nothing`,
])('a MERGE with one UPDATE action is executed on a table with an UPDATE OF trigger: %s', (sql) => {
  const answers = new SimulatedAnswers()
  for (const each of TABLES) answers.execute(each)
  expect(answers.answer(sql).kind).toBe('rows')
})
