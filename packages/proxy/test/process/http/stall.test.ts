import { expect, test } from 'vitest'
import { recordThroughStall } from '../../http/stalled-disk.ts'

test.each([
  ['without waiting', undefined, false],
  ['with waiting beyond a backlog limit', 2000, true],
])(
  'traffic continues while the disk stalls, and is recorded completely: %s',
  async (_, maximumBehindBytes, isCongested) => {
    const { kinds, counters, file } = await recordThroughStall({
      requests: 800,
      stallMs: 300,
      maximumBehindBytes,
    })
    expect(counters).toMatchObject({ operations: 800, ok: 800, open: 0, unmatched: 0, incomplete: 0, waiting: 0 })
    expect(kinds).toEqual({ invocations: 800, completions: 800, reversals: 0 })
    expect(file.statistics).toMatchObject({ writtenLines: 1600, lostLines: 0, behindBytes: 0 })
    expect(file.statistics.congestions > 0).toBe(isCongested)
  },
)
