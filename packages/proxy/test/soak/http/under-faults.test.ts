import { expect, test } from 'vitest'
import { recordHttpUnderFaults } from '../../http/under-faults.ts'

const OPERATIONS = process.env['CHAOS_SOAK'] === 'short' ? 3000 : 10_000

test.each(['HTTP/1.1', 'HTTP/2', 'gRPC'] as const)(
  `faults of every kind cause no wrong outcome in ${OPERATIONS} operations over %s`,
  async (spoken) => {
    const { wrong, unaccounted, counters, arrived, accounted, unhit } = await recordHttpUnderFaults(spoken, OPERATIONS)
    expect({ wrong, unhit }).toEqual({ wrong: [], unhit: [] })
    expect(unaccounted).toBeLessThanOrEqual(counters.notUnderstood)
    expect(accounted).toBe(arrived)
    expect(counters).toMatchObject({ open: 0, waiting: 0 })
  },
)
