/** Statements with composite types, with row types of tables, and with functions on their values. */
export const COMPOSITE_TYPES: readonly (readonly string[])[] = [
  [
    'create type spec as (name text, n smallint, tags text[], data json)',
    'create type spec as (a int)',
    'create type twice as (a int, a int)',
    "select (('a', 1, '{x,y}', '{}')::spec)::text, (row(null, null, null, null)::spec) is null",
    "select (('a', 1, '{x}', null)::spec).n + 1, ('(a,2,\"{x,y}\",)'::spec).tags",
    "select ('a', 1)::spec",
    "select ('a', 'b', null, null)::spec",
    `select '("a ""b""",,,"{""k"": 1}")'::spec::text, '("a\\\\b",1,{},)'::spec::text`,
    "select '(a'::spec",
    "select 'a'::spec",
    "select '(a,b,,)'::spec",
    "select '(a,1,,) x'::spec",
    "select '(a,1,)'::spec",
    "select name, n * 2 from unnest(array[('a', 1, null, null), ('b', 2, null, null)]::spec[]) s where s.n > 1",
    "select s.name, s.tags from unnest(array[('a', 1, '{q}', null)::spec]) with ordinality s",
    'select * from unnest(\'{"(a,1,,)","(b,2,,)"}\'::spec[]) order by n',
    'create table t (id int primary key, s spec)',
    "insert into t values (1, ('x', 5, null, null)), (2, null), (3, '(y,6,,)') returning s::text",
    'select id, (s).n from t order by id',
    "select id from t where (s).name = 'y'",
    'alter type spec alter attribute n type int',
    'drop type spec',
    'drop table t',
    'alter type spec alter attribute n type int',
    'alter type spec add attribute extra date',
    'alter type spec drop attribute data',
    'alter type spec drop attribute none',
    "select '(a,70000,,2020-01-02)'::spec::text",
    'drop type spec',
    "select '(a)'::spec",
  ],
  [
    'create table jobs (id int primary key, name text, n int default 0)',
    'create type job_spec as (name text, n int)',
    `create function add_jobs(specs job_spec[], more int default 0) returns setof jobs language plpgsql as $$
      begin
        return query insert into jobs select row_number() over (order by spec.name), spec.name, coalesce(spec.n, add_jobs.more)
          from unnest(specs) spec on conflict (id) do update set n = jobs.n + 1 returning *;
      end $$`,
    `create function add_job(name text, n int default null, more int default 7) returns jobs language plpgsql as $$
      declare v_job jobs; w jobs%rowtype;
      begin
        if n = -1 then return null; end if;
        select * into v_job from add_jobs(array[(add_job.name, add_job.n)::job_spec], more) limit 1;
        w := v_job;
        return w;
      end $$`,
    "select * from add_job('a')",
    "select * from add_job(name => 'a', n => 3)",
    "select * from add_job('b', more => 1)",
    'select * from add_job(n => 1)',
    "select * from add_job('a', name => 'b')",
    "select * from add_job('a', none => 'b')",
    "select * from add_job('a', -1)",
    "select add_job('a', -1) is null, add_job('z', 2)::text",
    "select (add_job('z', 2)).n",
    `create function remove_job(key int) returns jobs language plpgsql strict as $$
      declare v_job jobs;
      begin
        delete from jobs where id = key returning * into v_job;
        if not (v_job is null) then return v_job; end if;
        v_job.id := -1;
        return v_job;
      end $$`,
    'select * from remove_job(1)',
    'select * from remove_job(1)',
    'select * from remove_job(null)',
    'create function latest(of text) returns jobs language sql as $$ select * from jobs where jobs.name = latest.of order by id desc limit 1 $$',
    "insert into jobs values (10, 'q', 1), (11, 'q', 2)",
    "select * from latest('q')",
    "select id from latest('none')",
    'alter table jobs add column extra text',
    "update jobs set extra = 'e' where id = 11",
    "select * from latest('q')",
    "create function wrong() returns jobs language sql as $$ select 1, 'a' $$",
    "create function pair() returns job_spec language sql as $$ select 'a', 1 $$",
    'select * from pair()',
    'select (pair()).n',
    "create function pairs() returns setof job_spec language sql as $$ select 'a', 1 union all select 'b', 2 order by 1 $$",
    'select * from pairs()',
  ],
  [
    'create type x as (a int, b text)',
    'create table t (id int, v x, w x[])',
    `insert into t values (1, '(1,q)', '{"(2,r)","(3,s)"}')`,
    'create view vv as select v from t',
    'alter type x add attribute c int',
    'select v, w, (v).c, v is null from t order by id',
    'select * from vv',
    'drop view vv',
    'update t set v = row ((v).a, (v).b, 7) returning v',
    'alter type x drop attribute b',
    'select v, w, (v).c from t',
    'alter type x alter attribute a type bigint',
    'begin',
    'alter type x add attribute d int',
    "insert into t (id, v) values (2, '(1,2,3)')",
    'select v from t order by id',
    'rollback',
    'select v from t',
    'alter type x drop attribute c, add attribute c text',
    'select v, (v).c from t',
    'alter type x drop attribute a, drop attribute c',
    'alter type x add attribute z int',
    'select v, w from t',
    'alter type x drop attribute missing',
    'alter type x add attribute z int',
  ],
  [
    "select x < y from (values (row(1, 'a'), row(1))) v(x, y)",
    'select x = y from (values (row(1, 2), row(1))) v(x, y)',
    "select x < y from (values (row('1'::json), row('1'::json))) v(x, y)",
    'select count(*) from (values (row(1, 2)), (row(1, 2)), (row(1, 3))) v(x) group by x order by 1',
    'select (select row(1, 2)) = (select row(1, 2)), (select row(1, 2)) < (select row(1, 3))',
    'select row(1, 2) = (select row(1, 2))',
    'select x is distinct from y from (values (row(1, 2), row(1, 3))) v(x, y)',
    'select row_number() over (order by x), rank() over (order by x) from (values (row(1, 2)), (row(1, 2)), (row(0, 5))) v(x) order by 1',
    'select x in (row(1, 2), row(3, 4)) from (values (row(1, 2)), (row(3, 5))) v(x) order by 1',
  ],
]
