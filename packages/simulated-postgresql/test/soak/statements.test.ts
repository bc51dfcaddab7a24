import { expect, inject, test } from 'vitest'
import { compareStatements } from '../compared-statements.ts'

// With CHAOS_SOAK=short, only a few thousand statements are compared.
const STATEMENTS = process.env['CHAOS_SOAK'] === 'short' ? 2_000 : 50_000
/**
 * The number of statements per test. There are several tests, because a test shows nothing before its end and is ended
 * after an hour.
 */
const PART = Math.min(STATEMENTS, 5_000)

const parts = Array.from({ length: STATEMENTS / PART }, (_, part) => inject('seed') + part)

test.each(parts)(
  'random statements of seed %d return the columns, rows, counts and errors of PostgreSQL',
  async (seed) => {
    const { count, refusals, planned, differences, severalErrors } = await compareStatements(seed, PART)
    const total = [...refusals.values()].reduce((a, b) => a + b, 0)
    console.log(
      `${count} statements of seed ${seed}: ${total} refused, ${severalErrors} met another of several errors, ${planned.length} an error or none`,
      [...refusals].slice(0, 20),
      planned.slice(0, 20),
    )
    expect(differences).toEqual([])
    expect(total / PART).toBeLessThan(0.05)
    expect(severalErrors / PART).toBeLessThan(0.03)
    expect(planned.slice(PART * 0.004)).toEqual([])
  },
)
