/** Two tables, one of which refers to the other, and three rows. */
export const TABLES = `
  create table t (id int primary key, v int not null, u int unique);
  create table c (id serial primary key, t_id int references t (id) on delete cascade, w int);
  insert into t values (1, 1, 10), (2, 2, 20), (3, 3, 30)
`

/** Triggers that fire for each row, leave the row unchanged, and write each change to a table. */
export const TRIGGERS = `
  create table done (id int, v int);
  create or replace function keep() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' then return old; end if;
    new.v := new.v + 0;
    return new;
  end $$;
  create or replace function note() returns trigger language plpgsql as $$
  begin
    insert into done values (coalesce(new.id, old.id), (select count(*) from t));
    return null;
  end $$;
  create trigger keep before insert or update or delete on t for each row execute function keep();
  create trigger note after insert or update or delete on t for each row execute function note()
`

/** A table of bookings, whose times must not overlap. */
export const BOOKINGS = `
  create table b (id serial primary key, during int4range not null, w int, exclude using gist (during with &&));
  insert into b (during, w) values ('[0,2)', 1), ('[5,7)', 1)
`

const bookings = (k: () => number): readonly (() => string)[] => {
  const span = (): string => `int4range(${2 * k() - 2}, ${2 * k() - 1 + k()})`
  const safe = (): string => {
    const from = k()
    return `int4range(${from}, ${from + k()})`
  }
  // For && and @>, PostgreSQL would use the index, so a serializable transaction would read fewer rows there than here.
  const holds = (): string => {
    const point = k()
    return `lower(during) <= ${point} and upper(during) > ${point}`
  }
  return [
    () => `insert into b (during, w) values (${safe()}, 1) returning during`,
    () => `insert into b (during, w) values (${safe()}, 1) returning during`,
    () => `insert into b (during, w) values (${safe()}, 2) on conflict do nothing returning during`,
    () => `insert into b (during, w) values (${span()}, 1) returning during`,
    () => `update b set during = ${safe()} where ${holds()} returning during`,
    () => `update b set w = w + 1 where not isempty(during * ${safe()}) returning during, w`,
    () => `delete from b where ${holds()} returning during`,
    () => `select during, w from b where not isempty(during * ${safe()}) for update`,
    () => 'select count(*), sum(w) from b',
  ]
}

/** Further relations, a type and a function, which random definitions replace. */
export const DEFINED = `
  create table x (id int);
  create type e as enum ('a', 'b');
  create sequence s;
  create function f(n int) returns int language sql as 'select 0'
`

const DEFINITIONS: readonly string[] = [
  ...['create table x (id int)', 'create table x (id serial primary key)', 'create table x as select 1 as id'],
  ...['create table if not exists x (id int)', 'create table if not exists x (id serial primary key)'],
  ...['create view z as select 1 as id', 'create table z (id int)', 'create table y (id int references t (id))'],
  ...[
    'drop table x',
    'drop table if exists x',
    'drop table if exists x, y',
    'drop view z',
    'drop view if exists z',
    'drop table z',
  ],
  ...['alter table x rename to y', 'alter table y rename to x', 'alter table if exists y rename to x'],
  ...['create index i on c (w)', 'create index if not exists i on c (w)', 'create index on c (w)'],
  ...['create unique index if not exists i on x (id)', 'drop index i', 'drop index if exists i'],
  ...['alter index i rename to j', 'alter index if exists j rename to i'],
  ...['create sequence s', 'create sequence if not exists s', 'drop sequence s', 'drop sequence if exists s'],
  ...['drop type e', 'drop type if exists e'],
  ...["alter type e add value 'c'", "alter type e add value if not exists 'c'"],
  ...['create schema p', 'create schema if not exists p', 'drop schema p', 'drop schema if exists p cascade'],
  ...['create table p.x (id int)', 'create table if not exists p.x (id int)', 'drop table if exists p.x'],
  "create function f(n int) returns int language sql as 'select 1'",
  "create or replace function f(n int) returns int language sql as 'select 2'",
  "create or replace function f(n int) returns int language sql as 'select 3'",
  ...['drop function f(int)', 'drop function if exists f(int)'],
  ...['alter table t add column n int', 'alter table t add column if not exists n int default 5'],
  ...['alter table t drop column n', 'alter table t drop column if exists n'],
  ...['alter table t rename column n to m', 'alter table t rename column m to n'],
  ...['alter table c add constraint k foreign key (w) references t (id)', 'alter table c drop constraint if exists k'],
  ...['alter table c add constraint k check (w < 90)', 'alter table t alter column u set default 70'],
  ...['grant select on t to public', 'truncate c', 'truncate x'],
  ...['lock table x in share mode', 'lock table x in access exclusive mode'],
]

/**
 * Definitions that are made only outside transactions. Within a transaction, PostgreSQL may not notice that another
 * session has dropped the type.
 */
const ALONE: readonly string[] = ["create type e as enum ('a', 'b')", 'create domain e as int']

