import { describe, expect, test } from 'vitest'
import type { Operand } from '../../../src/postgresql/action.ts'
import { type Parsed, parse } from '../../../src/postgresql/sql-parser.ts'
import { statementsOf, type Token } from '../../../src/postgresql/sql-tokens.ts'
import type { Expression, Query } from '../../../src/postgresql/sql-tree.ts'

const tokensOf = (sql: string): readonly Token[] => statementsOf(sql)?.[0] ?? []

const operand = (given: Operand | undefined): string =>
  given === undefined ? '' : given.kind === 'constant' ? JSON.stringify(given.text) : `$${given.number}`

/**
 * Prints a tree in brackets: `equal(column a, "1")`. Braces enclose the text of an expression that the parser does not
 * understand.
 */
function printerOf(tokens: readonly Token[]) {
  const text = ({ from, to }: { readonly from: number; readonly to: number }): string =>
    tokens
      .slice(from, to)
      .map((token) => token.text)
      .join(' ')
  const expression = (found: Expression): string => {
    const parts = found.parts.map(expression)
    switch (found.is) {
      case 'operand':
        return operand(found.operand)
      case 'column':
        return found.table === undefined ? found.column : `${found.table}.${found.column}`
      case 'compared':
        return `(${parts.join(` ${found.comparison} `)})`
      case 'sum':
        return `(${parts.join(found.sign === 1 ? ' + ' : ' - ')})`
      case 'query':
      case 'exists':
        return `${found.is} ${query(found.query)}`
      case 'call':
        return `${found.name}(${parts.join(', ')})${found.isPlain ? '' : '!'}`
      case 'other':
        return `{${text(found)}}${parts.length === 0 ? '' : `(${parts.join(', ')})`}`
      default:
        return `${found.is}(${parts.join(', ')})`
    }
  }
  const query = ({ items, sources, where, limit, offset, locks, isPlain }: Query): string =>
    [
      `[${items.map(expression).join(', ')}`,
      ...sources.map(
        ({ name, alias, on, query: nested, isMerged }) =>
          ` ${isMerged ? 'merged ' : ''}from ${nested === undefined ? name : query(nested)}${alias === undefined ? '' : ` ${alias}`}${on === undefined ? '' : ` on ${expression(on)}`}`,
      ),
      where === undefined ? '' : ` where ${expression(where)}`,
      limit === undefined ? '' : ` limit ${operand(limit)}`,
      offset === undefined ? '' : ` offset ${operand(offset)}`,
      ...locks.map(
        ({ isForUpdate, of, isSkipping }) =>
          ` ${isForUpdate ? 'update' : 'share'}${of.map((name) => ` ${name}`).join()}${isSkipping ? ' skipping' : ''}`,
      ),
      isPlain ? ']' : ']!',
    ].join('')
  return { expression, query }
}

/** Prints the expression, which is the only item of a SELECT. */
const item = (sql: string): string => {
  const tokens = tokensOf(`SELECT ${sql}`)
  const tree = parse(tokens)
  if (typeof tree === 'string' || tree.does !== 'select') return String(tree)
  return tree.query.items.map(printerOf(tokens).expression).join(', ')
}

const selected = (sql: string): string => {
  const tokens = tokensOf(sql)
  const tree = parse(tokens)
  return typeof tree === 'string' || tree.does !== 'select' ? String(tree) : printerOf(tokens).query(tree.query)
}

const changed = (sql: string): string => {
  const tokens = tokensOf(sql)
  const tree: Parsed = parse(tokens)
  if (typeof tree === 'string' || tree.does === 'select') return String(tree)
  const { expression, query } = printerOf(tokens)
  const { does, target, named, returning } = tree
  const list = (all: readonly Expression[]) => all.map(expression).join(', ')
  const sets = (all: readonly { readonly column: Expression; readonly value: Expression }[] = []) =>
    all.map(({ column, value }) => `${expression(column)} := ${expression(value)}`).join(', ')
  const conflict = (tree.does === 'insert' && tree.conflict) || undefined
  const parts =
    tree.does === 'insert'
      ? [
          `(${tree.columns.join()})`,
          ...tree.inserted.map((row) => `(${list(row)})`),
          ...(conflict === undefined
            ? []
            : [
                `conflict (${conflict.columns?.join() ?? ''}) ${conflict.sets === undefined ? 'nothing' : sets(conflict.sets)}${conflict.isConditional ? ' if' : ''}`,
              ]),
        ]
      : [
          sets(tree.sets),
          ...tree.sources.map(({ name, query: nested }) => `from ${nested === undefined ? name : query(nested)}`),
          ...(tree.where === undefined ? [] : [`where ${expression(tree.where)}`]),
        ]
  return [
    ...[...named].map(([name, each]) => `with ${name} ${query(each)}`),
    `${does} ${target.name}${target.alias === undefined ? '' : ` ${target.alias}`}`,
    ...parts.filter((part) => part !== ''),
    ...(returning.length === 0 ? [] : [`returning ${list(returning)}`]),
  ].join(' ')
}

