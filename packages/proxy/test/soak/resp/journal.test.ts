import { expect, test } from 'vitest'
import { recordUnderFaults } from '../../resp/under-faults.ts'

test('faults of every kind cause no wrong outcome in 10,000 operations, and all are accounted for', async () => {
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

test('faults of every kind cause no wrong outcome in 3,000 operations with transactions, and all are accounted for', async () => {
  const { wrong, invented, unaccounted } = await recordUnderFaults({ operations: 3000, transactions: true })
  expect({ wrong, invented, unaccounted }).toEqual({ wrong: [], invented: [], unaccounted: [] })
})
