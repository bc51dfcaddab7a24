import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

beforeAll(loadParser)

/** Returns what information_schema.columns returns for the default of a column. */
function printed(column: string): unknown {
  const answers = new SimulatedAnswers()
  answers.execute("create type mood as enum ('sad', 'ok'); create domain small as int; create sequence s")
  answers.execute(`create sequence "Q q"; create table t (c ${column})`)
  const answer = answers.answer("select column_default from information_schema.columns where table_name = 't'")
  return answer.kind === 'rows' ? answer.rows[0]?.[0] : answer.kind
}

// The texts are those of PostgreSQL 18.
test.each([
  ['int default 1', '1'],
  ['int default -1', "'-1'::integer"],
  ["int default '5'", '5'],
  ['bigint default 5', '5'],
  ['numeric default 1', '1'],
  ['numeric default 1.5', '1.5'],
  ['float8 default 1', '1'],
  ['float8 default 1.5', '1.5'],
  ['small default 5', '5'],
  ['bool default true', 'true'],
  ['bool default false', 'false'],
  ['int default null', null],
  ['text default null', null],
  ["text default ''", "''::text"],
  ["text default 'it''s'", "'it''s'::text"],
  ["text default 'a'::text", "'a'::text"],
  ["varchar(5) default 'a'", "'a'::character varying"],
  ["char(3) default 'a'", "'a'::bpchar"],
  ["date default '2024-01-01'", "'2024-01-01'::date"],
  ["int[] default '{}'", "'{}'::integer[]"],
  ["text[] default '{}'::text[]", "'{}'::text[]"],
  ["jsonb default '{}'", "'{}'::jsonb"],
  ["mood default 'ok'", "'ok'::mood"],
  ["mood default 'ok'::mood", "'ok'::mood"],
  ['date default current_date', 'CURRENT_DATE'],
  ['timestamptz default current_timestamp(3)', 'CURRENT_TIMESTAMP(3)'],
  ['timestamp default localtimestamp', 'LOCALTIMESTAMP'],
  ['text default current_user', 'CURRENT_USER'],
  ['timestamptz default now()', 'now()'],
  ['uuid default gen_random_uuid()', 'gen_random_uuid()'],
  ["int default nextval('s')", "nextval('s'::regclass)"],
  ["int default nextval('s'::regclass)", "nextval('s'::regclass)"],
  ['int default nextval(\'"Q q"\')', 'nextval(\'"Q q"\'::regclass)'],
])('the default of a column %s is printed as %s', (column, expected) => {
  expect(printed(column)).toBe(expected)
})

test.each([
  ...['int default 1 + 1', 'int default 5::int', 'text default 5::text', "text default upper('a')"],
  ...['int default abs(1)', 'text default lower(current_user)', "int default currval('s')", "interval default '1 day'"],
])('the text of the default of a column %s is refused', (column) => {
  expect(printed(column)).toBe('refused')
})