describe('the PostgreSQL parser', () => {
  test.each<readonly [string, string]>([
    ['a or b or c and d and not e', 'or(a, b, and(c, d, not(e)))'],
    ['not not a', 'a'],
    ['not a = 1', 'not((a = "1"))'],
    ['a = 1', '(a = "1")'],
    ['a != 1', '(a <> "1")'],
    ['a <= b', '(a <= b)'],
    ['a = any ($1)', 'any(a, $1)'],
    ['a <> any ($1)', '{a <> any ( $1 )}(a, $1)'],
    ['a = all ($1)', '{a = all ( $1 )}(a, $1)'],
    ['a < some ($1)', '{a < some ( $1 )}(a, $1)'],
    ['a is null', 'is null(a)'],
    ['a is not null', 'is not null(a)'],
    ['a is distinct from 1', '{a is distinct from 1}(a, "1")'],
    ['a is not distinct from b + 1', '{a is not distinct from b + 1}(a, (b + "1"))'],
    ['a is true', '{a is true}(a)'],
    ['a is not unknown and b = 1', 'and({a is not unknown}(a), (b = "1"))'],
    ['a in (1, 2)', 'in(a, "1", "2")'],
    ['a not in (1)', 'not(in(a, "1"))'],
    ['a in (select 1)', 'in(a, query ["1"])'],
    ['a in (select distinct b from c)', '{a in ( select distinct b from c )}(a, query [b from c]!)'],
    ['a in $1', '{a in $1}({a in}(a), {})'],
    ['a in (1 2)', 'in(a, {1 2}("1", {}))'],
    ['a between 1 and 2', 'and((a >= "1"), (a <= "2"))'],
    ['a not between 1 and 2 and b', 'and(not(and((a >= "1"), (a <= "2"))), b)'],
    ['a between 1 or 2', 'or({a between 1}(a, "1"), "2")'],
    ['a between 1 and 2 or c', 'or(and((a >= "1"), (a <= "2")), c)'],
    ['a + 1', '(a + "1")'],
    ['a - 1', '(a - "1")'],
    ['a + 1 - 2', '{a + 1 - 2}(a, "1", "2")'],
    ['1 - a', '("1" - a)'],
    ['-1 + a', '("-1" + a)'],
    ['- a', '{- a}(a)'],
    ['a::int', 'cast(a)'],
    ['a::numeric(10, 2)', 'cast(a)'],
    ['a::int[]', 'cast(a)'],
    ['a::int::text', 'cast(a)'],
    ['a::pg_catalog.int4 + 1', '(cast(a) + "1")'],
    ['a::numeric(10, 2)[] = 1', '(cast(a) = "1")'],
    ['(a)', 'a'],
    ['(a, b)', '{( a , b )}(a, b)'],
    ['(a b, c)', '{( a b , c )}(a, b, {}, c)'],
    ['()', '{( )}'],
    ['((a = 1))', '(a = "1")'],
    ['(select a from b)', 'query [a from b]'],
    ['(select a from b) + 1', '(query [a from b] + "1")'],
    ['*', '*'],
    ['t.*', 't.*'],
    ['s.t.c', 't.c'],
    ['t.f(1)', 't.f("1")'],
    ['count(*)', 'count(*)'],
    ['count(distinct a)', 'count(distinct, a)!'],
    ['f()', 'f()'],
    ['f(a, b)', 'f(a, b)'],
    ['"f"(1)', '"f"("1")'],
    ['f(select 1)', 'f(query ["1"])'],
    ['exists (select 1)', 'exists ["1"]'],
    ['exists (1)', 'exists("1")'],
    ['"exists" (select 1)', '"exists"(query ["1"])'],
    ['cast(a as int)', 'cast(a)'],
    ['cast(a)', 'cast(a)'],
    ['cast(a, b as int)', 'cast(a, b, {}, int)!'],
    ['f(a as int)', 'f(a)!'],
    ['cast(a as numeric(10, 2))', 'cast(a)'],
    ['"cast"(a as int)', '"cast"(a)!'],
    ['case when a = 1 then b else c end', '{case when a = 1 then b else c end}((a = "1"), b, c)'],
    ['case a when 1 then 2 end = 3', '({case a when 1 then 2 end}(a, "1", "2") = "3")'],
    ['"case"', 'case'],
    ['f(case when a then b)', 'f({case when a then b}(a, b))'],
    ['case a . end', '{case a . end}(a.end)'],
    ['a || b', '{a || b}(a, b)'],
    ['a || b || c', '{a || b || c}(a, b, c)'],
    ["a like 'x'", '{a like x}(a, "x")'],
    ["a not like 'x'", 'not({a not like x}(a, "x"))'],
    ['a not ilike b and c = 1', 'and(not({a not ilike b}(a, b)), (c = "1"))'],
    ['a like b escape c', '{a like b escape c}(a, b, c)'],
    ['a at time zone b', '{a at time zone b}(a, time, b)'],
    ['a * 2 alias', '{a * 2}(a, "2")'],
    ['a = 1 alias', '(a = "1")'],
    ['a not', 'a'],
    ['a collate "C" = 1', '{a collate C = 1}(a, C, "1")'],
    ['left(a, 1)', 'left(a, "1")'],
    ['right (a, 1)', 'right(a, "1")'],
    ['a = left(b, 1)', '(a = left(b, "1"))'],
    ['a left', 'a'],
    ['a "left"', 'a'],
    ['a[1]', '{a [ 1 ]}(a, "1", {})'],
    ['a, b', 'a, b'],
    ['a as b, c d', 'a, c'],
    ['a as b = 1', 'a'],
    ['f(a) over (partition by b)', '{f ( a ) over ( partition by b )}(f(a), {partition by b}(partition, b))'],
    [
      'count(*) filter (where a = 1)',
      '{count ( * ) filter ( where a = 1 )}(count(*), {( where a = 1 )}({}, {}, (a = "1")))',
    ],
    ['row(1, 2)', 'row("1", "2")'],
  ])('the parts of the expression %s are: %s', (sql, parts) => {
    expect(item(sql)).toBe(parts)
  })

  test.each<readonly [string, string]>([
    ['select a from t', '[a from t]'],
    ['select a from t as x', '[a from t x]'],
    ['select a from t x where a = 1', '[a from t x where (a = "1")]'],
    ['select distinct a from t', '[a from t]!'],
    ['select all a from t', '[a from t]!'],
    ['select a from only t', '[a from t]'],
    ['select a from s.t x, u', '[a from t x from u]'],
    ['select a from t join u on t.a = u.a', '[a from t from u on (t.a = u.a)]'],
    ['select a from t left outer join u using (a)', '[a from t merged from u]'],
    ['select a from t natural join u', '[a from t merged from u]'],
    ['select a from t natural left join u, v', '[a from t merged from u from v]'],
    ['select a from t cross join u', '[a from t from u]'],
    ['select a from (select b from c) d', '[a from [b from c] d]'],
    ['select a from (select b from c limit 1) as d where a = 1', '[a from [b from c limit "1"] d where (a = "1")]'],
    ['select a from (values (1)) d', 'other'],
    ['select a from (t join u on 1 = 1)', 'other'],
    ['select a from f(1)', '[a from f]!'],
    ['select a from t order by a limit 1', '[a from t limit "1"]'],
    ['select a from t limit 1 offset 2', '[a from t limit "1" offset "2"]'],
    ['select a from t offset 2 rows fetch first 1 row only', '[a from t limit null offset "2"]'],
    ['select a from t fetch next 1 rows only', '[a from t limit null]'],
    ['select a from t limit all', '[a from t limit null]'],
    ['select a from t limit 1 + 1', '[a from t limit null]'],
    ['select a from t limit $1 offset $2', '[a from t limit $1 offset $2]'],
    ['select a from t limit (select 1)', '[a from t limit null]'],
    ['select a from t for update', '[a from t update]'],
    ['select a from t for no key update', '[a from t update]'],
    ['select a from t for share', '[a from t share]'],
    ['select a from t for key share', '[a from t share]'],
    ['select a from t for update of t, s.u nowait', '[a from t update t, u]'],
    ['select a from t for update skip locked', '[a from t update skipping]'],
    ['select a from t for update of t for share of u skip locked', '[a from t update t share u skipping]'],
    ['select a from t for nothing', '[a from t]!'],
    ['select a from t order by a for update limit 1', '[a from t limit "1" update]'],
    ['select a from t group by a', '[a from t]!'],
    ['select a from t union select b from u', '[a from t]!'],
    ['select a from t where a = 1 window w as (b)', '[a from t where (a = "1")]!'],
    ['select a from t where (a = 1', '[a from t where {( a = 1}((a = "1"))]'],
    ['select a)', 'other'],
    ['select a from', '[a]!'],
    ['select a from t where', '[a from t where {}]'],
    ['select a from t where a = (select b from u for update)', '[a from t where (a = query [b from u update])]'],
    [
      'select a from t where a in (select b from u where c = 1 limit 2)',
      '[a from t where in(a, query [b from u where (c = "1") limit "2"])]',
    ],
    [
      'select a from t where a in (select b from u union select 1)',
      '[a from t where {a in ( select b from u union select 1 )}(a, query [b from u]!)]',
    ],
    ['select a from t tablesample x', '[a from t]!'],
    ['select a from t limit 1 for update offset 2', '[a from t limit "1" offset "2" update]'],
  ])('the parts of the query %s are: %s', (sql, parts) => {
    expect(selected(sql)).toBe(parts)
  })

  test.each<readonly [string, string]>([
    ['insert into t (a, b) values (1, 2)', 'insert t (a,b) ("1", "2")'],
    ['insert into s.t as x (a) values (1), (2) returning a, b c', 'insert t x (a) ("1") ("2") returning a, b'],
    ['insert into t values (1)', 'insert t () ("1")'],
    ['insert t values (1)', 'other'],
    ['insert into t (a) select 1', 'other'],
    ['insert into t (a) values 1', 'other'],
    ['insert into t (a) values (1', 'other'],
    ['insert into t default values', 'other'],
    ['insert into t (a values (1)', 'other'],
    ['insert into t (a) values (1) on conflict do nothing', 'insert t (a) ("1") conflict () nothing'],
    [
      'insert into t (a) values (1) on conflict (a, b) do nothing returning a',
      'insert t (a) ("1") conflict (a,b) nothing returning a',
    ],
    ['insert into t (a) values (1) on conflict (a) do update set b = 2', 'insert t (a) ("1") conflict (a) b := "2"'],
    [
      'insert into t (a) values (1) on conflict (a) do update set b = excluded.b, c = t.c + 1 where t.b = 1 returning a',
      'insert t (a) ("1") conflict (a) b := excluded.b, c := (t.c + "1") if returning a',
    ],
    ['insert into t (a) values (1) on conflict on constraint c do nothing', 'other'],
    ['insert into t (a) values (1) on conflict (a) do update b = 1', 'other'],
    ['insert into t (a) values (1) on conflict (a) do delete', 'other'],
    ['insert into t (a) values (1) on duplicate key update a = 1', 'other'],
    ['insert into t (a) values (1) returning', 'insert t (a) ("1") returning {}'],
    ['update t set a = 1', 'update t a := "1"'],
    [
      'update only s.t as x set x.a = 1, b = a + 1 where a = 2 returning *',
      'update t x x.a := "1", b := (a + "1") where (a = "2") returning *',
    ],
    ['update t set (a, b) = (1, 2)', 'update t a := {( 1 , 2 )}("1", "2"), b := {( 1 , 2 )}("1", "2")'],
    ['update t set (a, b) = row(1, 2) where c = 1', 'update t a := row("1", "2"), b := row("1", "2") where (c = "1")'],
    ['update t set a', 'other'],
    ['update t set a = 1, where b = 1', 'other'],
    ['update t a = 1', 'other'],
    [
      'update t set a = 1 from u, (select b from c) d where u.b = 1',
      'update t a := "1" from u from [b from c] where (u.b = "1")',
    ],
    ['update t set a = 1 from', 'other'],
    ['update t set a = 1 order by b', 'other'],
    ['update t set a = 1 where b = 1 limit 1', 'other'],
    ['update t set a[1] = 2', 'other'],
    ['delete from t', 'delete t'],
    ['delete from only t x where a = 1 returning a', 'delete t x where (a = "1") returning a'],
    ['delete t', 'other'],
    ['delete from t using u where t.a = u.a', 'delete t from u where (t.a = u.a)'],
    ['delete from t where current of c', 'delete t where {current of c}(current, c)'],
    ['with n as (select a from b) update t set a = 1', 'with n [a from b] update t a := "1"'],
    [
      'with n as not materialized (select a from b), m as materialized (select c from d) delete from t using n',
      'with n [a from b] with m [c from d] delete t from n',
    ],
    ['with n (a) as (select 1) update t set a = 1', 'other'],
    ['with n as (delete from b) update t set a = 1', 'other'],
    ['with n as (select 1 update t set a = 1', 'other'],
    ['with n as (select 1) select 1', 'other'],
    ['with recursive n as (select 1) delete from t', 'other'],
    ['with n (select 1) delete from t', 'other'],
    ['merge into t using u on a = b', 'other'],
    ['update', 'other'],
    ['delete', 'other'],
    ['insert', 'other'],
    ['with', 'other'],
  ])('the parts of the statement %s are: %s', (sql, parts) => {
    expect(changed(sql)).toBe(parts)
  })
})

test('an expression that is nested more than 100 levels deep is not parsed', () => {
  const nested = (depth: number): string => `${'('.repeat(depth)}a${')'.repeat(depth)}`
  expect(item(nested(100))).toBe('a')
  for (const sql of [nested(101), `(1, ${nested(100)})`, `f(${nested(100)}, b)`]) expect(item(sql)).toBe('too deep')
})
