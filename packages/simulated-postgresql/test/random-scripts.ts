import { type Kind, type Random, type RandomStatement, randomExpression } from './random-expressions.ts'
import { temporary } from './random-merges.ts'
import { randomStatement } from './random-statements.ts'

// Random scripts: several statements of one session, such as transactions with savepoints and errors, cursors, or
// prepared statements. Each script ends outside of a transaction.

type Script = readonly RandomStatement[]

const plain = (sql: string): RandomStatement => ({ sql, ordered: true })

const FAILING = [
  'select 1 / 0',
  'insert into t1 (id) values (1)',
  "select 'x'::int",
  'select nothing from t1',
  'insert into t2 (t1_id, name) values (99, null)',
  'update t2 set q = -100',
]

const WRITES = [
  'insert into t1 (id, a) values (20, 1) on conflict (id) do update set a = t1.a + 1 returning a',
  "insert into t3 (k) values ('new') on conflict do nothing returning k",
  'update t1 set a = coalesce(a, 0) + 1 where id in (1, 2) returning id, a',
  'delete from t2 where id = 1 returning name',
  "update t3 set m = m * 2, label = 'z' where k = 'k1' returning m, label",
]

const LEVELS = ['', ' isolation level repeatable read', ' isolation level serializable', ' read only']

/** Returns a transaction with savepoints, rollbacks to these savepoints, and errors. */
function transaction(r: Random): Script {
  const script = [plain(`begin${r.pick(LEVELS)}`)]
  for (let left = 3 + r.below(8); left > 0; left -= 1) {
    const name = r.pick(['a', 'b', 'a'])
    const step = r.pick<() => RandomStatement>([
      () => plain(`savepoint ${name}`),
      () => plain(`rollback to ${name}`),
      () => plain(`release ${name}`),
      () => plain(r.pick(FAILING)),
      () => ({ sql: r.pick(WRITES), ordered: false }),
      () => ({ sql: r.pick(WRITES), ordered: false }),
      () => ({
        sql: 'select (select count(*) from t1), (select sum(a) from t1), (select count(*) from t2)',
        ordered: false,
      }),
      () => randomStatement(r),
    ])
    script.push(step())
  }
  script.push(plain(r.pick(['commit', 'commit', 'rollback', 'end', 'commit and chain'])), plain('rollback'))
  return [...script, { sql: 'select id, a, b from t1', ordered: false }]
}

const MOVES = [
  'next',
  'prior',
  'first',
  'last',
  '2',
  '0',
  'all',
  'forward 2',
  'forward all',
  'backward 1',
  'backward all',
  'absolute 2',
  'absolute -1',
  'relative -1',
  'relative 2',
]

function cursor(r: Random): Script {
  const query = r.pick([
    'select id, a, b from t1 order by id',
    'select id, q, name from t2 where q > 0 order by id desc',
    'select n, n * n from generate_series(1, 5) n',
    'values (1), (2), (3)',
    'select id from t1 order by id for update',
  ])
  const options = r.pick(['', ' scroll', ' no scroll', ' insensitive', ' scroll'])
  const held = r.below(4) === 0 ? ' with hold' : ''
  const script = [plain('begin'), plain(`declare c${options} cursor${held} for ${query}`)]
  for (let left = 2 + r.below(6); left > 0; left -= 1) {
    const moved = `${r.pick(['fetch', 'fetch', 'move'])} ${r.pick(MOVES)} from c`
    script.push(plain(r.below(12) === 0 ? r.pick([...FAILING, 'savepoint s', 'rollback to s', 'close c']) : moved))
    if (r.below(8) === 0) script.push({ sql: r.pick(WRITES), ordered: false })
  }
  script.push(plain(r.pick(['commit', 'commit', 'rollback'])))
  if (held !== '') script.push(plain('fetch 2 from c'))
  return [...script, plain('close all')]
}

const PARAMETERS: readonly Kind[] = ['int', 'text', 'num', 'date', 'bool', 'jsonb', 'ints']
const TYPES: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  int: ['int', 'bigint', 'smallint'],
  text: ['text', 'varchar(3)'],
  num: ['numeric', 'numeric(6,1)'],
  date: ['date'],
  bool: ['boolean'],
  jsonb: ['jsonb'],
  ints: ['int[]'],
}

function prepared(r: Random): Script {
  const [one, two] = [r.pick(PARAMETERS), r.pick(PARAMETERS)]
  const types = [one, two].map((kind) => r.pick(TYPES[kind] ?? ['text']))
  const declared = r.below(4) === 0 ? '' : ` (${types.join(', ')})`
  const query = r.pick([
    'select $1, $2',
    'select $1 as x, coalesce($2, $2) as y from t1 where id = 1',
    'select id from t1 where a = $1 or $2 is null order by id',
    'insert into t3 (k, n) values ($2, $1) on conflict (k) do update set n = excluded.n returning k, n',
    'update t1 set a = $1 where b = $2 returning id, a',
    'select id, $1 from t1 where b like $2 order by id',
    'select $1::text || $2::text',
    'select case when $1 is null then 0 else 1 end, $2',
    'select array[$1], $2 is not null',
    'select count(*) from t1 where id = any (array[$1, 2]) and $2 = $2',
  ])
  const script = [plain(`prepare p${declared} as ${query}`)]
  for (let left = 1 + r.below(3); left > 0; left -= 1) {
    const [a, b] = [one, two].map((kind) => randomExpression(r, 1, {}, r.below(8) === 0 ? r.pick(PARAMETERS) : kind))
    const values = r.pick([`${a}, ${b}`, `${a}, ${b}`, `${a}, ${b}`, `'1', null`, `${a}`])
    script.push({ sql: `execute p(${values})`, ordered: query.includes('order by') })
  }
  return [...script, plain('deallocate p')]
}

export function randomScript(r: Random): Script {
  return r.pick([transaction, transaction, cursor, prepared, temporary])(r)
}
