import { beforeAll, expect, test } from 'vitest'
import { createEngine } from '../src/session/engine.ts'
import type { Session } from '../src/session/session.ts'
import { loadParser } from '../src/sql/parse.ts'

let session: Session

beforeAll(async () => {
  await loadParser()
  const engine = createEngine({ time: { now: () => 757_382_400_000_000n, after: () => () => {} }, random: () => 0.5 })
  const listener = { notice() {}, notification() {}, parameter() {}, terminated() {} }
  session = engine.connect(new Map([['user', 'postgres']]), listener)
})

/** The only value of a query, as text. */
function value(expression: string): string | null {
  const [statement] = session.parse(`select ${expression}`)
  const step = session.execute(statement!, []).next()
  if (step.done !== true || step.value.kind !== 'rows') throw new Error(expression)
  session.sync()
  const found = step.value.rows[0]?.[0] ?? null
  const oid = step.value.columns[0]?.type.oid ?? 25
  return found === null ? null : session.context.types.typeOf(oid).output(found, session.context)
}

function failure(expression: string): string {
  try {
    return `value ${value(expression)}`
  } catch (error) {
    session.fail()
    session.sync()
    return `${(error as { code?: string }).code ?? ''} ${(error as Error).message}`
  }
}

test.each([
  ['1.0 / 3', '0.33333333333333333333'],
  ["'5' + 1", '6'],
  ['7 / -2', '-3'],
  ["date '2024-01-31' + interval '1 month'", '2024-02-29 00:00:00'],
  ["age(timestamp '2024-03-01', timestamp '2023-01-31')", '1 year 1 mon 1 day'],
  ["extract(second from timestamp '2024-01-01 00:00:01.5')", '1.500000'],
  ['null and false', 'f'],
  ['3 not in (1, null)', null],
  ["'a' = any('{a,b}')", 't'],
  ['(1, 2) < (1, 3)', 't'],
  ['\'{"a":[1,2]}\'::jsonb @> \'{"a":[2]}\'', 't'],
  ["jsonb_set('{\"a\":1}', '{b,c}', '2')", '{"a": 1}'],
  ["to_char(timestamp '2024-02-29 15:04:05', 'FMDay, DD Mon YYYY HH12:MI AM')", 'Thursday, 29 Feb 2024 03:04 PM'],
  ["regexp_replace('foo bar', '(\\w+) (\\w+)', '\\2 \\1')", 'bar foo'],
  ["string_agg(x, ',' order by x desc) from (values ('a'), ('b')) v(x)", 'b,a'],
  ["tsrange('2024-01-01', '2024-01-02', '[]')", '["2024-01-01 00:00:00","2024-01-02 00:00:00"]'],
  ["'(1,3]'::int4range * int4range(0, null)", '[2,4)'],
  ["'[1,5)'::int4range @> 3 and 5 <@ '(,5]'::int4range", 't'],
  ['sum(x) filter (where x > 1) from generate_series(1, 3) x', '5'],
])('select %s gives %s', (expression, expected) => {
  expect(value(expression)).toBe(expected)
})

test.each([
  ['1 / 0', '22012 division by zero'],
  ['2147483647 + 1', '22003 integer out of range'],
  ['int4range(2, 1)', '22000 range lower bound must be less than or equal to range upper bound'],
  ["'a'::int", '22P02 invalid input syntax for type integer: "a"'],
  ['1 + true', '42883 operator does not exist: integer + boolean'],
  ["'a' + 'b'", '42725 operator is not unique: unknown + unknown'],
  ['nothing(1)', '42883 function nothing(integer) does not exist'],
  ["case when true then 1 else 'x' end", '22P02 invalid input syntax for type integer: "x"'],
  ['1 where 1', '42804 argument of WHERE must be type boolean, not type integer'],
])('select %s fails with the error %s', (expression, expected) => {
  expect(failure(expression)).toBe(expected)
})

test('refuses an expression that it does not compute, by name', () => {
  expect(failure("to_tsvector('a b')")).toContain('is not simulated')
  expect(failure("now() at time zone 'ACST'")).toContain('the abbreviation ACST of a time zone is not simulated')
})

test.each([
  ['exp(1.0)', 'the function exp(numeric)'],
  ["b'1' & b'1'", 'the operator bit & bit'],
  ["~ b'1'", 'the operator ~ bit'],
  ["m from regexp_matches('a', 'a') m", 'the function regexp_matches'],
  ['stddev(x) from (values (1.5)) v(x)', 'the aggregate stddev(numeric)'],
  ["regexp_replace('ab', 'a|b', '')", "the text matched by 'a|b'"],
  ["to_char(timestamp '2024-01-01', 'YYYY TZ')", "to_char(…, 'YYYY TZ')"],
  ["extract(decade from timestamp '2024-01-01')", 'the field decade of a moment'],
])('names the flag with which the calculator computes select %s', (expression, what) => {
  expect(failure(expression)).toContain(`${what} (--calculator has PGlite compute it) is not simulated`)
})

test('computes constants before it reads rows, except in branches that constants exclude', () => {
  expect(failure('1 / 0 from generate_series(1, 0)')).toBe('22012 division by zero')
  expect(value('case when false then 1 / 0 else 2 end')).toBe('2')
})
