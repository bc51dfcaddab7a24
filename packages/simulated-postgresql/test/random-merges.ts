import { type Random, type RandomStatement, randomExpression } from './random-expressions.ts'

// Random MERGE statements, JSON documents as rows, and times in zones with daylight saving time.

const KEYS = ['1', '2', '3', '4', '20', '21']

function source(r: Random): string {
  const row = () => `(${r.pick(KEYS)}, ${randomExpression(r, 1, {}, 'int')})`
  return r.pick([
    `(values ${row()}, ${row()}) as w (k, x)`,
    '(select t1_id as k, min(q) as x from t2 group by 1) as w',
    '(select id as k, a as x from t1 where id > 2) w',
    `jsonb_to_recordset('[{"k":${r.pick(KEYS)},"x":${r.below(9)}},{"k":"${r.pick(KEYS)}"}]') as w (k int, x int)`,
  ])
}

export function merge(r: Random): RandomStatement {
  const value = () => r.pick(['w.x', 't1.a + w.x', 'default', 'null', '(select count(*) from t2)', 't1.id'])
  const matched = () =>
    r.pick([
      `update set a = ${value()}`,
      `update set (a, b) = (${r.pick(['w.x', 'default'])}, 'm')`,
      `update set a = w.x, c = t1.c * 2`,
      'delete',
      'do nothing',
    ])
  const when = (kind: string, condition: string, action: string) =>
    `when ${kind}${r.below(2) === 0 ? '' : ` and ${condition}`} then ${action}`
  const inserted = r.pick(['insert (id, a) values (w.k, w.x)', 'insert (id) values (w.k + 50)', 'do nothing'])
  // No statement both deletes and inserts, because PostgreSQL's plan decides which comes first.
  const own = r.pick(["update set b = 's'", inserted === 'do nothing' ? 'delete' : 'do nothing', 'do nothing'])
  const clauses = [
    when('matched', r.pick(['w.x > 2', 't1.a is null', 't1.id < 3']), matched()),
    when('not matched', 'w.x is not null', inserted),
    ...(r.below(3) === 0 ? [when('not matched by source', r.pick(['t1.id > 3', 't1.a = 10']), own)] : []),
  ]
  const on = r.pick(['t1.id = w.k', 't1.id = w.k and t1.a > w.x', 't1.a = w.x'])
  const returning = r.pick(['', ' returning merge_action(), t1.id, t1.a, w.k'])
  return {
    sql: `merge into t1 using ${source(r)} on ${on} ${clauses.slice(0, 1 + r.below(clauses.length)).join(' ')}${returning}`,
    ordered: false,
  }
}

export function documentRows(r: Random): RandomStatement {
  const element = () =>
    r.pick(['1', '"2"', '1.5', 'true', 'null', '[1,2]', '[[1],[2]]', '{"k":1}', '"x"', '[]', '[1,[2]]'])
  const object = () => `{"a":${element()},"b":${element()},"c":${element()}}`
  const type = () =>
    r.pick(['int', 'text', 'numeric(4,1)', 'int[]', 'jsonb', 'json', 'boolean', 'text[]', 'varchar(2)'])
  const [kind, columns] = [r.pick(['json', 'jsonb']), `(a ${type()}, b ${type()}, d ${type()})`]
  const document = r.pick([`[${object()}, ${object()}]`, `[${object()}]`, object(), `[${element()}]`])
  const call = r.pick([`${kind}_to_recordset('${document}')`, `${kind}_to_record('${object()}')`])
  return { sql: `select * from ${call} as x ${columns}`, ordered: false }
}

const ZONES = [
  'America/New_York',
  'Europe/Berlin',
  'Australia/Sydney',
  'Asia/Kolkata',
  'America/Santiago',
  'UTC',
  'EST5EDT',
]

export function zonedMoment(r: Random): RandomStatement {
  const two = (number: number) => number.toString().padStart(2, '0')
  const local = `${1970 + r.below(80)}-${two(1 + r.below(12))}-${two(1 + r.below(28))} ${two(r.below(24))}:${two(r.below(60))}`
  const [zone, other] = [r.pick(ZONES), r.pick(ZONES)]
  const span = r.pick(['1 day', '24 hours', '1 month', '-1 month 2 days 3 hours', '6 months', '-36 hours'])
  const moment = `(timestamp '${local}' at time zone '${zone}')`
  return {
    sql: r.pick([
      `select ${moment}, ${moment} at time zone '${other}'`,
      `select date_add(${moment}, '${span}', '${other}'), date_subtract(${moment}, '${span}', '${other}')`,
      `select date_trunc('${r.pick(['day', 'hour', 'week', 'month', 'minute'])}', ${moment}, '${other}')`,
      `select '${local} ${zone}'::timestamptz, timestamptz '${local} ${other}' at time zone '${zone}'`,
      `select id, tz at time zone '${zone}', (tz at time zone '${zone}')::date from t1`,
      `select g from generate_series(${moment}, ${moment} + '3 days', '${r.pick(['1 day', '12 hours'])}', '${other}') g`,
    ]),
    ordered: false,
  }
}

/**
 * Returns statements with temporary tables and with tables created from other tables. Some of the statements query
 * these tables.
 */
export function temporary(r: Random): readonly RandomStatement[] {
  const option = r.pick(['', '', ' on commit drop', ' on commit delete rows', ' on commit preserve rows'])
  const made = r.pick([
    `create temp table s (id int primary key, a int default 7)${option}`,
    `create temp table s${option} as select id, a from t1`,
    `create temp table s (like t1 including defaults)${option}`,
    `create temp table t3 (id int, a int)${option}`,
  ])
  const name = made.includes('table t3') ? 't3' : 's'
  const plain = (sql: string): RandomStatement => ({ sql, ordered: false })
  const middle = [
    plain(`insert into ${name} (id, a) select id + 30, a from t1`),
    plain(`insert into ${name} (id) values (1)`),
    plain(`update ${name} set a = coalesce(a, 0) + 1 returning id, a`),
    plain(
      `merge into ${name} using t1 on ${name}.id = t1.id when matched then update set a = 0 when not matched then do nothing`,
    ),
    plain('select 1 / 0'),
    plain('savepoint x'),
    plain('rollback to x'),
  ].filter(() => r.below(2) === 0)
  const block = r.below(2) === 0
  return [
    ...(block ? [plain('begin')] : []),
    plain(made),
    ...middle,
    plain(`select id, a from ${name}`),
    ...(block ? [plain(r.pick(['commit', 'rollback']))] : []),
    plain(`select * from ${name}`),
    plain('rollback'),
    plain('discard temp'),
  ]
}
