import { beforeAll, describe, expect, test } from 'vitest'
import { startCalculator } from '../src/functions/pglite.ts'
import { createEngine } from '../src/session/engine.ts'
import type { Session } from '../src/session/session.ts'
import { loadParser } from '../src/sql/parse.ts'

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

describe('a calculator', () => {
  test.each([
    ['exp(1.0)', '2.7182818284590452'],
    ['ln(2.0)', '0.6931471805599453'],
    ['erf(0.5)', '0.5204998778130465'],
    ["make_date(2024, 2, 29)::text || ' ' || exp(0.0)::text", '2024-02-29 1.0000000000000000'],
    ['exp(null::numeric) is null', 'true'],
  ])('computes %s', (sql, expected) => {
    expect(answered(sql)).toBe(expected)
  })

  test('raises the errors of PostgreSQL, and goes on', () => {
    expect(() => answered('sqrt(-1.0::numeric)')).toThrow('cannot take square root of a negative number')
    expect(answered('sqrt(4.0::numeric)')).toMatch(/^2\.0+$/)
    expect(answered('exp(0.0::float8)')).toBe('1')
    expect(() => answered('ln(-1.0)')).toThrow('cannot take logarithm of a negative number')
    expect(answered('ln(1.0)')).toBe('0.0000000000000000')
  })

  test('is called only for functions that depend on their arguments alone', () => {
    expect(() => answered('to_tsvector($$a b$$)')).toThrow('is not simulated')
  })
})
