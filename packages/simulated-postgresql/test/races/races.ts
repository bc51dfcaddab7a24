import { readFileSync } from 'node:fs'
import type { Sessions } from '../schedules/simulated-sessions.ts'

/**
 * Two sessions that migrate a database at the same time. The first one uses a transaction; the second one waits for its
 * end.
 */
interface Pair {
  readonly setUp?: string
  /** Statements of the second session before all others. */
  readonly before?: string | readonly string[]
  readonly first: string | readonly string[]
  readonly second?: string | readonly string[]
  /** Statements of a third session before the first transaction ends. */
  readonly during?: string | readonly string[]
  /** Statements of the second session after the first transaction ends, before the second session commits. */
  readonly after?: string | readonly string[]
  /** The query of a third session at the end. */
  readonly look?: string
}

const RELATIONS = 'select relname, relkind from pg_class where relnamespace = 2200'
const TYPES = "select typname from pg_type where typtype in ('e', 'd') and typname !~ '^_' and typnamespace = 2200"
const TABLE = 'create table t (id int primary key, v int); insert into t values (1, 1), (2, 2)'
const COLUMNS =
  "select column_name, data_type, is_nullable, column_default from information_schema.columns where table_name in ('t', 'x')"
const ATTRIBUTES =
  "select attname, atttypid::regtype, attnotnull, attnum, atthasdef from pg_attribute where attrelid = 't'::regclass and attnum > 0 and not attisdropped"
const TABLE_CONSTRAINTS =
  "select conname, contype, pg_get_constraintdef(oid) from pg_constraint where conrelid = 't'::regclass and contype <> 'n'"
const CONSTRAINT_NAMES = "select conname from pg_constraint where conrelid = 't'::regclass and contype <> 'n'"
const DESCRIPTIONS =
  "select description, objsubid, obj_description('t'::regclass, 'pg_class'), col_description('t'::regclass, 2) from pg_description where objoid = 't'::regclass"
const FLAGS =
  'select relname, relkind, relnatts, relchecks, relhastriggers, relhasindex, relrowsecurity, relispartition, oid::regclass from pg_class where relnamespace = 2200'
const LABELS = "select enumlabel, enumsortorder from pg_enum join pg_type t on t.oid = enumtypid where typname = 'e'"
const FAST_LOCKS = "select mode, fastpath from pg_locks where relation = 't'::regclass"
const COMPOSITE = 'create type x as (a int)'
const PARTITIONED = 'create table t (id int) partition by list (id); create table c (id int)'
const REFERRING = `${TABLE}; create table c (t_id int); insert into c values (1)`
const FUNCTION = (value: number) => `function f(a int) returns int language sql as 'select ${value}'`
const TRIGGER = `${TABLE}; create function g() returns trigger language plpgsql as 'begin new.v := new.v * 10; return new; end'`

