import { expect, inject, test } from 'vitest'
import { compareStatements } from '../compared-statements.ts'

// CHAOS_SOAK=short does a few thousand.
const STATEMENTS = process.env['CHAOS_SOAK'] === 'short' ? 2_000 : 50_000
/** In one test. A test that takes an hour is ended, and shows nothing before its end. */
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
