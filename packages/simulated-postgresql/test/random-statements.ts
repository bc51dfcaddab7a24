import { BOOKED, BOOKINGS, booking } from './random-bookings.ts'
import { type Kind, type Random, type RandomStatement, randomExpression } from './random-expressions.ts'
import { documentRows, merge, zonedMoment } from './random-merges.ts'
import { documents, frame, subquery, upsert, writingWith } from './random-subqueries.ts'

/** Tables with columns of all common types, and with the constraints that services use. */
export const SCHEMA: readonly string[] = [
  `create table t1 (id int primary key, a int, b text, c numeric(8,2), d date, e boolean, f int[], j jsonb, ts timestamp,
    tz timestamptz, big bigint)`,
  `create table t2 (id serial primary key, t1_id int references t1 (id) on delete cascade, q int not null default 7,
    name varchar(12) unique, v float8, u uuid, check (q >= -50))`,
  'create table t3 (k text primary key, n bigint, m numeric default 1.5, label char(4))',
  ...BOOKINGS,
]

/** Columns by their kind. */
const TABLES: Readonly<Record<string, Partial<Record<Kind, readonly string[]>>>> = {
  t1: {
    int: ['id', 'a'],
    text: ['b'],
    num: ['c'],
    date: ['d'],
    bool: ['e'],
    ints: ['f'],
    jsonb: ['j'],
    ts: ['ts'],
    tstz: ['tz'],
    big: ['big'],
  },
  t2: { int: ['id', 't1_id', 'q'], text: ['name'], float: ['v'], uuid: ['u'] },
  t3: { text: ['k', 'label'], big: ['n'], num: ['m'] },
  t4: { int: ['id', 'room'], num: ['rate'], range: ['during'], span: ['held'] },
}
const NAMES = Object.keys(TABLES)

interface Source {
  readonly alias: string
  readonly table: string
}

function columnsOf(sources: readonly Source[], qualified: boolean): (kind: Kind) => readonly string[] {
  return (kind) =>
    sources.flatMap(({ alias, table }) =>
      (TABLES[table]?.[kind] ?? []).map((name) => (qualified ? `${alias}.${name}` : name)),
    )
}

function expression(r: Random, sources: readonly Source[], kind: Kind, depth = 2): string {
  return randomExpression(r, depth, { columns: columnsOf(sources, true) }, kind)
}

/** Returns a condition. Four times out of seven, the condition is about a column, so that rows are found. */
function condition(r: Random, sources: readonly Source[]): string {
  const { alias } = r.pick(sources)
  switch (r.below(7)) {
    case 0:
      return `${alias}.${firstInt(sources, alias)} ${r.pick(['<', '>', '=', '<>'])} ${r.pick(['1', '2', '3', '5'])}`
    case 1:
      return `exists (select 1 from t2 x where x.t1_id = ${alias}.${firstInt(sources, alias)})`
    case 2:
      return `${alias}.${firstInt(sources, alias)} ${r.pick(['in', 'not in'])} (select ${r.pick(['id', 'q', 't1_id'])} from t2)`
    case 3:
      // PostgreSQL's planner decides which part of the condition is computed first. The second part is therefore one
      // that never fails.
      return `(${condition(r, sources)} ${r.pick(['and', 'or'])} ${alias}.${firstInt(sources, alias)} ${r.pick(['> 0', '< 100', '<> 77'])})`
    default:
      return expression(r, sources, 'bool')
  }
}

function firstInt(sources: readonly Source[], alias: string): string {
  const table = sources.find((source) => source.alias === alias)?.table ?? 't1'
  return (TABLES[table]?.int ?? TABLES[table]?.big ?? ['id'])[0] ?? 'id'
}

function from(r: Random): { readonly text: string; readonly sources: readonly Source[] } {
  const first: Source = { alias: 'p', table: r.pick(NAMES) }
  if (r.below(2) === 0) return { text: `${first.table} p`, sources: [first] }
  const second: Source = { alias: 's', table: r.pick(NAMES) }
  const sources = [first, second]
  const kind = r.pick(['join', 'left join', 'right join', 'full join', 'cross join', ','])
  if (kind === 'cross join' || kind === ',') return { text: `${first.table} p ${kind} ${second.table} s`, sources }
  const equal = `p.${firstInt(sources, 'p')} = s.${firstInt(sources, 's')}`
  const on = kind === 'full join' || r.below(3) > 0 ? equal : `${equal} and s.${firstInt(sources, 's')} < 4`
  return { text: `${first.table} p ${kind} ${second.table} s on ${on}`, sources }
}

function orderByAll(count: number, r: Random): string {
  const keys = Array.from(
    { length: count },
    (_, i) => `${i + 1}${r.pick(['', ' desc', ' nulls first', ' desc nulls last'])}`,
  )
  return ` order by ${keys.join(', ')}`
}

