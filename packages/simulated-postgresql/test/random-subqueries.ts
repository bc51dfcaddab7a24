import { type Random, type RandomStatement, randomExpression } from './random-expressions.ts'

// Random queries with subqueries at all places that permit an expression or a table, with writing queries in WITH, and
// with window frames. If a query leaves an order open, its result does not depend on this order.

const COUNTED = ['t1', 't2', 't3'] as const

/** The columns of the table `p`, grouped by kind of type. `p` is an alias of t1 or t2. */
const COLUMNS = {
  t1: { int: ['p.id', 'p.a'], text: ['p.b'], num: ['p.c'] },
  t2: { int: ['p.id', 'p.q', 'p.t1_id'], text: ['p.name'], num: ['p.q::numeric'] },
} as const
type Table = keyof typeof COLUMNS
type Simple = 'int' | 'text' | 'num'

const SIMPLE: readonly Simple[] = ['int', 'text', 'num']

function value(r: Random, table: Table, kind: Simple): string {
  return r.below(3) === 0 ? randomExpression(r, 1, {}, kind) : r.pick<string>(COLUMNS[table][kind])
}

/** Returns a query with one value or null. The query may refer to a row of the enclosing query. */
function scalar(r: Random, table: Table, kind: Simple): string {
  const inner = { int: ['x.q', 'x.id'], text: ['x.name', 'x.name || p.id'], num: ['x.q * 1.5', 'x.q::numeric'] }[kind]
  const own = r.pick(inner)
  const outer = r.pick<string>(COLUMNS[table].int)
  return r.pick([
    `(select ${r.pick(['max', 'min'])}(${own}) from t2 x where x.t1_id = ${outer})`,
    `(select ${own} from t2 x where x.id <= ${outer} order by x.id desc limit 1)`,
    `(select ${own} from t2 x where x.id = ${r.pick(['1', '2', '99'])})`,
    `(select ${own} from t2 x where x.q > ${outer} order by x.id offset 1 limit 1)`,
    `(select max(w.v) from (select ${own} as v from t2 x where x.q <> ${outer}) w)`,
    `(with w as (select ${own} as v from t2 x) select min(v) from w)`,
    `(select ${own} from t2 x, lateral (select x.q + ${outer} as s) l order by l.s, x.id limit 1)`,
  ])
}

function test(r: Random, table: Table): string {
  const outer = r.pick<string>(COLUMNS[table].int)
  return r.pick([
    `${outer} ${r.pick(['=', '<', '>=', '<>'])} ${r.pick(['any', 'all', 'some'])} (select x.q from t2 x where x.id < 4)`,
    `${outer} ${r.pick(['in', 'not in'])} (select x.t1_id from t2 x where x.q > ${outer})`,
    `(${outer}, ${outer}) ${r.pick(['in', 'not in'])} (select x.id, x.q from t2 x)`,
    `${r.pick(['', 'not '])}exists (select from t2 x where x.t1_id = ${outer} and x.q > 1)`,
    `${scalar(r, table, 'int')} ${r.pick(['=', '<', '>='])} ${outer}`,
    `row(${outer}, 1) ${r.pick(['=', '<', '>'])} (select x.q, x.id from t2 x where x.id = 1)`,
    `array(select x.q from t2 x where x.id <= ${outer} order by x.id) @> array[1]`,
    `coalesce(${scalar(r, table, 'int')}, 0) > 0`,
  ])
}

