import { expect, test } from 'vitest'
import { recordUnderFaults } from '../../resp/under-faults.ts'

test('under faults of every kind, a record of Redis has no wrong outcome and accounts for every effect', async () => {
  const { wrong, invented, unaccounted, isAnythingTouched, counters, count, sent } = await recordUnderFaults({
    operations: 600,
    transactions: false,
  })
  expect({ wrong, invented, unaccounted, isAnythingTouched }).toEqual({
    wrong: [],
    invented: [],
    unaccounted: [],
    isAnythingTouched: false,
  })
  expect(counters).toMatchObject({ open: 0, waiting: 0 })
  expect(counters.unmatched + counters.incomplete).toBeLessThan(sent)
  for (const type of ['ok', 'fail', 'info']) expect(count(type)).toBeGreaterThan(0)
})

test('under faults of every kind, a record of Redis transactions has no wrong outcome and accounts for every effect', async () => {
  const { wrong, invented, unaccounted } = await recordUnderFaults({ operations: 300, transactions: true })
  expect({ wrong, invented, unaccounted }).toEqual({ wrong: [], invented: [], unaccounted: [] })
})
