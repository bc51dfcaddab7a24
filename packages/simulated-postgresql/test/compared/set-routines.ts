/** The table that the scripts use. The scripts test user-defined functions that return sets. */
const TABLE = [
  'create table t (id int primary key, v text, n numeric(5,2))',
  "insert into t values (1, 'a', 1.5), (2, 'b', null), (3, 'c', 3)",
]

export const SET_ROUTINES: readonly (readonly string[])[] = [
  [
    ...TABLE,
    'create function s1(least int) returns table (id int, v text) language sql as $$ select id, v from t where id >= least order by id $$',
    'select * from s1(2) order by 1',
    'select id from s1(1) where v <> $$b$$ order by 1',
    'select f.v, t.n from t, s1(t.id) f where f.id = t.id order by 1',
    'create function s2() returns setof int language sql stable as $$ select id from t order by id $$',
    'select * from s2() order by 1',
    'select s2() as x order by 1',
    'select * from s2() with ordinality as w(a, b) where a > 1 order by 2',
    'create function s3() returns setof t language sql as $$ select * from t $$',
    'select id, n from s3() order by id',
    'create function s4() returns setof int language sql as $$ select v from t $$',
    'create function s5() returns table (a int) language sql as $$ select 1, 2 $$',
    'create function s6(out a int, out b text) returns setof record language sql as $$ select id, v from t $$',
    'select * from s6() order by a',
    'create function s7(x int) returns setof int strict language sql as $$ select x $$',
    'select * from s7(null)',
    'create function s8() returns setof int language sql as $$ delete from t where id = 3 returning id $$',
    'select * from s8()',
    'select count(*) from t',
    'select count(*) from s8()',
    'drop function s2()',
    'select * from s2()',
  ],
  [
    ...TABLE,
    `create function p1(least int) returns table (k int, w text) language plpgsql as $$
     begin return query select id, v from t where id >= least order by id; end $$`,
    'select * from p1(2) order by 1',
    `create function p2(n int) returns setof int language plpgsql as $$
     begin for i in 1..n loop return next i * 10; end loop; return; end $$`,
    'select * from p2(3) order by 1',
    'select p2(2) order by 1',
    'select sum(p) from p2(4) p',
    `create function p3() returns table (a int, b text) language plpgsql as $$
     begin a := 1; b := 'x'; return next; a := 2; b := null; return next;
     return query select 3, 'y'::text; if found then a := 4; return next; end if; end $$`,
    'select * from p3() order by a',
    `create function p4() returns setof t language plpgsql as $$
     declare r record;
     begin for r in select * from t order by id loop r.v := upper(r.v); return next r; end loop; end $$`,
    'select * from p4() order by id',
    `create function p5() returns table (a int) language plpgsql as $$ begin return query select v from t; end $$`,
    'select * from p5()',
    `create function p6() returns setof int language plpgsql as $$ begin return; end $$`,
    'select * from p6()',
    `create function p7() returns setof text language plpgsql as $$
     begin return query update t set v = v || '!' returning v; return next 'end'; end $$`,
    'select * from p7() order by 1',
    'select v from t order by 1',
    `create function p8() returns setof int language plpgsql as $$ begin return next 1; raise exception 'no'; end $$`,
    'select * from p8()',
    'insert into t select 10 + k, w from p1(1)',
    'select id, v from t order by id',
    'select t.id, p.k from t left join lateral p1(t.id) p on true where t.id < 3 order by 1, 2',
  ],
]