export function subquery(r: Random): RandomStatement {
  const table = r.pick<Table>(['t1', 't2'])
  const kind = r.pick(SIMPLE)
  const [one, key] = [scalar(r, table, kind), 'p.id']
  const sql = r.pick<() => string>([
    () => `select ${key}, ${one} from ${table} p`,
    () => `select ${key} from ${table} p where ${test(r, table)}`,
    () => `select ${key} from ${table} p order by ${one}, ${key}`,
    () => `select ${key}, case when ${test(r, table)} then ${value(r, table, kind)} else ${one} end from ${table} p`,
    () =>
      `select count(*), max(${value(r, table, kind)}) from ${table} p group by ${one} having count(*) >= (select min(id) from t1)`,
    () => `select ${key} from ${table} p order by ${key} limit (select count(*) from t3) - 1 offset (select 1)`,
    () => `select ${key}, l.v from ${table} p left join lateral (select ${one} as v) l on ${test(r, table)}`,
    () => `select ${key}, s.id from ${table} p join t2 s on s.q = ${scalar(r, table, 'int')}`,
    () => `select sum(${scalar(r, table, 'int')}) filter (where ${test(r, table)}) from ${table} p`,
    () => `select ${key}, sum(${scalar(r, table, 'int')}) over (order by ${key}) from ${table} p`,
    () => `select ${key}, array(select x.id from t2 x where x.t1_id = ${key} order by 1) from ${table} p`,
    () => `select distinct on (${value(r, table, 'int')}) ${one} is null from ${table} p where false`,
    () => `values (${scalarAlone(r)}), (${scalarAlone(r)})`,
    () => `select * from (values (1, ${scalarAlone(r)})) v(a, b) where b in (select q from t2)`,
    () => `select jsonb_build_object('n', ${one}, 'rows', (select count(*) from ${r.pick(COUNTED)})) from ${table} p`,
  ])()
  return { sql, ordered: / order by [^)]*$/.test(sql) && !/over/.test(sql) }
}

const scalarAlone = (r: Random): string =>
  r.pick(['(select max(q) from t2)', '(select count(*)::int from t1)', '(select a from t1 where id = 4)', '3'])

/** In about half of the calls, returns a key that no row has yet. */
const keyOf = (r: Random): number => 1 + r.below(12)

export function writingWith(r: Random): RandomStatement {
  const kind = r.pick(SIMPLE)
  const set = kind === 'int' ? 'a' : kind === 'text' ? 'b' : 'c'
  const sql = r.pick<() => string>([
    () =>
      `with w as (update t1 p set ${set} = ${value(r, 't1', kind)} where ${test(r, 't1')} returning p.id, p.${set}) select * from w`,
    () => `with w as (delete from t2 p where ${test(r, 't2')} returning id, q) select count(*), sum(q) from w`,
    () => `with w as (insert into t1 (id, a) values (${keyOf(r)}, 7) returning id) select * from w`,
    () =>
      `with w as (delete from t2 where q > ${r.pick(['1', '2', '50'])} returning name, q) insert into t3 (k, n) select coalesce(name, 'none'), q from w on conflict (k) do update set n = excluded.n returning k, n`,
    () =>
      `with w as (insert into t1 (id, a) values (${keyOf(r)}, 1) on conflict do nothing returning id) insert into t2 (id, t1_id, q) select 900 + id, id, 5 from w returning t1_id`,
    () =>
      `with w as (update t1 set a = a + 1 where id = 1 returning a) select a, (select a from t1 where id = 1) from w`,
    () =>
      `with w as materialized (select id from t1 where a > 3) delete from t2 p using w where p.t1_id = w.id returning p.id`,
    () =>
      `with w(v) as (select max(q) from t2) update t1 set a = w.v from w where t1.id < 3 returning t1.id, t1.a, w.v`,
    () =>
      `with recursive w(n, s) as (select 1, 'a' union all select n + 1, s || n from w where n < ${1 + r.below(5)}) select * from w`,
  ])()
  return { sql, ordered: false }
}