const PAIRS: Readonly<Record<string, Pair>> = {
  'CREATE TABLE': { first: 'create table x (id int)', look: RELATIONS },
  'CREATE TABLE IF NOT EXISTS': { first: 'create table if not exists x (id int)', look: RELATIONS },
  'CREATE TABLE IF NOT EXISTS with a serial key': {
    first: 'create table if not exists x (id serial primary key, v text unique)',
    look: RELATIONS,
  },
  'CREATE TABLE IF NOT EXISTS with an identity': {
    first: 'create table if not exists x (id int generated always as identity primary key)',
    look: RELATIONS,
  },
  'CREATE TABLE AS': { first: 'create table x as select 1 as id', look: RELATIONS },
  'CREATE MATERIALIZED VIEW': { first: 'create materialized view x as select 1 as id', look: RELATIONS },
  'CREATE VIEW': { first: 'create view x as select 1 as id', look: RELATIONS },
  'CREATE INDEX': { setUp: TABLE, first: 'create index x on t (v)', look: RELATIONS },
  'CREATE INDEX without a name': { setUp: TABLE, first: 'create index on t (v)', look: RELATIONS },
  'CREATE INDEX IF NOT EXISTS': { setUp: TABLE, first: 'create index if not exists x on t (v)', look: RELATIONS },
  'CREATE UNIQUE INDEX IF NOT EXISTS': {
    setUp: TABLE,
    first: 'create unique index if not exists x on t (v)',
    look: RELATIONS,
  },
  'CREATE INDEX and INSERT': { setUp: TABLE, first: 'create index x on t (v)', second: 'insert into t values (3, 3)' },
  'CREATE SCHEMA': { first: 'create schema s', look: "select nspname from pg_namespace where nspname = 's'" },
  'CREATE SCHEMA IF NOT EXISTS': {
    first: 'create schema if not exists s',
    look: "select nspname from pg_namespace where nspname = 's'",
  },
  'CREATE SEQUENCE': { first: 'create sequence x', look: RELATIONS },
  'CREATE SEQUENCE IF NOT EXISTS': { first: 'create sequence if not exists x', look: RELATIONS },
  'CREATE TYPE': { first: "create type x as enum ('a')", look: TYPES },
  'CREATE DOMAIN': { first: 'create domain x as int check (value > 0)', look: TYPES },
  'CREATE TYPE and CREATE TABLE of its name': {
    first: "create type x as enum ('a')",
    second: 'create table x (id int)',
    look: TYPES,
  },
  'CREATE TYPE and a statement that uses it': { first: "create type x as enum ('a')", second: "select 'a'::x" },
  'CREATE TABLE and CREATE SEQUENCE of its name': {
    first: 'create table x (id int)',
    second: 'create sequence x',
    look: RELATIONS,
  },
  'CREATE INDEX and CREATE TABLE of its name': {
    setUp: TABLE,
    first: 'create index x on t (v)',
    second: 'create table if not exists x (id int)',
    look: RELATIONS,
  },
  'CREATE FUNCTION': { first: `create ${FUNCTION(1)}`, look: 'select f(0)' },
  'CREATE OR REPLACE FUNCTION that is new': {
    first: `create or replace ${FUNCTION(1)}`,
    second: `create or replace ${FUNCTION(2)}`,
    look: 'select f(0)',
  },
  'CREATE OR REPLACE FUNCTION': {
    setUp: `create ${FUNCTION(0)}`,
    first: `create or replace ${FUNCTION(1)}`,
    second: `create or replace ${FUNCTION(2)}`,
    look: 'select f(0)',
  },
  'CREATE OR REPLACE FUNCTION and a call': {
    setUp: `create ${FUNCTION(0)}`,
    first: `create or replace ${FUNCTION(1)}`,
    second: 'select f(0)',
    look: 'select f(0)',
  },
  'CREATE FUNCTION and a call': { first: `create ${FUNCTION(1)}`, second: 'select f(0)' },
  'CREATE TRIGGER': {
    setUp: TRIGGER,
    first: 'create trigger r before insert on t for each row execute function g()',
    look: 'insert into t values (4, 4) returning v',
  },
  'CREATE TRIGGER and INSERT': {
    setUp: TRIGGER,
    first: 'create trigger r before insert on t for each row execute function g()',
    second: 'insert into t values (3, 3)',
  },
  'CREATE TRIGGER and SELECT': {
    setUp: TRIGGER,
    first: 'create trigger r before insert on t for each row execute function g()',
    second: 'select * from t',
  },
  'CREATE EXTENSION': { first: 'create extension btree_gist', look: 'create extension btree_gist' },
  'CREATE EXTENSION IF NOT EXISTS': {
    first: 'create extension if not exists btree_gist',
    look: 'create extension btree_gist',
  },
  'CREATE ROLE': { first: 'create role x', look: "select rolname from pg_roles where rolname = 'x'" },
  'ADD COLUMN': { setUp: TABLE, first: 'alter table t add column w int default 7', look: 'select * from t' },
  'ADD COLUMN IF NOT EXISTS': {
    setUp: TABLE,
    first: 'alter table t add column if not exists w int default 7',
    look: 'select * from t',
  },
  'ADD COLUMN and SELECT': {
    setUp: TABLE,
    first: 'alter table t add column w int default 7',
    second: 'select * from t',
  },
  'ADD COLUMN and SELECT of it': {
    setUp: TABLE,
    first: 'alter table t add column w int default 7',
    second: 'select w from t',
  },
  'ADD COLUMN and INSERT': {
    setUp: TABLE,
    first: 'alter table t add column w int not null default 7',
    second: 'insert into t values (3, 3) returning *',
    look: 'select * from t',
  },
  'DROP COLUMN and SELECT of it': { setUp: TABLE, first: 'alter table t drop column v', second: 'select v from t' },
  'DROP COLUMN and UPDATE of it': {
    setUp: TABLE,
    first: 'alter table t drop column v',
    second: 'update t set v = 3 where id = 1',
    look: 'select * from t',
  },
  'DROP COLUMN IF EXISTS': {
    setUp: TABLE,
    first: 'alter table t drop column if exists v',
    look: 'select * from t',
  },
  'ALTER COLUMN TYPE and SELECT': {
    setUp: TABLE,
    first: "alter table t alter column v type text using v || '!'",
    second: 'select v from t',
  },
  'ALTER COLUMN TYPE and INSERT': {
    setUp: TABLE,
    first: 'alter table t alter column v type text',
    second: "insert into t values (3, 'c')",
    look: 'select * from t',
  },
  'SET NOT NULL and INSERT': {
    setUp: TABLE,
    first: 'alter table t alter column v set not null',
    second: 'insert into t values (3, null)',
    look: 'select * from t',
  },
  'RENAME COLUMN and SELECT of it': {
    setUp: TABLE,
    first: 'alter table t rename column v to w',
    second: 'select v from t',
  },
  'RENAME COLUMN and SELECT of its new name': {
    setUp: TABLE,
    first: 'alter table t rename column v to w',
    second: 'select w from t',
  },
  RENAME: { setUp: TABLE, first: 'alter table t rename to x', look: RELATIONS },
  'RENAME and SELECT': { setUp: TABLE, first: 'alter table t rename to x', second: 'select * from t' },
  'RENAME and SELECT of its new name': { setUp: TABLE, first: 'alter table t rename to x', second: 'select * from x' },
  'RENAME and CREATE TABLE of its name': {
    setUp: TABLE,
    first: 'alter table t rename to x',
    second: 'create table t (id int)',
    look: RELATIONS,
  },
  'RENAME and CREATE TABLE of its new name': {
    setUp: TABLE,
    first: 'alter table t rename to x',
    second: 'create table x (id int)',
    look: RELATIONS,
  },
  'RENAME of two tables to one name': {
    setUp: `${TABLE}; create table u (id int)`,
    first: 'alter table t rename to x',
    second: 'alter table u rename to x',
    look: RELATIONS,
  },
  'RENAME twice, so that the names change places': {
    setUp: `${TABLE}; create table u (id int)`,
    first: ['alter table t rename to x', 'alter table u rename to t'],
    second: 'select * from t',
    look: RELATIONS,
  },
  'RENAME of an index': {
    setUp: `${TABLE}; create index i on t (v)`,
    first: 'alter index i rename to x',
    second: 'create index x on t (v)',
    look: RELATIONS,
  },
  'DROP TABLE': { setUp: TABLE, first: 'drop table t', look: RELATIONS },
  'DROP TABLE IF EXISTS': { setUp: TABLE, first: 'drop table if exists t', look: RELATIONS },
  'DROP TABLE and SELECT': { setUp: TABLE, first: 'drop table t', second: 'select * from t' },
  'DROP TABLE and INSERT': { setUp: TABLE, first: 'drop table t', second: 'insert into t values (3, 3)' },
  'DROP TABLE and LOCK TABLE': { setUp: TABLE, first: 'drop table t', second: ['begin', 'lock table t in share mode'] },
  'DROP TABLE and TRUNCATE': { setUp: TABLE, first: 'drop table t', second: 'truncate t' },
  'DROP TABLE and ALTER TABLE': { setUp: TABLE, first: 'drop table t', second: 'alter table t add column w int' },
  'DROP TABLE and CREATE INDEX': { setUp: TABLE, first: 'drop table t', second: 'create index x on t (v)' },
  'DROP TABLE and RENAME': { setUp: TABLE, first: 'drop table t', second: 'alter table t rename to x' },
  'DROP TABLE and CREATE TABLE': {
    setUp: TABLE,
    first: 'drop table t',
    second: 'create table t (id int)',
    look: RELATIONS,
  },
  'DROP TABLE and CREATE TABLE IF NOT EXISTS': {
    setUp: TABLE,
    first: 'drop table t',
    second: 'create table if not exists t (id int)',
    look: RELATIONS,
  },
  'DROP TABLE and CREATE TABLE in one transaction, and SELECT': {
    setUp: TABLE,
    first: ['drop table t', 'create table t (w text)', "insert into t values ('new')"],
    second: 'select * from t',
  },
  'DROP TABLE and CREATE TABLE in one transaction, and INSERT': {
    setUp: TABLE,
    first: ['drop table t', 'create table t (id int, v int)'],
    second: 'insert into t values (3, 3)',
    look: 'select * from t',
  },
  'TRUNCATE and SELECT': { setUp: TABLE, first: 'truncate t', second: 'select * from t' },
  'DROP INDEX': { setUp: `${TABLE}; create index x on t (v)`, first: 'drop index x', look: RELATIONS },
  'DROP INDEX IF EXISTS': {
    setUp: `${TABLE}; create index x on t (v)`,
    first: 'drop index if exists x',
    look: RELATIONS,
  },
  'DROP INDEX and CREATE INDEX IF NOT EXISTS': {
    setUp: `${TABLE}; create index x on t (v)`,
    first: 'drop index x',
    second: 'create index if not exists x on t (v)',
    look: RELATIONS,
  },
  'DROP SEQUENCE': { setUp: 'create sequence x', first: 'drop sequence x', look: RELATIONS },
  'DROP SEQUENCE and nextval': { setUp: 'create sequence x', first: 'drop sequence x', second: "select nextval('x')" },
  'DROP SCHEMA': {
    setUp: 'create schema s',
    first: 'drop schema s',
    look: "select nspname from pg_namespace where nspname = 's'",
  },
  'DROP SCHEMA and CREATE TABLE in it': {
    setUp: 'create schema s',
    first: 'drop schema s',
    second: 'create table s.x (id int)',
    look: "select nspname from pg_namespace where nspname = 's'",
  },
  'CREATE TABLE in a schema and DROP SCHEMA': {
    setUp: 'create schema s',
    first: 'create table s.x (id int)',
    second: 'drop schema s',
    look: "select nspname from pg_namespace where nspname = 's'",
  },
  'DROP TYPE': { setUp: "create type x as enum ('a')", first: 'drop type x', look: TYPES },
  'DROP TYPE and CREATE TYPE': {
    setUp: "create type x as enum ('a')",
    first: 'drop type x',
    second: "create type x as enum ('b')",
    look: TYPES,
  },
  'DROP FUNCTION': {
    setUp: `create ${FUNCTION(0)}`,
    first: 'drop function f(int)',
    look: 'select f(0)',
  },
  'DROP FUNCTION and a call': { setUp: `create ${FUNCTION(0)}`, first: 'drop function f(int)', second: 'select f(0)' },
  'DROP TRIGGER': {
    setUp: `${TRIGGER}; create trigger r before insert on t for each row execute function g()`,
    first: 'drop trigger r on t',
    look: 'insert into t values (4, 4) returning v',
  },
  'ADD FOREIGN KEY': {
    setUp: REFERRING,
    first: 'alter table c add constraint k foreign key (t_id) references t (id)',
    look: 'insert into c values (99)',
  },
  'ADD FOREIGN KEY and INSERT into the referenced table': {
    setUp: REFERRING,
    first: 'alter table c add constraint k foreign key (t_id) references t (id)',
    second: 'insert into t values (3, 3)',
    look: 'select * from t',
  },
  'ADD FOREIGN KEY and UPDATE of the referenced table': {
    setUp: REFERRING,
    first: 'alter table c add constraint k foreign key (t_id) references t (id)',
    second: 'update t set v = 9 where id = 2',
    look: 'select * from t',
  },
  'ADD FOREIGN KEY and DELETE of a referenced row': {
    setUp: REFERRING,
    first: 'alter table c add constraint k foreign key (t_id) references t (id)',
    second: 'delete from t where id = 1',
    look: 'select * from t',
  },
  'DELETE of a row and ADD FOREIGN KEY': {
    setUp: REFERRING,
    first: 'delete from t where id = 1',
    second: 'alter table c add constraint k foreign key (t_id) references t (id)',
    look: 'select * from t',
  },
  'ADD FOREIGN KEY and SELECT of both': {
    setUp: REFERRING,
    first: 'alter table c add constraint k foreign key (t_id) references t (id)',
    second: 'select * from t, c',
  },
  'CREATE TABLE that refers and UPDATE of the referenced table': {
    setUp: TABLE,
    first: 'create table d (t_id int references t)',
    second: 'update t set v = 9 where id = 1',
    look: 'select * from t',
  },
  'DROP TABLE that refers and UPDATE of the referenced table': {
    setUp: `${TABLE}; create table d (t_id int references t)`,
    first: 'drop table d',
    second: 'update t set v = 9 where id = 1',
    look: 'select * from t',
  },
  'DROP CONSTRAINT and UPDATE of the referenced table': {
    setUp: `${TABLE}; create table d (t_id int constraint k references t)`,
    first: 'alter table d drop constraint k',
    second: 'select * from t',
    look: 'select * from t',
  },
  'ADD CHECK': {
    setUp: TABLE,
    first: 'alter table t add constraint k check (v > 0)',
    look: 'insert into t values (4, -1)',
  },
  'ADD UNIQUE': {
    setUp: TABLE,
    first: 'alter table t add constraint k unique (v)',
    look: RELATIONS,
  },
  'ADD VALUE': {
    setUp: "create type x as enum ('a')",
    first: "alter type x add value 'b'",
    look: 'select enumlabel from pg_enum',
  },
  'ADD VALUE IF NOT EXISTS': {
    setUp: "create type x as enum ('a')",
    first: "alter type x add value if not exists 'b'",
    look: 'select enumlabel from pg_enum',
  },
  'ADD VALUE and a statement that uses it': {
    setUp: "create type x as enum ('a')",
    first: "alter type x add value 'b'",
    second: "select 'b'::x",
  },
  'ADD VALUE, and DROP TYPE': {
    setUp: "create type x as enum ('a')",
    first: "alter type x add value 'b'",
    second: 'drop type x',
    look: TYPES,
  },
  GRANT: {
    setUp: `${TABLE}; create role x`,
    first: 'grant select on t to x',
    look: "select relname from pg_class where relname = 't'",
  },
  'ADD COLUMN and PREPARE': {
    setUp: TABLE,
    first: 'alter table t add column w int default 7',
    second: ['begin', 'prepare p as select * from t'],
    after: 'execute p',
  },
  'ADD COLUMN and EXECUTE of what was prepared before': {
    setUp: TABLE,
    before: 'prepare q as select * from t',
    first: 'alter table t add column w int default 7',
    second: 'execute q',
  },
  'DROP TABLE and EXECUTE of what was prepared before': {
    setUp: TABLE,
    before: 'prepare r as select * from t',
    first: 'drop table t',
    second: 'execute r',
  },
  'RENAME COLUMN and EXECUTE of an UPDATE that was prepared before': {
    setUp: TABLE,
    before: 'prepare u as update t set v = 3',
    first: 'alter table t rename column v to w',
    second: 'execute u',
    look: 'select * from t',
  },
  'DROP TABLE and a cursor': {
    setUp: TABLE,
    first: 'drop table t',
    second: ['begin', 'declare r cursor for select * from t'],
    after: 'fetch all from r',
  },
  'RENAME and a function that reads the table': {
    setUp: `${TABLE}; create function g() returns bigint language plpgsql as 'begin return (select count(*) from t); end'`,
    first: 'alter table t rename to x',
    second: 'select g()',
  },
  'DROP TABLE and a block that reads the table': {
    setUp: TABLE,
    first: 'drop table t',
    second: "do 'begin perform v from t; end'",
  },
  'DROP VIEW and SELECT': { setUp: 'create view x as select 1 as id', first: 'drop view x', second: 'select * from x' },
  'DROP TABLE CASCADE and SELECT of a view': {
    setUp: `${TABLE}; create view x as select v from t`,
    first: 'drop table t cascade',
    second: 'select * from x',
  },
  'RENAME and CREATE VIEW': {
    setUp: TABLE,
    first: 'alter table t rename to x',
    second: 'create view u as select v from t',
  },
  'REFRESH MATERIALIZED VIEW': {
    setUp: `${TABLE}; create materialized view x as select v from t`,
    first: ['insert into t values (3, 3)', 'refresh materialized view x'],
    second: 'refresh materialized view x',
    look: 'select * from x',
  },
  'REFRESH MATERIALIZED VIEW and SELECT': {
    setUp: `${TABLE}; create materialized view x as select v from t`,
    first: ['insert into t values (3, 3)', 'refresh materialized view x'],
    second: 'select * from x',
  },
  'SELECT and DROP TABLE': { setUp: TABLE, first: 'select * from t', second: 'drop table t', look: RELATIONS },
  'INSERT and ADD COLUMN': {
    setUp: TABLE,
    first: 'insert into t values (3, 3)',
    second: 'alter table t add column w int not null default 7',
    look: 'select * from t',
  },
  'INSERT and SET NOT NULL': {
    setUp: TABLE,
    first: 'insert into t values (3, null)',
    second: 'alter table t alter column v set not null',
    look: 'select * from t',
  },
  'INSERT and CREATE UNIQUE INDEX': {
    setUp: TABLE,
    first: 'insert into t values (3, 1)',
    second: 'create unique index x on t (v)',
    look: RELATIONS,
  },
  'INSERT and ADD FOREIGN KEY': {
    setUp: REFERRING,
    first: 'insert into c values (99)',
    second: 'alter table c add constraint k foreign key (t_id) references t (id)',
    look: 'select * from c',
  },
  'INSERT and TRUNCATE': {
    setUp: TABLE,
    first: 'insert into t values (3, 3)',
    second: 'truncate t',
    look: 'select * from t',
  },
  'INSERT into a table of migrations': {
    setUp: 'create table m (version int primary key)',
    first: 'insert into m values (1)',
    look: 'select * from m',
  },
  'INSERT into a table of migrations, ON CONFLICT DO NOTHING': {
    setUp: 'create table m (version int primary key)',
    first: 'insert into m values (1) on conflict do nothing',
    look: 'select * from m',
  },
  'LOCK TABLE before a migration': {
    setUp: 'create table m (version int)',
    first: ['lock table m in access exclusive mode', 'create table x (id int)', 'insert into m values (1)'],
    second: ['begin', 'lock table m in access exclusive mode'],
    after: 'select * from m',
    look: RELATIONS,
  },
  'an advisory lock before a migration': {
    first: ['select pg_advisory_xact_lock(1)', 'create table x (id int)'],
    second: ['begin', 'select pg_advisory_xact_lock(1)'],
    after: 'create table if not exists x (id int)',
    look: RELATIONS,
  },
  'advisory locks, as pg_locks and pg_stat_activity show them': {
    first: ['select pg_advisory_xact_lock(-7)', 'select pg_advisory_xact_lock_shared(1, 2)'],
    second: 'select pg_advisory_xact_lock(-7)',
    during: [
      "select classid, objid, objsubid, mode, granted, waitstart is null, database = (select oid from pg_database where datname = 'postgres') from pg_locks where locktype = 'advisory'",
      "select a.state, wait_event_type, wait_event, a.query, count(*), xact_start is null, backend_type, datname, usename, usesysid, query_start >= backend_start, state_change >= xact_start from pg_stat_activity a join pg_locks l using (pid) where locktype = 'advisory' and objid = 4294967289 group by a.pid, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12",
      'select query from pg_stat_activity where pid = any (select unnest(pg_blocking_pids(pid)) from pg_locks where not granted)',
      'select pg_blocking_pids(pg_backend_pid())::text, pg_blocking_pids(1)::text',
      'select state, query, wait_event is null, xact_start is null, backend_xid from pg_stat_activity where pid = pg_backend_pid()',
    ],
    look: "select mode, state from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory'",
  },
  'updates of a row, as pg_locks and pg_stat_activity show them': {
    setUp: TABLE,
    first: ['update t set v = 5 where id = 1', 'savepoint a', 'update t set v = 6 where id = 1'],
    second: 'update t set v = v + 1 where id = 1',
    during: [
      "select locktype, relation::regclass, page, tuple, mode, granted, objid, classid from pg_locks where relation = 't'::regclass or locktype = 'transactionid'",
      "select count(*), count(distinct virtualxid), count(distinct virtualtransaction) from pg_locks join pg_stat_activity using (pid) where locktype = 'virtualxid' and query like 'update%'",
      "select state, wait_event, query, backend_xid is null, xact_start is null, cardinality(pg_blocking_pids(pid)) from pg_stat_activity where query like 'update%'",
      'select count(*) from pg_stat_activity a join pg_locks l on l.transactionid = a.backend_xid where l.pid <> a.pid and not granted',
    ],
    look: "select state, wait_event, query, xact_start is null from pg_stat_activity where query ~ '^(update|commit|rollback)'",
  },
  'FOR UPDATE and a lock of the table, as pg_locks and pg_stat_activity show them': {
    setUp: TABLE,
    first: ['select v from t where id = 1 for update', 'select v from t where id = 2 for share'],
    second: ['begin', 'lock table t in share mode'],
    during: [
      "select relation::regclass, page, mode, granted from pg_locks where relation = 't'::regclass",
      "select mode, fastpath from pg_locks where relation = 't'::regclass or pid = pg_backend_pid() and locktype = 'virtualxid'",
    ],
    look: "select count(*) from pg_locks where relation = 't'::regclass",
  },
  'TRUNCATE and ALTER INDEX RENAME': {
    setUp: `${TABLE}; create index i on t (v)`,
    first: 'truncate t',
    second: 'alter index i rename to j',
    look: RELATIONS,
  },
  'DROP TABLE and ALTER INDEX RENAME': {
    setUp: `${TABLE}; create index i on t (v)`,
    first: 'drop table t',
    second: 'alter index i rename to j',
    look: RELATIONS,
  },
  'nextval after a savepoint that is rolled back, and DROP SEQUENCE': {
    setUp: 'create sequence s',
    first: ['savepoint a', "select nextval('s')", 'rollback to a'],
    second: 'drop sequence s',
    look: RELATIONS,
  },
  'ADD FOREIGN KEY, which locks no row': {
    setUp: REFERRING,
    first: 'alter table c add constraint k foreign key (t_id) references t',
    second: 'select id, xmax = 0 from t',
    look: 'select id, xmax = 0 from t',
  },
  'ADD FOREIGN KEY DEFERRABLE INITIALLY DEFERRED over a row that it does not allow': {
    setUp: `${REFERRING}; insert into c values (7)`,
    first: 'alter table c add constraint k foreign key (t_id) references t deferrable initially deferred',
    second: 'select * from c',
    look: CONSTRAINT_NAMES,
  },
  'fast locks, as pg_locks shows them': {
    setUp: TABLE,
    before: ['begin isolation level repeatable read', 'update t set v = 5 where id = 1'],
    first: ['select count(*) from t', 'lock table t in share mode nowait', 'rollback', 'begin', 'select v from t'],
    second: [FAST_LOCKS, 'select v from t where id = 2', FAST_LOCKS],
    during: ['begin', 'lock table t in share update exclusive mode nowait', 'select v from t', FAST_LOCKS, 'commit'],
    look: FAST_LOCKS,
  },
  'snapshots, as pg_stat_activity shows them': {
    setUp: TABLE,
    before: ['begin isolation level repeatable read', 'select count(*) from t where v < 9'],
    first: ['update t set v = 6 where id = 1', 'select count(*) from t where v < 10'],
    second: 'update t set v = 5 where id = 1',
    during: [
      "select query, state, backend_xmin is null, backend_xmin::text = (select min(backend_xid::text::int)::text from pg_stat_activity) from pg_stat_activity where query ~ 't set|t where'",
      'select backend_xmin::text = (select min(backend_xid::text::int)::text from pg_stat_activity) from pg_stat_activity where pid = pg_backend_pid()',
    ],
  },
  'FOR UPDATE in a cursor, row by row': {
    setUp: `${TABLE}; insert into t values (3, 3), (4, 4)`,
    first: [
      'declare c cursor for select id, v from t order by id for update',
      'fetch c',
      'fetch prior from c',
      'rollback',
      'begin',
      'declare c cursor for select id, v from t order by id for update',
      'fetch 2 from c',
      'update t set v = 20 where id = 2',
    ],
    second: ['update t set v = 30 where id = 3', 'delete from t where id = 4', 'update t set v = v + 1 where id = 2'],
    during: 'select id from t order by id for update skip locked',
    look: 'select * from t',
  },
  'FOR UPDATE in a cursor whose rows change before they are fetched': {
    setUp: `${TABLE}; insert into t values (3, 3), (4, 4), (5, 5)`,
    before: ['begin', 'declare c cursor for select id, v from t where v < 9 order by id for update', 'fetch c'],
    first: ['update t set v = 20 where id = 3', 'update t set v = 7 where id = 2', 'delete from t where id = 4'],
    second: ['begin', 'fetch all from c'],
    after: ['fetch c', 'declare d scroll cursor for select 1 from t for update'],
    look: 'select * from t',
  },
  'a failed transaction, as pg_stat_activity shows it': {
    setUp: TABLE,
    first: ['update t set v = 5', 'select 1 / 0'],
    second: 'update t set v = 6',
    during: "select state, xact_start is null, backend_xid, query from pg_stat_activity where query like 'select 1 %'",
  },
  'pg_stat_activity in a transaction that looked before': {
    setUp: TABLE,
    before: ['begin', "select state, count(*) from pg_stat_activity where query ~ '^(update|select state)' group by 1"],
    first: 'update t set v = 5',
    second: [
      "select state, count(*) from pg_stat_activity where query ~ '^(update|select state)' group by 1",
      'commit',
      "select state, count(*) from pg_stat_activity where query ~ '^(update|select state)' group by 1",
    ],
  },
  pg_cancel_backend: {
    setUp: TABLE,
    first: 'update t set v = 5 where id = 1',
    second: 'update t set v = v + 1 where id = 1',
    during: [
      "select pg_cancel_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'",
      'select pg_cancel_backend(1)',
    ],
    look: 'select * from t',
  },
  'ADD COLUMN, as the catalogue shows it': {
    setUp: TABLE,
    first: ["alter table t add column w text not null default 'a'", COLUMNS],
    second: [COLUMNS, ATTRIBUTES, FLAGS],
    look: COLUMNS,
  },
  'DROP COLUMN, as the catalogue shows it': {
    setUp: TABLE,
    first: ['alter table t drop column v', COLUMNS],
    second: [COLUMNS, ATTRIBUTES],
    look: ATTRIBUTES,
  },
  'RENAME COLUMN, as the catalogue shows it': {
    setUp: TABLE,
    first: ['alter table t rename column v to w', ATTRIBUTES],
    second: [COLUMNS, ATTRIBUTES],
    look: COLUMNS,
  },
  'ALTER COLUMN, as the catalogue shows it': {
    setUp: TABLE,
    first: [
      'alter table t alter column v type text',
      "alter table t alter column v set default 'x'",
      'alter table t alter column v set not null',
      COLUMNS,
    ],
    second: [COLUMNS, ATTRIBUTES],
    look: COLUMNS,
  },
  'RENAME, as the catalogue shows it': {
    setUp: TABLE,
    first: ['alter table t rename to x', 'alter index t_pkey rename to y', FLAGS],
    second: [
      FLAGS,
      COLUMNS,
      "select indexrelid::regclass, indrelid::regclass from pg_index where indrelid = 't'::regclass",
    ],
    look: FLAGS,
  },
  'RENAME INDEX, as the catalogue shows it': {
    setUp: TABLE,
    first: 'alter index t_pkey rename to y',
    second: [FLAGS, "select indexname, indexdef from pg_indexes where tablename = 't'", TABLE_CONSTRAINTS],
    look: "select indexname from pg_indexes where tablename = 't'",
  },
  'constraints, as the catalogue shows them': {
    setUp: `${TABLE}; create table c (id int primary key)`,
    first: [
      'alter table t add constraint k check (v > 0)',
      'alter table t add constraint f foreign key (v) references t',
      'alter table t add constraint q unique (v)',
      TABLE_CONSTRAINTS,
    ],
    second: [
      TABLE_CONSTRAINTS,
      FLAGS,
      "select constraint_name from information_schema.table_constraints where table_name = 't' and constraint_name !~ 'not_null'",
    ],
    look: FLAGS,
  },
  'DROP CONSTRAINT, as the catalogue shows it': {
    setUp: `${TABLE}; alter table t add constraint k check (v > 0), add constraint q unique (v)`,
    first: ['alter table t drop constraint k', 'alter table t drop constraint q', CONSTRAINT_NAMES],
    second: [CONSTRAINT_NAMES, FLAGS],
    look: CONSTRAINT_NAMES,
  },
  'CREATE INDEX by both, as the catalogue shows it': {
    setUp: TABLE,
    first: ['create index i on t (v)', "select indexname from pg_indexes where tablename = 't'"],
    second: ['begin', 'create index j on t (v)', "select indexname from pg_indexes where tablename = 't'"],
    during: [FLAGS, "select indexname from pg_indexes where tablename = 't'"],
    after: FLAGS,
    look: "select indexname from pg_indexes where tablename = 't'",
  },
  'COMMENT, as the catalogue shows it': {
    setUp: `${TABLE}; comment on column t.v is 'old'`,
    first: ["comment on table t is 'one'", "comment on column t.v is 'new'", DESCRIPTIONS],
    second: DESCRIPTIONS,
    look: DESCRIPTIONS,
  },
  'COMMENT IS NULL, as the catalogue shows it': {
    setUp: `${TABLE}; comment on column t.v is 'old'`,
    first: 'comment on column t.v is null',
    second: DESCRIPTIONS,
    look: DESCRIPTIONS,
  },
  'ADD VALUE, as the catalogue shows it': {
    setUp: "create type e as enum ('a', 'c')",
    first: ["alter type e add value 'd'", LABELS],
    second: LABELS,
    look: LABELS,
  },
  'row security and a trigger, as the catalogue shows them': {
    setUp: TRIGGER,
    first: [
      'alter table t enable row level security',
      'create trigger r before insert on t for each row execute function g()',
      FLAGS,
    ],
    second: [FLAGS, 'select policyname from pg_policies'],
    look: FLAGS,
  },
  'ATTACH PARTITION, as the catalogue shows it': {
    setUp: PARTITIONED,
    first: ['alter table t attach partition c for values in (1)', FLAGS],
    second: [FLAGS, "select inhrelid::regclass from pg_inherits where inhparent = 't'::regclass"],
    look: FLAGS,
  },
  'changes that a savepoint undoes, as the catalogue shows them': {
    setUp: TABLE,
    first: [
      'alter table t add column w int',
      'savepoint a',
      'alter table t rename column w to z',
      "comment on table t is 'one'",
      'rollback to a',
      COLUMNS,
    ],
    second: [COLUMNS, DESCRIPTIONS],
    look: COLUMNS,
  },
  'a table that two change after each other, as the catalogue shows it': {
    setUp: TABLE,
    first: ['savepoint a', 'alter table t add column w int', 'rollback to a'],
    second: ['begin', 'alter table t add column y int', COLUMNS],
    during: COLUMNS,
    after: COLUMNS,
    look: COLUMNS,
  },
  'CREATE TYPE AS': { first: COMPOSITE, look: "select '(1)'::x" },
  'CREATE TYPE AS and CREATE TABLE of its name': { first: COMPOSITE, second: 'create table x (id int)' },
  'ADD ATTRIBUTE': {
    setUp: COMPOSITE,
    first: 'alter type x add attribute b int',
    look: "select '(1,2)'::x",
  },
  'ADD ATTRIBUTE and DROP TYPE': {
    setUp: COMPOSITE,
    first: 'alter type x add attribute b int',
    second: 'drop type x',
    look: "select typname from pg_type where typname = 'x'",
  },
  'CREATE TYPE in a schema': {
    setUp: 'create schema s',
    first: "create type s.x as enum ('a')",
    look: "select typname from pg_type where typname = 'x'",
  },
  'ADD VALUE to a type in a schema, and DROP SCHEMA CASCADE': {
    setUp: "create schema s; create type s.x as enum ('a')",
    first: "alter type s.x add value 'b'",
    second: 'drop schema s cascade',
    look: "select typname from pg_type where typname = 'x'",
  },
  COMMENT: { setUp: TABLE, first: "comment on table t is 'one'", look: "select obj_description('t'::regclass)" },
  'DROP TABLE and COMMENT': { setUp: TABLE, first: 'drop table t', second: "comment on table t is 'one'" },
  'CREATE POLICY': { setUp: TABLE, first: 'create policy k on t' },
  'CREATE POLICY and SELECT': { setUp: TABLE, first: 'create policy k on t', second: 'select * from t' },
  'CREATE OR REPLACE VIEW': {
    setUp: `${TABLE}; create view x as select id from t`,
    first: 'create or replace view x as select id, v from t',
    second: 'create or replace view x as select id from t',
    look: 'select * from x',
  },
  'CREATE OR REPLACE VIEW and SELECT': {
    setUp: `${TABLE}; create view x as select id from t`,
    first: 'create or replace view x as select id, v from t',
    second: 'select * from x',
  },
  'ATTACH PARTITION and DROP TABLE': {
    setUp: PARTITIONED,
    first: 'alter table t attach partition c for values in (1)',
    second: 'drop table t',
    look: RELATIONS,
  },
  'a savepoint that is rolled back': {
    first: ['savepoint a', 'create table x (id int)', 'rollback to a', 'create sequence y'],
    second: 'create table x (v int)',
    look: RELATIONS,
  },
  'all kinds of definitions, of which none is left after a rollback': {
    setUp: TABLE,
    first: [
      'create schema s',
      'create table s.x (id serial primary key)',
      "create type e as enum ('a')",
      'create sequence y',
      `create ${FUNCTION(1)}`,
      'create index i on t (v)',
      'alter table t rename column v to w',
      'alter table t rename to z',
      'create view u as select 1 as one',
    ],
    second: 'select * from t',
    look: RELATIONS,
  },
}

