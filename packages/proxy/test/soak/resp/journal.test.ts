import { expect, test } from 'vitest'
import { recordUnderFaults } from '../../resp/under-faults.ts'

test('under faults, a record of 10,000 Redis operations has no wrong outcome and accounts for every effect', async () => {
  const { wrong, invented, unaccounted, unhit, isAnythingTouched, counters } = await recordUnderFaults({
    operations: 10_000,
    transactions: false,
  })
  expect({ wrong, invented, unaccounted, unhit, isAnythingTouched }).toEqual({
    wrong: [],
    invented: [],
    unaccounted: [],
    unhit: [],
    isAnythingTouched: false,
  })
  expect(counters.operations).toBeGreaterThanOrEqual(10_000)
})

test('under faults, a record of 3,000 operations with Redis transactions has no wrong outcome and accounts for every effect', async () => {
  const { wrong, invented, unaccounted } = await recordUnderFaults({ operations: 3000, transactions: true })
  expect({ wrong, invented, unaccounted }).toEqual({ wrong: [], invented: [], unaccounted: [] })
})