/** Returns a random INSERT … ON CONFLICT with predicates and RETURNING. */
export function upsert(r: Random): RandomStatement {
  const key = keyOf(r)
  const returning = r.pick([
    '',
    ' returning *',
    ' returning id, a',
    ' returning (select count(*) from t3), a + 1',
    ' returning t1.id as key, coalesce(b, $$none$$)',
  ])
  const rows = r.pick([
    `(${key}, 1, 'x')`,
    `(${key}, null, 'y'), (${key + 1}, 3, null)`,
    `(${key}, 1, 'x'), (${key}, 2, 'y')`,
  ])
  const where = r.pick([
    '',
    ' where t1.a is null',
    ' where t1.a < excluded.a',
    ' where t1.a > 2 and excluded.b is not null',
    ' where exists (select 1 from t2 where t1_id = t1.id)',
  ])
  const set = r.pick([
    'a = excluded.a',
    'a = coalesce(t1.a, 0) + excluded.a',
    '(a, b) = (excluded.a, t1.b)',
    '(a, b) = (select max(q), min(name) from t2 where t1_id = excluded.id)',
    'b = t1.b || excluded.b, a = default',
    'a = (select count(*) from t2 where t2.t1_id = t1.id)',
  ])
  const action = r.pick([
    `on conflict (id) do update set ${set}${where}`,
    `on conflict (id) do update set ${set}${where}`,
    `on conflict on constraint t1_pkey do update set ${set}${where}`,
    'on conflict (id) do nothing',
    `on conflict (id) where id > 0 do update set ${set}`,
    `on conflict (a) do nothing`,
  ])
  const from = r.below(4) === 0 ? `select id + ${r.below(3)}, a, b from t1 where id < 3 order by id` : `values ${rows}`
  return { sql: `insert into t1 (id, a, b) ${from} ${action}${returning}`, ordered: false }
}

const BOUNDS = [
  'unbounded preceding',
  '2 preceding',
  '1 preceding',
  'current row',
  '1 following',
  'unbounded following',
]
const EXCLUDED = ['', '', ' exclude current row', ' exclude ties', ' exclude group', ' exclude no others']

export function frame(r: Random): RandomStatement {
  const from = r.below(5)
  const to = from + r.below(6 - from)
  const between = ` between ${BOUNDS[from]} and ${BOUNDS[Math.max(to, 3 - (from < 3 ? r.below(2) : 0))]}`
  const call = r.pick([
    'sum(a)',
    'count(*)',
    'count(b)',
    'max(c)',
    'min(b)',
    'avg(a)',
    'first_value(id)',
    'last_value(id)',
    'nth_value(id, 2)',
    'array_agg(id)',
    'bool_or(e)',
    'string_agg(b, $$,$$)',
  ])
  const filter = !/value/.test(call) && r.below(4) === 0 ? ' filter (where a > 3)' : ''
  const mode = r.pick(['rows', 'groups', 'range'])
  const partition = r.pick(['', '', 'partition by e ', 'partition by a % 2 '])
  // In a ROWS frame, the order of rows with equal sort keys is undefined.
  const sensitive = mode === 'rows' || /value|agg|exclude/.test(call)
  const order = mode === 'range' || !sensitive ? r.pick(['id', 'a', 'id desc', 'a desc nulls last']) : 'a, id'
  const sorted = /value|agg/.test(call) && !/id/.test(order) ? 'id' : order
  const over = `${partition}order by ${sorted} ${mode}${between}${r.pick(EXCLUDED)}`
  const sql = r.pick([
    `select id, ${call}${filter} over (${over}) from t1`,
    `select id, ${call}${filter} over w from t1 window w as (${over})`,
    `select id, ${call}${filter} over (w ${mode}${between}) from t1 window w as (${partition}order by ${sorted})`,
  ])
  return { sql, ordered: false }
}

const DOCUMENTS = [
  `'{"a":1,"b":[1,2,{"c":null}]}'::jsonb`,
  `'[3,"x",null,{"k":"v"}]'::jsonb`,
  `'{"name":"Ann","tags":["x","y"],"n":{"m":2.50}}'::jsonb`,
  `'"text"'::jsonb`,
  `'null'::jsonb`,
  'j',
]
const PATHS = ["'{a}'", "'{b,2,c}'", "'{n,m}'", "'{0}'", "'{-1,k}'", "'{tags,1}'", "'{}'", "'{zz,9}'"]

