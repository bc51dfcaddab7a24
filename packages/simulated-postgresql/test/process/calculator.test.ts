import { beforeAll, describe, expect, test } from 'vitest'
import { startCalculator } from '../../src/functions/pglite.ts'
import { createEngine } from '../../src/session/engine.ts'
import type { Session } from '../../src/session/session.ts'
import { loadParser } from '../../src/sql/parse.ts'

let session: Session

beforeAll(async () => {
  await loadParser()
  const time = { now: () => 757_382_400_000_000n, after: () => () => {} }
  const engine = createEngine({ time, random: () => 0.5, calculator: await startCalculator() })
  const listener = { notice() {}, notification() {}, parameter() {}, terminated() {} }
  session = engine.connect(new Map([['user', 'postgres']]), listener)
}, 60_000)

function answered(sql: string): string | null {
  const statement = [...session.parse(`select (${sql})::text`)][0]!
  const step = session.execute(statement, []).next()
  session.sync()
  if (step.done !== true || step.value.kind !== 'rows') throw new Error('no rows')
  return String(step.value.rows[0]?.[0])
}

describe('a calculator (--calculator)', () => {
  test.each([
    ['exp(1.0)', '2.7182818284590452'],
    ['ln(2.0)', '0.6931471805599453'],
    ['erf(0.5)', '0.5204998778130465'],
    ["make_date(2024, 2, 29)::text || ' ' || exp(0.0)::text", '2024-02-29 1.0000000000000000'],
    ['exp(null::numeric) is null', 'true'],
    ["date 'Jan 8, 1999'", '1999-01-08'],
    ["time '04:05 PM'", '16:05:00'],
    ["interval '1.5 months' + interval 'P1DT2H'", '1 mon 16 days 02:00:00'],
    ["json_extract_path('{\"a\":{\"b\":1}}', 'a', 'b')", '1'],
    ['|/ 25.0', '5'],
    ["b'1010' << 1", '0100'],
    ["date '2024-05-01' <@ daterange('2024-01-01', null) and int4range(1, 3) -|- int4range(3, 5)", 'true'],
    ["to_char(1234.5, 'FM9,999.00')", '1,234.50'],
    ["to_date('07 Mar 2024', 'DD Mon YYYY')", '2024-03-07'],
    ["regexp_replace('foobar', 'o+|b', '-')", 'f-bar'],
    ["(select string_agg(m[1], ',') from regexp_matches('a1b2', '[0-9]', 'g') m)", '1,2'],
    ['(select string_agg(key || value, \',\') from json_each_text(\'{"a":1,"b":2}\'))', 'a1,b2'],
    ['(select stddev_pop(x) from (values (2), (4)) t(x))', '1.00000000000000000000'],
    ['(select corr(x, x * 2) from (values (1), (2)) t(x))', '1'],
    [
      '(select array_agg(s) from (select sum(bit_or(x)) over (order by x) s from (values (1), (2)) t(x) group by x) t)',
      '{1,3}',
    ],
  ])('a calculator computes %s', (sql, expected) => {
    expect(answered(sql)).toBe(expected)
  })

  test('a calculator raises the errors of PostgreSQL, and still computes later expressions', () => {
    expect(() => answered('sqrt(-1.0::numeric)')).toThrow('cannot take square root of a negative number')
    expect(answered('sqrt(4.0::numeric)')).toMatch(/^2\.0+$/)
    expect(answered('exp(0.0::float8)')).toBe('1')
    expect(() => answered('ln(-1.0)')).toThrow('cannot take logarithm of a negative number')
    expect(answered('ln(1.0)')).toBe('0.0000000000000000')
  })

  test('a calculator computes in the time zone of the session', () => {
    const zoned = "to_char(timestamptz '2024-07-01 00:00+00', 'HH24 TZ')"
    expect(answered(zoned)).toBe('00 UTC')
    answered("set_config('TimeZone', 'Europe/Berlin', false)")
    expect(answered(zoned)).toBe('02 CEST')
    answered("set_config('TimeZone', 'UTC', false)")
  })

  test('PGlite computes only functions whose results depend only on their arguments and the time zone', () => {
    expect(() => answered('to_tsvector($$a b$$)')).toThrow('is not simulated')
    for (const statement of session.parse("create type mood as enum ('good')")) session.execute(statement, []).next()
    session.sync()
    expect(() => answered("array_replace(array['good'::mood], 'good', null)")).toThrow('is not simulated')
  })
})