/** The kinds of type whose values can be sorted. */
const SORTED: readonly Kind[] = [
  'int',
  'big',
  'num',
  'float',
  'text',
  'bool',
  'date',
  'ts',
  'tstz',
  'interval',
  'uuid',
  'ints',
  'jsonb',
  'range',
  'span',
]

function items(r: Random, sources: readonly Source[]): readonly string[] {
  return Array.from({ length: 1 + r.below(3) }, () => expression(r, sources, r.pick(SORTED)))
}

function plainSelect(r: Random): RandomStatement {
  const { text, sources } = from(r)
  const list = items(r, sources)
  const where = r.below(3) > 0 ? ` where ${condition(r, sources)}` : ''
  const ordered = r.below(2) === 0
  const distinct = r.below(5) === 0 ? 'distinct ' : ''
  const limit = ordered && r.below(2) === 0 ? ` limit ${r.pick(['1', '3', 'all', 'null'])}` : ''
  const order = ordered ? orderByAll(list.length, r) : ''
  return { sql: `select ${distinct}${list.join(', ')} from ${text}${where}${order}${limit}`, ordered }
}

function aggregate(r: Random, sources: readonly Source[]): string {
  const e = (kind: Kind) => expression(r, sources, kind, 1)
  const filter = r.below(5) === 0 ? ` filter (where ${e('bool')})` : ''
  const distinct = r.below(6) === 0 ? 'distinct ' : ''
  const all: readonly (() => string)[] = [
    () => 'count(*)',
    () => `count(${distinct}${e(r.pick(SORTED))})`,
    () => `sum(${distinct}${e(r.pick(['int', 'big', 'num', 'interval'] as const))})`,
    () => `avg(${distinct}${e(r.pick(['int', 'big', 'num'] as const))})`,
    () =>
      `${r.pick(['min', 'max'])}(${e(r.pick(['int', 'big', 'num', 'text', 'date', 'ts', 'tstz', 'interval', 'float', 'ints'] as const))})`,
    () => `${r.pick(['bool_and', 'bool_or', 'every'])}(${e('bool')})`,
    () => {
      const value = `lower(${e('text')})`
      return `string_agg(${distinct}${value}, ',' order by ${value}${r.pick(['', ' desc'])})`
    },
    () => {
      const value = e('int')
      return `array_agg(${distinct}${value} order by ${value})`
    },
    () => {
      const value = e(r.pick(['int', 'text', 'date', 'num'] as const))
      // Equal numbers may have different texts.
      return `${r.pick(['json_agg', 'jsonb_agg'])}(${value} order by ${value}, (${value})::text)`
    },
    () =>
      `${r.pick(['var_pop', 'var_samp', 'stddev', 'stddev_pop', 'variance'])}(${e(r.pick(['int', 'num'] as const))})`,
    () => `${r.pick(['bit_and', 'bit_or'])}(${e('int')})`,
  ]
  return r.pick(all)() + filter
}

function groupedSelect(r: Random): RandomStatement {
  const { text, sources } = from(r)
  const keys =
    r.below(4) === 0 ? [] : Array.from({ length: 1 + r.below(2) }, () => expression(r, sources, r.pick(SORTED), 1))
  const list = [...keys, ...Array.from({ length: 1 + r.below(2) }, () => aggregate(r, sources))]
  const where = r.below(2) === 0 ? ` where ${condition(r, sources)}` : ''
  const grouped = keys.map((key, i) => (r.below(2) === 0 ? `${i + 1}` : key)).join(', ')
  const sets = r.pick(['', '', '', 'rollup ', 'cube '])
  const group = keys.length === 0 ? '' : ` group by ${sets === '' ? grouped : `${sets}(${grouped})`}`
  const having = r.below(4) === 0 ? ` having count(*) ${r.pick(['>', '<', '='])} ${r.pick(['1', '2'])}` : ''
  return { sql: `select ${list.join(', ')} from ${text}${where}${group}${having}`, ordered: false }
}

const FRAMES = [
  '',
  '',
  ' rows between 1 preceding and current row',
  ' rows between unbounded preceding and 1 following',
  ' rows between current row and unbounded following',
  ' range between unbounded preceding and current row',
  ' rows 2 preceding',
]

