import { beforeAll, expect, test } from 'vitest'
import { createEngine } from '../../src/session/engine.ts'
import type { Session } from '../../src/session/session.ts'
import { loadParser } from '../../src/sql/parse.ts'

let session: Session
let engine: ReturnType<typeof createEngine>
const listener = { notice() {}, notification() {}, parameter() {}, terminated() {} }

beforeAll(async () => {
  await loadParser()
  engine = createEngine({ time: { now: () => 757_382_400_000_000n, after: () => () => {} }, random: () => 0.5 })
  session = engine.connect(new Map([['user', 'postgres']]), listener)
})

/** Returns the value of an expression as text. */
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
  ["regexp_replace('café au lait', '\\W+', '-', 'g')", 'café-au-lait'],
  ["'é' ~ '^[\\w-]$' and '١' ~ '[[:alnum:]]' and '½' !~ '\\w' and 'é' !~ '[^\\w]'", 't'],
  ["U&'\\00A0' ~ '\\s' or U&'\\FEFF' ~ '[[:space:]]' or U&'\\202F' ~ '[\\s]'", 'f'],
  ["U&'\\3000' ~ '\\s' and E'\\v' ~ '[[:space:]]' and 'é' ~ '^\\S$'", 't'],
  ["regexp_replace('xabcabc', '(?:abc){1,2}', '-')", 'x-'],
  ["'ſ' ilike 's'", 'f'],
  ["'STRAßE É' ~* 'straße é'", 't'],
  ["'É%' ilike 'é\\%'", 't'],
  ['\'{"b":1}\'::jsonb > \'{"aa":1}\'::jsonb', 't'],
  ['\'{"b":1,"aa":2}\'::jsonb', '{"b": 1, "aa": 2}'],
  ["interval '1:30' hour to second", '01:30:00'],
  ["to_char(timestamp '2024-02-29 15:04:05', 'FM-MI FM\"a\"MI FMMI')", '-04 a04 4'],
  ["to_char(timestamp '2024-02-29 15:04:05', 'hh24:mi Month Dy')", '15:04 February  Thu'],
  ['json_typeof(\' ["\\u0000"]\'::json)', 'array'],
  ["json_typeof('\"\\u0000\"'::json) || json_typeof('-1e200000'::json)", 'stringnumber'],
  ['json_array_length(\'["\\u0000", 1]\'::json)', '2'],
  ["power(-1::float8, 'Infinity')", '1'],
  ["'Infinity'::numeric::float8", 'Infinity'],
  ["concat_ws(',', array[1, 2])", '{1,2}'],
])('select %s returns %s', (expression, expected) => {
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
  ['1e39::numeric::real', `22003 "1${'0'.repeat(39)}" is out of range for type real`],
  ['1e400::float8', `22003 "1${'0'.repeat(400)}" is out of range for type double precision`],
  ["'1e-400'::numeric::float8", `22003 "0.${'0'.repeat(399)}1" is out of range for type double precision`],
  ["'1e400'::jsonb::float8", `22003 "1${'0'.repeat(400)}" is out of range for type double precision`],
  ['array_position(array[1], 1, null)', '22004 initial position must not be null'],
  ["make_interval(secs => 'NaN')", '22008 interval out of range'],
  ["json_array_length('{}'::json)", '22023 cannot get array length of a non-array'],
  ["json_array_length('1'::json)", '22023 cannot get array length of a scalar'],
  ['1 where 1', '42804 argument of WHERE must be type boolean, not type integer'],
])('select %s fails with the error %s', (expression, expected) => {
  expect(failure(expression)).toBe(expected)
})

test('an expression that is not simulated is refused with its name', () => {
  expect(failure("to_tsvector('a b')")).toContain('is not simulated')
  expect(failure('concat(variadic array[1, 2])')).toContain('VARIADIC in a call of concat is not simulated')
  expect(failure("interval '1:30' minute to second")).toMatch(/the text '1:30' of an interval with fields is not sim/)
  expect(failure("interval '1.5' hour")).toContain("the text '1.5' of an interval with fields is not simulated")
  expect(failure("now() at time zone 'ACST'")).toContain('the abbreviation ACST of a time zone is not simulated')
})

test.each([
  ['exp(1.0)', 'the function exp(numeric)'],
  ["b'1' & b'1'", 'the operator bit & bit'],
  ["~ b'1'", 'the operator ~ bit'],
  ["m from regexp_matches('a', 'a') m", 'the function regexp_matches'],
  ['stddev(x) from (values (1.5)) v(x)', 'the aggregate stddev(numeric)'],
  ["regexp_replace('ab', 'a|b', '')", "the text that the regular expression 'a|b' matches"],
  ["regexp_replace('abab', 'a?(ab)?', 'X')", "the text that the regular expression 'a?(ab)?' matches"],
  ["'.' ~ '[+-\\w]'", "the regular expression '[+-\\w]'"],
  ["'a' ~ '[\\W]'", "the regular expression '[\\W]'"],
  ["'x' ~ '[^]'", "the regular expression '[^]'"],
  ["'ſ' ~* 's'", "case-insensitive matching of 'ſ' in a regular expression"],
  ["to_char(timestamp '2024-01-01', 'Hh24:Mi')", "to_char(…, 'Hh24:Mi')"],
  ["to_char(timestamp '2024-01-01', 'YYYY TZ')", "to_char(…, 'YYYY TZ')"],
  ["to_char(timestamp '0044-03-15 BC', 'YYYY')", "to_char(…, 'YYYY')"],
  ["to_char(timestamp '2024-01-01', 'SSSS')", "to_char(…, 'SSSS')"],
  ["interval '1.1 months'", "the interval '1.1 months'"],
  ["extract(decade from timestamp '2024-01-01')", 'the field decade of a timestamp'],
])('select %s fails with an error that names %s and recommends --calculator', (expression, what) => {
  expect(failure(expression)).toContain(`${what} (--calculator has PGlite compute it) is not simulated`)
})

test('constant expressions are evaluated before rows are read, except in unreachable branches', () => {
  expect(failure('1 / 0 from generate_series(1, 0)')).toBe('22012 division by zero')
  expect(value('case when false then 1 / 0 else 2 end')).toBe('2')
})

test.each([
  ['DateStyle', ['ISO', 'iso, mdy'], 'SQL, MDY'],
  ['DateStyle', ['ISO, MDY'], 'ISO, DMY'],
  ['IntervalStyle', ['postgres', 'POSTGRES'], 'iso_8601'],
  ['bytea_output', ['hex'], 'escape'],
  ['extra_float_digits', ['1', '2', '3'], '0'],
])('the setting %s accepts %j and refuses %s, in SET and at startup', (name, fine, other) => {
  const set = (to: string) => failure(`set_config('${name}', '${to}', true)`)
  const start = (to: string) => engine.connect(new Map([[name, to]]), listener).parameters()
  for (const to of fine) {
    expect(set(to)).toBe(`value ${to}`)
    start(to)
  }
  expect(set(other)).toContain(`SET ${name} TO ${other} is not simulated`)
  expect(() => start(other)).toThrow(`SET ${name} TO ${other} is not simulated`)
})