const USES: readonly string[] = [
  ...[
    'select * from x',
    'select * from y',
    'select * from z',
    'select * from t',
    'select * from c',
    'select n from t',
    'select m from t',
  ],
  ...['insert into x values (1)', 'insert into x values (2)', 'insert into y values (1)', 'insert into p.x values (1)'],
  ...['update t set n = 1', 'update t set n = 2 where id = 1', 'select id from x for update', 'delete from x'],
  ...['select f(0)', "select 'a'::e", "select 'c'::e", "select nextval('s')", 'insert into t (id, v) values (9, 9)'],
  ...['insert into c (t_id, w) values (1, 2)', 'insert into c (t_id, w) values (2, 99)', 'select * from p.x'],
]

/** What a client knows about its session. */
export interface Client {
  inBlock: boolean
  savepoints: number
  /** Whether the client's transaction has failed. */
  failed: boolean
}

const LEVELS = ['read committed', 'read committed', 'repeatable read', 'serializable', 'serializable']
const LOCKS = ['for update', 'for no key update', 'for share', 'for key share']
const POLICIES = ['', '', '', '', ' nowait', ' skip locked']
const MODES = ['share', 'exclusive', 'row exclusive', 'access share']

const MERGED = 'when matched then update set v = t.v + w.n when not matched then insert values (w.i, 7, null)'

/**
 * Returns the next statement of a client. Clients run transactions at random isolation levels, and the statements of
 * different clients often conflict.
 */
export function randomStatement(
  random: () => number,
  client: Client,
  kind: 'rows' | 'bookings' | 'definitions',
): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  // Most tools commit each statement of a migration separately, or all statements of a file at once.
  if (!client.inBlock && (kind !== 'definitions' || random() < 0.6)) {
    client.inBlock = true
    client.savepoints = 0
    client.failed = false
    return `begin isolation level ${pick(LEVELS)}`
  }
  if (client.failed && kind === 'definitions' && random() < 0.7) {
    client.failed = false
    if (client.savepoints > 0) return `rollback to s${client.savepoints}`
    client.inBlock = false
    return 'rollback'
  }
  const chance = random()
  if (client.inBlock && chance < 0.19) {
    client.inBlock = false
    return chance < 0.14 ? 'commit' : 'rollback'
  }
  if (client.inBlock && chance < 0.24) return `savepoint s${++client.savepoints}`
  if (client.inBlock && chance < 0.28 && client.savepoints > 0) return `rollback to s${client.savepoints}`
  if (client.inBlock && chance < 0.3 && client.savepoints > 0) return `release s${client.savepoints--}`
  const k = (): number => 1 + Math.floor(random() * 4)
  const lock = (): string => pick(LOCKS) + pick(POLICIES)
  const statements: readonly (() => string)[] = [
    () => `select id, v from t where id = ${k()}`,
    () => 'select count(*), sum(v) from t',
    () => `select id, v from t where id = ${k()} ${lock()}`,
    () => `select id, v from t where id = ${k()} ${lock()}`,
    () => `select id, v from t where v >= ${k()} ${lock()}`,
    () => `update t set v = v + 1 where id = ${k()} returning id, v, xmax = 0`,
    () => `update t set v = v + 1 where id = ${k()} returning id, v, xmax = 0`,
    () => `update t set v = v + 10 where id in (${k()}, ${k()}) returning id, v, xmax = 0`,
    () => `update t set v = v * 2 where v >= ${k()} returning id, v, xmax = 0`,
    () => `delete from t where id = ${k()} returning id`,
    () => `insert into t values (${k()}, ${k()}, ${k() * 10}) returning id`,
    () => `insert into t values (${k()}, ${k()}, null) returning id`,
    () =>
      `insert into t values (${k()}, 7, null) on conflict (id) do update set v = t.v + excluded.v returning id, v, xmax = 0`,
    () => `insert into t values (${k()}, 7, ${k() * 10}) on conflict do nothing returning id`,
    () => `update t set u = ${k() * 10} where id = ${k()} returning id, u`,
    () => `update t set id = ${k()} where id = ${k()} returning id`,
    () => `merge into t using (values (${k()}, ${k()})) as w (i, n) on t.id = w.i ${MERGED}`,
    () => `merge into t using (values (${k()}, ${k()})) as w (i, n) on t.v = w.n ${MERGED}`,
    () => `merge into t using (values (${k()}), (${k()})) as w (i) on t.id = w.i and t.v < 9 when matched then delete`,
    () => `insert into c (t_id, w) values (${k()}, 1) returning t_id`,
    () => `delete from c where t_id = ${k()} returning t_id`,
    () => `select count(*) from c where t_id = ${k()}`,
    () => `select pg_advisory_xact_lock(${k()})`,
    () => `select pg_try_advisory_xact_lock(${k()})`,
    () => `lock table t in ${pick(MODES)} mode${pick(['', ' nowait'])}`,
  ]
  if (kind === 'definitions' && !client.inBlock && random() < 0.1) return pick(ALONE)
  if (kind === 'definitions' && random() < 0.75) return pick(random() < 0.65 ? DEFINITIONS : USES)
  return pick(kind === 'bookings' && random() < 0.7 ? bookings(k) : statements)()
}
