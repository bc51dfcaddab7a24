import { describe, expect, test } from 'vitest'
import {
  broken,
  changes,
  compact,
  del,
  event,
  events,
  followed,
  judge,
  open,
  progress,
  put,
  txn,
  watch,
  watched,
} from '../watches.ts'

const three = [put(2, 'x', 1), put(3, 'x', 2), put(4, 'y', 3)]
const [x1, x2, y3] = [event(2, 'x', 1), event(3, 'x', 2), event(4, 'y', 3)]

describe('a watch', () => {
  test('a watch is "faithful" if it reported every change, in the order of the revisions', () => {
    const report = judge(...three, watch(1, 4, { from: 2 }), watched(1, events(x1, x2)), followed(1, events(y3)))
    expect(report.headline).toBe('complete and in order')
    expect(report.levels.faithful.result).toBe('met')
  })

  test('a watch may send several revisions together, deletions without a value, and only its requested keys', () => {
    const report = judge(
      ...three,
      del(5, 'x'),
      watch(1, 5, { from: 3, key: 'x', previous: true }),
      followed(
        1,
        events(event(3, 'x', 2, { previous: 1, created: false })),
        events(event(5, 'x', undefined, { previous: 2 })),
      ),
    )
    expect(report.levels.faithful.result).toBe('met')
  })

  test('a watch may refuse to start at a compacted revision', () => {
    const refusal = { ended: true, compacted: 4 }
    expect(broken(judge(...three, compact(4), watch(1, 4, { from: 2 }), watched(1, refusal)))).toEqual([])
    expect(broken(judge(...three, watch(1, 4, { from: 2 }), watched(1, refusal)))).toEqual(['resumable'])
  })

  test('a watch may be resumed after its last revision', () => {
    const first = [watch(1, 4, { from: 2 }), watched(1, events(x1))]
    expect(broken(judge(...three, ...first, watch(2, 4, { from: 3, resumes: 1 }), watched(2, events(x2, y3))))).toEqual(
      [],
    )
    const again = judge(...three, ...first, watch(2, 2, { from: 3, resumes: 1 }), watched(2, events(x1, x2, y3)))
    expect(broken(again)).toEqual(['future'])
    const late = judge(...three, ...first, watch(2, 4, { from: 3, resumes: 1 }), watched(2, events(x1, x2, y3)))
    expect(broken(late)).toEqual(['unique'])
  })
})

describe('a write without an answer', () => {
  const written = [put(2, 'x', 1), open(put(3, 'x', 2)), put(4, 'y', 3)]
  const delivered = [watch(1, 4, { from: 2 }), watched(1, events(x1), events(y3)), followed(1, progress(4))]

  test('a write without an answer leaves a gap in a watch undecided until a read covers its revision', () => {
    expect(judge(...written, ...delivered).levels).toMatchObject({
      faithful: { result: 'unknown' },
      reliable: { result: 'unknown' },
    })
    const seen = judge(...written, ...delivered, changes(3, 4, x2, y3))
    expect(broken(seen)).toEqual(['reliable'])
    // The operations violate the level only together with the read (operation 6), so the counterexample has it.
    expect(seen.levels.reliable).toMatchObject({
      counterexample: { operations: expect.arrayContaining([expect.objectContaining({ operation: 6 })]) },
    })
  })

  test('a write without an answer certainly failed if a read of its revision shows no change', () => {
    expect(judge(...written, ...delivered, changes(3, 3)).levels.faithful.result).toBe('met')
  })

  test('a write without an answer leaves "reliable" unknown while its revision may be one that was never read', () => {
    const more = [put(6, 'x', 6), watched(1, events(event(6, 'x', 6)))]
    expect(judge(...written, ...delivered, changes(3, 4, y3), ...more).levels.reliable.result).toBe('unknown')
  })

  test('a write without an answer stays undecided if a read of its revision shows another value, or ended before the write', () => {
    for (const lines of [
      [...written, ...delivered, changes(3, 3, event(3, 'x', 7))],
      [changes(3, 3, x2), ...written, ...delivered],
    ])
      expect(judge(...lines).levels.reliable).toMatchObject({
        result: 'unknown',
        reason: { text: 'reading revision 3 showed a change of x that nobody is known to have made' },
      })
  })
})