/** Returns a random statement that calls functions of jsonb or arrays, in expressions or in FROM. */
export function documents(r: Random): RandomStatement {
  const [document, other, path] = [r.pick(DOCUMENTS), r.pick(DOCUMENTS), r.pick(PATHS)]
  const key = r.pick(["'a'", "'tags'", "'zz'", '0', '-1', '1'])
  const objects = `case jsonb_typeof(${document}) when 'object' then ${document} else '{"z":0}' end`
  const expression = r.pick([
    `${document} ${r.pick(['->', '->>'])} ${key}`,
    `${document} ${r.pick(['#>', '#>>', '#-'])} ${path}`,
    `${document} || ${other}`,
    `${document} - ${r.pick(["'a'", '0', '-1', "array['a','b']"])}`,
    `${document} ${r.pick(['@>', '<@', '=', '<', '>='])} ${other}`,
    `${document} ${r.pick(["? 'a'", "?| array['a','x']", "?& array['a','b']", "? 'x'"])}`,
    `jsonb_set(${document}, ${path}, ${other}${r.pick(['', ', false', ', true'])})`,
    `jsonb_insert(${document}, ${path}, ${other}${r.pick(['', ', true'])})`,
    `jsonb_set_lax(${document}, ${path}, null${r.pick(['', ", true, 'delete_key'", ", true, 'return_target'"])})`,
    `jsonb_strip_nulls(${document})`,
    `jsonb_pretty(${document})`,
    `jsonb_typeof(${document})`,
    `jsonb_array_length(${document})`,
    `jsonb_extract_path_text(${document}, 'n', 'm')`,
    `jsonb_build_array(${document}, id, b, null)`,
    `jsonb_build_object('id', id, 'd', ${document})`,
    `jsonb_object(array['a','b'], array['1', null])`,
    `to_jsonb(p)`,
    `row_to_json(p)`,
    `to_jsonb(array[id, a])`,
    `(${document})::text`,
    `(select jsonb_object_agg(key, value order by key) from jsonb_each(${objects}))`,
    `(select string_agg(key, ',' order by key) from jsonb_object_keys(${objects}) key)`,
    `array_append(f, id)`,
    `array_cat(f, array[id, null])`,
    `array_remove(f, 3)`,
    `array_replace(f, 1, id)`,
    `array_position(f, ${r.pick(['3', '5', 'null'])})`,
    `array_positions(f, 3)`,
    `array_to_string(f, ',', ${r.pick(["'*'", 'null'])})`,
    `array_length(f, 1)`,
    `cardinality(f)`,
    `f ${r.pick(['&&', '@>', '<@', '||', '=', '<'])} array[1, 3]`,
    `f[${r.pick(['1', '2:3', ':2', '2:', '0', 'id'])}]`,
    `trim_array(f, ${r.pick(['0', '1', '9'])})`,
    `id = ${r.pick(['any', 'all'])} (f)`,
    `array_fill(id, array[2])`,
    `(select array_agg(u order by u desc) from unnest(f) u)`,
    `(select sum(u * o) from unnest(f) with ordinality t(u, o))`,
    `string_to_array('1,2,' || id, ',')`,
  ])
  const statement = r.pick([
    `select id, ${expression} from t1 p`,
    `select id from t1 p where (${expression}) is not null`,
    `update t1 p set b = (${expression})::text where id = ${keyOf(r)} returning b`,
    `select x.* from jsonb_to_recordset('[{"a":1,"b":"x"},{"a":null,"c":2}]') x(a int, b text)`,
    `select x.a from jsonb_to_record(${objects.replaceAll('then j ', 'then \'{"a":5}\' ').replaceAll('(j)', "('{}'::jsonb)")}) x(a text)${/\bj\b/.test(objects) ? ', t1' : ''}`,
  ])
  return { sql: statement, ordered: false }
}
