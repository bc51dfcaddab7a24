import { expect, test } from 'vitest'
import { recordHttpUnderFaults } from '../../http/under-faults.ts'

test.each(['HTTP/1.1', 'HTTP/2', 'gRPC'] as const)(
  'under faults of every kind, a record of %s has no wrong outcome and accounts for every effect',
  async (spoken) => {
    const { wrong, unaccounted, counters, arrived, accounted, count } = await recordHttpUnderFaults(spoken, 400)
    expect(wrong).toEqual([])
    expect(unaccounted).toBeLessThanOrEqual(counters.notUnderstood)
    expect(accounted).toBe(arrived)
    expect(counters).toMatchObject({ open: 0, waiting: 0 })
    for (const type of ['ok', 'fail', 'info']) expect(count(type)).toBeGreaterThan(0)
  },
)
