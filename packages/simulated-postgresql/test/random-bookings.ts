import { type Random, type RandomStatement, randomExpression } from './random-expressions.ts'

// Random statements about bookings of rooms, whose times must not overlap. Rows are changed one by one, because
// PostgreSQL's plan would decide their order.

/** Needs the extension btree_gist. */
export const BOOKINGS: readonly string[] = [
  'create domain rate as numeric(6,2) default 1 check (value < 1000) check (value is null or value <> 13)',
  `create table t4 (id int primary key, room int, during int4range, held tsrange, rate rate,
    exclude using gist (room with =, during with &&))`,
]
export const BOOKED: readonly string[] = [
  `insert into t4 values (1, 1, '[1,5)', '[2024-01-01 10:00,2024-01-01 12:00)'), (2, 1, '[5,7)', '[2024-01-01 12:00,)'),
    (3, 2, '[1,9)', null), (4, null, '[1,9)', 'empty'), (5, 2, 'empty', '(,2024-01-01]')`,
]

export function booking(r: Random): RandomStatement {
  const key = () => `${1 + r.below(9)}`
  const room = () => r.pick(['1', '1', '2', '2', '3', 'null'])
  const span = () => {
    const from = r.below(12)
    return r.pick([
      `int4range(${from}, ${from + 1 + r.below(3)})`,
      `int4range(${from}, ${from + r.below(3)}, '[]')`,
      `'(${from},${from + 2}]'`,
      randomExpression(r, 2, {}, 'range'),
    ])
  }
  const action = () =>
    r.pick(['', '', ' on conflict do nothing', ' on conflict on constraint t4_room_during_excl do nothing'])
  const changed = () =>
    r.pick([`room = ${room()}`, `during = ${span()}`, `room = ${room()}, during = during + ${span()}`])
  const sql = r.pick<() => string>([
    () => `insert into t4 (id, room, during) values (${key()}, ${room()}, ${span()})${action()} returning id, during`,
    () =>
      `insert into t4 values (${10 + r.below(9)}, ${room()}, ${span()}), (${20 + r.below(9)}, ${room()}, ${span()})${action()}`,
    () =>
      `insert into t4 values (${key()}, ${room()}, ${span()}) on conflict (id) do update set ${changed().replace('during +', 't4.during +')} returning *`,
    () => `update t4 set ${changed()} where id = ${key()} returning *`,
    () => `delete from t4 where id = ${key()} and during && ${span()} returning during`,
    () =>
      `select id, during from t4 where during ${r.pick(['&&', '@>', '<@', '-|-', '<<', '&>'])} ${span()} order by during, id`,
    () => `select during, count(*) from t4 group by during order by 1`,
    () => 'select a.id, b.id, a.during * b.during from t4 a join t4 b on a.during && b.during and a.id < b.id',
  ])()
  return { sql, ordered: sql.includes('order by') }
}
