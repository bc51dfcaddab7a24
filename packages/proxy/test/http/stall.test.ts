import { expect, test } from 'vitest'
import { closeEverythingAfterEach } from '../sockets.ts'
import { recordThroughStall } from './stalled-disk.ts'

closeEverythingAfterEach()

test.each([
  ['waits for nothing', undefined, false],
  ['and waits itself once too much waits for it', 2000, true],
])(
  'while the disk stalls, traffic goes on, %s, and nothing is missing of its record',
  async (_, maximumBehindBytes, isCongested) => {
    const { kinds, counters, statistics } = await recordThroughStall({
      requests: 2000,
      stallMs: 100,
      maximumBehindBytes,
    })
    expect(counters).toMatchObject({ operations: 2000, ok: 2000, open: 0, unmatched: 0, incomplete: 0, waiting: 0 })
    expect(kinds).toEqual({ invocations: 2000, completions: 2000, reversals: 0 })
    expect(statistics).toMatchObject({ writtenLines: 4000, lostLines: 0, behindBytes: 0 })
    expect(statistics.congestions > 0).toBe(isCongested)
  },
)