test('a read that lacks acknowledged writes leaves "reliable" unknown, but not "ordered"', () => {
  const back = watched(1, events(y3), events(x1))
  const { levels } = judge(...three, watch(1, 4, { from: 2 }), back, changes(3, 3))
  expect(levels.ordered.result).toBe('violated')
  expect(levels.reliable).toMatchObject({
    result: 'unknown',
    reason: { text: 'reading revision 3 did not show the change that was acknowledged with this revision' },
  })
})

test('an event at a revision violates truthful if a read of that revision lacks the event', () => {
  const lines = [
    put(2, 'x', 1),
    open(put(3, 'x', 2)),
    watch(1, 2, { from: 2 }),
    watched(1, events(x1, x2)),
    changes(3, 3),
  ]
  expect(broken(judge(...lines))).toEqual(['truthful'])
})

describe('the guarantees of a watch', () => {
  const from = (revision: number, ...responses: Parameters<typeof events>) =>
    broken(judge(...three, watch(1, 4, { from: revision }), watched(1, ...responses)))

  test('an event that the watch did not request violates the level "filtered"', () => {
    const one = judge(...three, watch(1, 4, { from: 2, key: 'x' }), watched(1, events(x1, x2, y3)))
    expect(broken(one)).toEqual(['filtered'])
    const none = judge(...three, watch(1, 4, { from: 2, without: ['put'] }), watched(1, events(x1)))
    expect(broken(none)).toEqual(['filtered'])
  })

  test('a lower revision after a higher revision violates the level "ordered"', () =>
    expect(from(2, events(x2), events(x1), events(y3))).toEqual(['ordered']))
  test('the same change twice violates the level "unique"', () =>
    expect(from(2, events(x1), events(x1, x2))).toEqual(['unique']))
  test('a missing revision violates the level "reliable"', () =>
    expect(from(2, events(x1), events(y3))).toEqual(['reliable']))
  test('a missing revision at the start of a watch violates the level "resumable"', () =>
    expect(from(2, events(x2, y3))).toEqual(['resumable']))
  test('a value that nobody wrote violates the level "truthful"', () =>
    expect(from(2, events(event(2, 'x', 7)))).toEqual(['truthful']))

  test('progress that goes back, comes too early or skips an event violates the level "bookmarkable"', () => {
    expect(from(2, events(x1, x2, y3), progress(9), progress(8))).toEqual(['bookmarkable'])
    expect(from(2, events(x1), progress(4), events(x2, y3))).toEqual(['bookmarkable'])
    expect(from(2, events(x1), progress(4))).toEqual(['bookmarkable'])
    expect(from(2, events(x1), progress(2), events(x2, y3), progress(4))).toEqual([])
  })

  test('a split or incomplete revision violates the level "atomic"', () => {
    const both = [txn(2, { x: 1, y: 2 }), put(3, 'x', 4)]
    const sent = (...responses: Parameters<typeof events>) =>
      broken(judge(...both, watch(1, 3, { from: 2 }), watched(1, ...responses)))
    expect(sent(events(event(2, 'x', 1), event(2, 'y', 2)))).toEqual([])
    expect(sent(events(event(2, 'x', 1)), events(event(2, 'y', 2)))).toEqual(['atomic'])
    expect(sent(events(event(2, 'x', 1)), events(event(3, 'x', 4)))).toEqual(['atomic'])
  })

  test('a false previous value or a false created flag violates the level "truthful"', () => {
    expect(from(2, events(x1, event(3, 'x', 2, { previous: 8 })))).toEqual(['truthful'])
    expect(from(2, events(event(2, 'x', 1, { created: false })))).toEqual(['truthful'])
    expect(from(2, events(event(2, 'x', 1, { created: true, previous: null })))).toEqual([])
  })

  test('an event older than the future revision at which the watch starts violates the level "future"', () => {
    const ahead = [put(2, 'x', 1), watch(1, 2, { from: 4 }), put(3, 'x', 2), put(4, 'y', 3)]
    expect(broken(judge(...ahead, watched(1, events(y3))))).toEqual([])
    expect(broken(judge(...ahead, watched(1, events(x2), events(y3))))).toEqual(['future'])
  })

  test('five final requests of a watch that do not return an event violate the level "live"', () => {
    const stuck = [...three, watch(1, 4, { from: 2 }), watched(1, events(x1, x2))]
    expect(judge(...stuck).levels.live.result).toBe('unknown')
    const inVain = Array.from({ length: 5 }, () => followed(1))
    const report = judge(...stuck, ...inVain)
    expect(broken(report)).toEqual(['live'])
    expect(report.headline).toBe('not faithful: gets stuck')
    // The watch's events may still be on their way.
    expect(judge(...stuck, ...inVain.slice(1)).levels.live.result).toBe('unknown')
    expect(judge(...stuck.slice(0, -1), ...inVain, followed(1, events(x1), events(x2))).levels.live.result).toBe(
      'unknown',
    )
    expect(
      judge(...stuck.slice(0, -1), ...inVain, followed(1, events(x1), events(x2), events(y3))).levels.live.result,
    ).toBe('met')
  })
})

