import { describe, expect, test } from 'vitest'
import { SUBJECTS } from '../compared/subjects.ts'
import { compareStatements, differencesIn } from '../compared-statements.ts'

/** Constructs that the generator writes and that this package refuses. */
const REFUSED = ['AND CHAIN', 'EXCLUDE in a window frame', 'GROUPS in a window frame', 'an infinite interval']

test.each([1, 2, 3])(
  'random statements of seed %d return the columns, rows, counts and errors of PostgreSQL',
  async (seed) => {
    const { refusals, planned, differences, severalErrors } = await compareStatements(seed, 350)
    expect(differences).toEqual([])
    expect([...refusals.keys()].filter((what) => !REFUSED.includes(what))).toEqual([])
    expect(planned).toEqual([])
    expect(severalErrors).toBeLessThan(15)
  },
)

describe.each(Object.entries(SUBJECTS))('Statements about %s', (_, scripts) => {
  test.each(scripts.map((script) => [script[0], script]))(
    'the script that begins with "%s" gets the same answers as from PostgreSQL',
    async (_, script) => expect(await differencesIn(script)).toBe(''),
  )
})
