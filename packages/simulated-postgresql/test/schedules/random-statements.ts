/** Two tables of which one refers to the other, and three rows. */
export const TABLES = `
  create table t (id int primary key, v int not null, u int unique);
  create table c (id serial primary key, t_id int references t (id) on delete cascade, w int);
  insert into t values (1, 1, 10), (2, 2, 20), (3, 3, 30)
`

/** Triggers that leave rows as they are, but are called with each, and write down what was done. */
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

/** Bookings that must not overlap. */
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
  // With && and @> PostgreSQL reads by the index, and a serializable transaction meets fewer rows than here.
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

/** What a client knows of its session. */
export interface Client {
  inBlock: boolean
  savepoints: number
}

const LEVELS = ['read committed', 'read committed', 'repeatable read', 'serializable', 'serializable']
const LOCKS = ['for update', 'for no key update', 'for share', 'for key share']
const POLICIES = ['', '', '', '', ' nowait', ' skip locked']
const MODES = ['share', 'exclusive', 'row exclusive', 'access share']

const MERGED = 'when matched then update set v = t.v + w.n when not matched then insert values (w.i, 7, null)'

/** The next statement of a client: transactions at random levels, whose statements get into each other's way. */
export function randomStatement(random: () => number, client: Client, hasBookings: boolean): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  if (!client.inBlock) {
    client.inBlock = true
    client.savepoints = 0
    return `begin isolation level ${pick(LEVELS)}`
  }
  const chance = random()
  if (chance < 0.19) {
    client.inBlock = false
    return chance < 0.14 ? 'commit' : 'rollback'
  }
  if (chance < 0.24) return `savepoint s${++client.savepoints}`
  if (chance < 0.28 && client.savepoints > 0) return `rollback to s${client.savepoints}`
  if (chance < 0.3 && client.savepoints > 0) return `release s${client.savepoints--}`
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
  return pick(hasBookings && random() < 0.7 ? bookings(k) : statements)()
}