type Step = readonly [session: number, sql: string]

export interface Race {
  readonly name: string
  readonly setUp: string
  readonly steps: readonly Step[]
}

const steps = (session: number, sql: string | readonly string[]): readonly Step[] =>
  [sql].flat().map((each) => [session, each])

/** The races: each pair twice, once with a commit and once with a rollback of the first session. */
export const RACES: readonly Race[] = Object.entries(PAIRS).flatMap(
  ([name, { setUp = '', before = [], first, second, during = [], after = [], look }]) =>
    (['commit', 'rollback'] as const).map((end) => ({
      name: `${name}, then ${end}`,
      setUp,
      steps: [
        ...steps(1, before),
        ...steps(0, 'begin'),
        ...steps(0, first),
        ...steps(1, second ?? first),
        ...steps(2, during),
        ...steps(0, end),
        ...(second?.[0] === 'begin' ? steps(1, [after, 'commit'].flat()) : []),
        ...steps(2, look ?? 'select 1'),
      ],
    })),
)

/** Two sessions that race, and one that only reads. */
export const SESSIONS = 3

/**
 * Executes a race. Returns its statements and answers as text, with error messages but without the oids that PostgreSQL
 * assigns.
 */
export async function raceText({ name, setUp, steps: all }: Race, sessions: Sessions): Promise<string> {
  const lines = [`# ${name}`, ...(setUp === '' ? [] : [setUp])]
  for (const [session, sql] of all) {
    lines.push(`${session}: ${sql}`)
    for (const [at, answer] of (await sessions.send(session, sql)).entries())
      if (answer.startsWith('error')) lines.push(`  ${at}> ${answer}: ${sessions.message(at)}`)
      else if (answer !== '-') lines.push(`  ${at}> ${answer}`)
  }
  return lines.join('\n').replaceAll(/(?<=OID |=\(.*)(1[6-9]\d{3}|[2-9]\d{4})/g, 'N')
}

/** The course of each race on PostgreSQL 15. The soak test writes this file with `-u`. */
export const RECORDED = new URL('./recorded.txt', import.meta.url)
export const recordedRaces = (): readonly string[] =>
  readFileSync(RECORDED, 'utf8')
    .trimEnd()
    .split(/\n\n(?=# )/)