describe('a write of unknown outcome', () => {
  test('a write of unknown outcome must be shown by every watch once one watch shows it', () => {
    const lines = [put(2, 'x', 1), open(put(3, 'x', 2)), put(4, 'x', 3), watch(1, 4, { from: 2 })]
    const seen = [event(2, 'x', 1), event(3, 'x', 2), event(4, 'x', 3)]
    expect(broken(judge(...lines, watched(1, events(...seen))))).toEqual([])
    const other = [watch(2, 4, { from: 2 }), watched(2, events(event(2, 'x', 1), event(4, 'x', 3)))]
    expect(broken(judge(...lines, watched(1, events(...seen)), ...other))).toEqual(['reliable'])
  })

  test('a write of unknown outcome leaves "reliable" unknown only if no other write explains a missing revision', () => {
    const gap = [put(2, 'x', 1), open(put(3, 'x', 2)), put(4, 'x', 3), watch(1, 4, { from: 2 })]
    const sent = watched(1, events(event(2, 'x', 1), event(4, 'x', 3)))
    expect(judge(...gap, sent).levels.reliable.result).toBe('unknown')
    const whole = [put(2, 'x', 1), open(put(4, 'x', 2)), put(3, 'x', 3), watch(1, 3, { from: 2 })]
    expect(judge(...whole, watched(1, events(event(2, 'x', 1), event(3, 'x', 3)))).levels.reliable.result).toBe('met')
  })

  test('a write of unknown outcome explains only one event, and only an event after its call', () => {
    const twice = judge(
      open(del(0, 'x')),
      watch(1, 1, { from: 2 }),
      watched(1, events(event(2, 'x')), events(event(3, 'x'))),
    )
    expect(broken(twice)).toEqual(['truthful'])
    const before = judge(watch(1, 1, { from: 2 }), watched(1, events(event(2, 'x', 1))), open(put(2, 'x', 1)))
    expect(broken(before)).toEqual(['truthful'])
  })
})

test('the counterexample of a deletion lost on compaction names the deletion and its process', () => {
  const report = judge(
    ...[put(2, 'a', 1), put(3, 'a', 2), put(4, 'a', 3), del(5, 'a'), put(6, 'a', 4), compact(5)],
    ...[watch(1, 6, { from: 5, key: 'a' }), watched(1, events(event(6, 'a', 4)))],
  )
  expect(broken(report)).toEqual(['resumable'])
  const verdict = report.levels.faithful
  if (verdict.result !== 'violated') throw new Error('it is')
  expect(verdict.counterexample.sentence).toMatch(
    /watch 1 of a from revision 5 was sent the put of 4 to a at revision 6.*and never the deletion of a at revision 5, made by process \d+, which comes first/,
  )
  expect(verdict.counterexample.operations.map(({ operation, role }) => [operation, role])).toEqual([
    [3, 'core'],
    [5, 'context'],
    [6, 'core'],
    [7, 'core'],
  ])
})