function windowSelect(r: Random): RandomStatement {
  const table = r.pick(NAMES)
  const sources = [{ alias: 'p', table }]
  const key = table === 't3' ? 'p.k' : 'p.id'
  const e = (kind: Kind) => expression(r, sources, kind, 1)
  const partition = r.below(2) === 0 ? `partition by ${e(r.pick(['int', 'text', 'bool'] as const))} ` : ''
  const over = `(${partition}order by ${e(r.pick(['int', 'text', 'num'] as const))}, ${key}${r.pick(FRAMES)})`
  const peers = `(${partition}order by ${e(r.pick(['int', 'bool'] as const))})`
  const call = r.pick<() => string>([
    () => `row_number() over ${over}`,
    () => `${r.pick(['rank', 'dense_rank', 'percent_rank', 'cume_dist'])}() over ${peers}`,
    () => `ntile(${r.pick(['1', '2', '3'])}) over ${over}`,
    () => `${r.pick(['lag', 'lead'])}(${e('int')}${r.pick(['', ', 2', ', 1, 0'])}) over ${over}`,
    () => `${r.pick(['first_value', 'last_value'])}(${e(r.pick(['int', 'text'] as const))}) over ${over}`,
    () => `nth_value(${e('int')}, 2) over ${over}`,
    () =>
      `${r.pick(['sum', 'avg', 'count', 'min', 'max'])}(${e(r.pick(['int', 'num'] as const))}) over ${r.pick([over, peers, '()'])}`,
  ])()
  return { sql: `select ${key}, ${call} from ${table} p`, ordered: false }
}

function setOperation(r: Random): RandomStatement {
  const kinds = Array.from({ length: 1 + r.below(2) }, () => r.pick(['int', 'text', 'num', 'date', 'big'] as const))
  const branch = () => {
    const { text, sources } = from(r)
    return `select ${kinds.map((kind) => expression(r, sources, r.below(6) === 0 ? 'num' : kind, 1)).join(', ')} from ${text}`
  }
  const operator = r.pick(['union', 'union all', 'intersect', 'except', 'except all', 'intersect all'])
  const ordered = r.below(2) === 0
  return { sql: `${branch()} ${operator} ${branch()}${ordered ? orderByAll(kinds.length, r) : ''}`, ordered }
}

function withSelect(r: Random): RandomStatement {
  const { text, sources } = from(r)
  const list = items(r, sources)
  const names = list.map((_, i) => `c${i}`)
  const inner = `select ${list.map((item, i) => `${item} as c${i}`).join(', ')} from ${text}`
  const form = r.below(3)
  if (form === 0) return { sql: `with w as (${inner}) select * from w`, ordered: false }
  if (form === 1)
    return { sql: `select ${names.join(', ')}, (select count(*) from t1) from (${inner}) w`, ordered: false }
  return {
    sql: `with w(${names.join(', ')}) as (${inner}) select ${names.join(', ')} from w where w.c0 is not null`,
    ordered: false,
  }
}

function values(r: Random): RandomStatement {
  const kind = r.pick(['int', 'text', 'num', 'date'] as const)
  const row = () => `(${randomExpression(r, 1, {}, kind)}, ${randomExpression(r, 1, {}, 'int')})`
  const rows = `values ${row()}, ${row()}, ${row()}`
  return { sql: r.below(2) === 0 ? rows : `select * from (${rows}) v(x, y) where y is not null`, ordered: false }
}

function series(r: Random): RandomStatement {
  return {
    sql: r.pick([
      'select * from generate_series(1, 5) g where g % 2 = 1',
      'select x, y from unnest(array[1,2,3]) x, generate_series(x, 3) y',
      'select p.id, u from t1 p, unnest(p.f) u',
      "select key, value from t1 p, jsonb_each(case when jsonb_typeof(p.j) = 'object' then p.j else '{}' end)",
      'select generate_series(1, 3), id from t1',
      "select * from generate_series('2024-01-01'::timestamp, '2024-01-03', '12 hours')",
      "select string_to_table('a,b', ',')",
      "select x from t1 p, jsonb_array_elements_text(case when jsonb_typeof(p.j) = 'array' then p.j else '[]' end) x",
      'select * from generate_series(1, 3) with ordinality',
    ]),
    ordered: false,
  }
}

function columnValues(r: Random, table: string): readonly (readonly [string, Kind])[] {
  return Object.entries(TABLES[table] ?? {}).flatMap(([kind, names]) =>
    names.filter(() => r.below(2) === 0).map((name): readonly [string, Kind] => [name, kind as Kind]),
  )
}

function returning(r: Random, sources: readonly Source[]): string {
  if (r.below(2) === 0) return ''
  return r.below(2) === 0 ? ' returning *' : ` returning ${expression(r, sources, r.pick(SORTED), 1)}`
}

function keyValue(r: Random, table: string): string {
  return table === 't3' ? `'k${r.below(12)}'` : `${1 + r.below(12)}`
}

