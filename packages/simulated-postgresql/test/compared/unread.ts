/** Queries with parts that PostgreSQL never computes, because nothing reads them. */
export const UNREAD: readonly (readonly string[])[] = [
  [
    'create table t (id int)',
    'select exists (with x as (select 1/0) select 1)',
    'select exists (with x as (select 1/0) select * from x)',
    'select exists (with x as (select 1/0 as a) select * from x where a > 1)',
    'select exists (with x as materialized (select 1/0 as a) select * from x)',
    'select exists (with x as (select 1/0 as a from t) select * from x)',
    'select exists (with x as (select 1/0 as a offset 0) select * from x)',
    'select exists (with x as (select 1/0 as a), y as (select * from x) select * from y)',
    'select exists (with x as (select 1/0 as a) select * from x x1, x x2)',
    'select exists (select * from (select 1/0) x(a))',
    'select exists (select * from (select generate_series(1,0)) x(a))',
    'select exists (select * from (select 1/0) x union select 2)',
    'with x as (select 1/0 as a) select 1',
    'with recursive x(n) as (select 1/0 union all select n + 1 from x) select 1',
    'with x as (select 1), x as (select 2) select 1',
    'with x as (select nothing) select 1',
    'with x as (insert into t values (1) returning 1/0 as z) select 1',
  ],
]
