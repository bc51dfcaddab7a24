import { type Event, type Nanos, nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createClockBounds } from '../../src/load/clock-bounds.ts'
import { createMerge } from '../../src/load/merge.ts'
import type { LoadEntry } from '../../src/load/remote-load.ts'

const MS = 1_000_000

/** A run with workers whose clocks are this many milliseconds ahead, and are known to within a millisecond. */
function merging(...ahead: readonly number[]) {
  let nowMs = 0
  const events: Event[] = []
  const workers = ahead.map((_, index) => ({ name: String(index + 1), bounds: createClockBounds() }))
  const remote = (worker: number, ms: number): Nanos => nanos((ms + (ahead[worker] ?? 0)) * MS)
  const merge = createMerge({
    workers,
    startedAt: nanos(0),
    now: () => nanos(nowMs * MS),
    append: (event) => events.push(event),
  })
  return {
    merge,
    events,
    remote,
    /** Advances time, and delivers the entries of every worker. */
    at(ms: number, told: readonly (readonly LoadEntry[])[] = [], saidMs = ms): void {
      nowMs = ms + 0.5
      for (const [worker, { bounds }] of workers.entries()) {
        const at = remote(worker, saidMs)
        bounds.add({ sent: nanos((ms - 0.5) * MS), remote: at, received: nanos((ms + 0.5) * MS) })
        merge.received(worker, told[worker] ?? [], at)
      }
    },
    lines: () => events.map(({ process, type, time }) => `${process} ${type} ${Math.round(time / MS)}`),
  }
}

const planned = (process: number, time: Nanos): LoadEntry => ({
  ...{ type: 'planned', process, time, node: 'n1', f: 'write', key: 'x', value: process },
})
const asked = (process: number, time: Nanos): LoadEntry => ({ type: 'asked', process, time })
const completed = (process: number, time: Nanos): LoadEntry => ({
  ...{ type: 'completed', process, time, completion: { type: 'ok', value: null } },
})

describe('the merged history of workers', () => {
  test('the merged history of workers is in order of time, whatever the clocks of the workers show', () => {
    const { at, remote, merge, lines } = merging(50, -3_000)
    at(0)
    at(100, [
      [planned(0, remote(0, 9)), asked(0, remote(0, 10)), completed(0, remote(0, 40))],
      [planned(1, remote(1, 19)), asked(1, remote(1, 20)), completed(1, remote(1, 30))],
    ])
    expect(lines()).toEqual([])
    at(300)
    expect(lines()).toEqual(['0 invoke 10', '1 invoke 20', '1 ok 30', '0 ok 40'])
    merge.recorder.nemesis('healed', null)
    expect(lines()).toHaveLength(4)
    at(500)
    expect(lines().at(-1)).toBe('nemesis info 301')
  })

  test('the merged history of workers has a time for each event, with a correct bound on its error', () => {
    const { at, remote, events } = merging(50)
    at(0)
    at(100, [[planned(0, remote(0, 30)), asked(0, remote(0, 30)), completed(0, remote(0, 40))]])
    at(300)
    for (const [event, truth] of [
      [events[0], 30],
      [events[1], 40],
    ] as const) {
      const within = Number(event?.extra?.['within'])
      expect(event?.extra?.['clock']).toBe('1')
      expect(Math.abs((event?.time ?? 0) - truth * MS)).toBeLessThanOrEqual(within)
      expect(within).toBeLessThan(MS)
    }
  })

  test('the open operations of a lost worker end as info, and the other workers continue', () => {
    const { at, remote, merge, events, lines } = merging(0, 0)
    at(0)
    const first = [planned(0, remote(0, 10)), asked(0, remote(0, 11)), planned(3, remote(0, 12))]
    at(100, [first, [planned(1, remote(1, 20)), asked(1, remote(1, 20))]])
    expect(merge.ended(0, 'worker 1 was lost')).toBe(2)
    at(400, [[completed(0, remote(0, 390))], [completed(1, remote(1, 110))]])
    at(600)
    expect(lines()).toEqual(['0 invoke 11', '3 invoke 12', '1 invoke 20', '0 info 101', '3 info 101', '1 ok 110'])
    expect(events.filter(({ error }) => error === 'worker 1 was lost')).toHaveLength(2)
    expect(merge.recorder.counts()).toEqual({ ok: 1, fail: 0, info: 2 })
  })

  test('the merged history of workers reports a clock that broke its bounds', () => {
    const { at, remote, events } = merging(0)
    at(0)
    at(100, [[planned(0, remote(0, 50)), asked(0, remote(0, 50)), completed(0, remote(0, 60))]])
    // The worker's machine slept, so almost no time passed by its clock.
    at(1_200, [], 150)
    at(1_400, [], 350)
    expect(events.filter(({ f }) => f === 'clock-broken')).toMatchObject([
      { process: 'recorder', value: { clock: '1' } },
    ])
    expect(events.map(({ index }) => index)).toEqual([0, 1, 2])
  })
})