function insert(r: Random): RandomStatement {
  const table = r.pick(NAMES)
  const key = table === 't3' ? 'k' : 'id'
  const given = columnValues(r, table).filter(([name]) => name !== key)
  const withKey = table === 't2' && r.below(2) === 0 ? [] : [key]
  const names = [...withKey, ...given.map(([name]) => name)]
  if (names.length === 0) return { sql: `insert into ${table} default values`, ordered: false }
  const row = () => {
    const cells = given.map(([name, kind]) => {
      if (name === 't1_id') return `${1 + r.below(8)}`
      return r.below(10) === 0 ? 'default' : randomExpression(r, 1, {}, kind)
    })
    return `(${[...withKey.map(() => keyValue(r, table)), ...cells].join(', ')})`
  }
  const rows = Array.from({ length: 1 + r.below(3) }, row).join(', ')
  const conflict = r.below(3) === 0 ? onConflict(r, table, key, given) : ''
  return {
    sql: `insert into ${table} (${names.join(', ')}) values ${rows}${conflict}${returning(r, [{ alias: table, table }])}`,
    ordered: false,
  }
}

function onConflict(r: Random, table: string, key: string, given: readonly (readonly [string, Kind])[]): string {
  if (r.below(2) === 0) return ` on conflict${r.pick(['', ` (${key})`])} do nothing`
  const [name, kind] = given[0] ?? [key, 'int']
  const value = r.pick([
    `excluded.${name}`,
    `coalesce(${table}.${name}, excluded.${name})`,
    randomExpression(r, 1, {}, kind),
  ])
  return ` on conflict (${key}) do update set ${name} = ${value}${r.below(3) === 0 ? ` where ${table}.${key} is not null` : ''}`
}

function update(r: Random): RandomStatement {
  const table = r.pick(NAMES)
  if (table === 't4') return booking(r)
  const sources = [{ alias: table, table }]
  const all = columnValues(r, table).filter(([name]) => name !== 'id' && name !== 'k' && name !== 't1_id')
  const [first] = all
  if (first === undefined) return insert(r)
  const set = all.slice(0, 2).map(([name, kind]) => `${name} = ${expression(r, sources, kind, 1)}`)
  if (r.below(5) === 0) {
    const other = { alias: 's', table: r.pick(NAMES) }
    const on = `${table}.${firstInt(sources, table)} = s.${firstInt([other], 's')}`
    return {
      sql: `update ${table} set ${set.slice(0, 1).join('')} from ${other.table} s where ${on} and false`,
      ordered: false,
    }
  }
  return {
    sql: `update ${table} set ${set.join(', ')} where ${condition(r, sources)}${returning(r, sources)}`,
    ordered: false,
  }
}

function remove(r: Random): RandomStatement {
  const table = r.pick(NAMES)
  const sources = [{ alias: table, table }]
  const one = table === 't3' ? `k = ${keyValue(r, table)}` : `id = ${keyValue(r, table)}`
  return {
    sql: `delete from ${table} where ${one} and ${condition(r, sources)}${returning(r, sources)}`,
    ordered: false,
  }
}

const FORMS: readonly ((r: Random) => RandomStatement)[] = [
  plainSelect,
  plainSelect,
  plainSelect,
  groupedSelect,
  groupedSelect,
  windowSelect,
  setOperation,
  withSelect,
  values,
  series,
  insert,
  insert,
  update,
  remove,
  subquery,
  subquery,
  writingWith,
  upsert,
  frame,
  documents,
  merge,
  documentRows,
  zonedMoment,
  booking,
]

export function randomStatement(r: Random): RandomStatement {
  return r.pick(FORMS)(r)
}

/** Rows to begin with. */
export const ROWS: readonly string[] = [
  `insert into t1 values
    (1, 10, 'abc', 1.50, '2024-02-29', true, '{1,2,3}', '{"a":1}', '2024-01-01 10:00', '2024-01-01 10:00Z', 100),
    (2, null, 'Hello World', -2.25, '2000-01-01', false, '{}', '[1,"two"]', null, '2023-06-15 12:00Z', -5),
    (3, 3, null, null, null, null, null, null, '1999-12-31 23:59:59.5', null, null),
    (4, 10, '', 100.00, '1970-01-01', true, '{5,null}', '"s"', '2024-01-01', '2000-01-01Z', 9000000000),
    (5, -7, 'abc', 1.50, '2024-02-29', false, '{3}', '{"b":{"c":[1,2]}}', '2024-03-01', '2024-01-01 10:00Z', 0)`,
  `insert into t2 (t1_id, q, name, v, u) values (1, 1, 'one', 1.5, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
    (1, 2, 'two', -0.25, null), (2, 3, null, null, '00000000-0000-0000-0000-000000000000'), (null, 0, 'four', 1e10, null)`,
  `insert into t3 values ('k1', 1, 2.75, 'ab'), ('k2', null, default, 'cd'), ('k3', 3, null, null)`,
  ...BOOKED,
]
