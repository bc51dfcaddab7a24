import { expect, test } from 'vitest'
import { compareBinaryForms, compareExpressions } from '../compared-expressions.ts'

test.each([1, 2])(
  'random expressions of seed %d have the type and value, or the error, that PostgreSQL returns for them',
  async (seed) => {
    const { differences, planned, refused } = await compareExpressions(seed, 900)
    expect(differences).toEqual([])
    expect(planned).toEqual([])
    expect([...refused.keys()].filter((what) => !/^an infinite interval$|^a cast from bytea/.test(what))).toEqual([])
  },
)

test('values are sent and read in the binary form of PostgreSQL', () => compareBinaryForms(1, 400))
