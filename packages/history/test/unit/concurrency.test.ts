import type { EventInput } from '@chaosproxy/history'
import { hasConcurrency, historyFromEvents } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'

/** A write by a client's process, with the times of its request and its reply. */
type Row = readonly [process: number, session: string | undefined, called: number, returned: number]

/** All operations are invoked in this order, and then all of them complete. */
const overlapping = (...rows: readonly Row[]) =>
  historyFromEvents([
    ...rows.map(
      ([process, session, time]): EventInput => ({
        process,
        session,
        type: 'invoke',
        f: 'write',
        value: process,
        time,
      }),
    ),
    ...rows.map(([process, , , time]): EventInput => ({ process, type: 'ok', f: 'write', value: process, time })),
  ])

const isWrite = (f: string) => f === 'write'
const concurrent = (...rows: readonly Row[]) => hasConcurrency(overlapping(...rows), isWrite)

describe('the overlap of operations', () => {
  test.each<[string, readonly Row[]]>([
    [
      'of clients without a session at any times',
      [
        [0, undefined, 1, 2],
        [1, undefined, 1, 2],
      ],
    ],
    [
      'of two clients at equal times',
      [
        [0, 'a', 1, 2],
        [1, 'b', 1, 2],
      ],
    ],
    [
      'of one client if the second was sent before the first reply',
      [
        [0, 'a', 1, 3],
        [1, 'a', 2, 3],
      ],
    ],
    [
      'of one client with equal times and two replies',
      [
        [0, 'a', 1, 2],
        [1, 'a', 1, 3],
      ],
    ],
    [
      'of a request and of another client',
      [
        [0, 'a', 1, 3],
        [1, 'a', 1, 3],
        [2, 'b', 2, 4],
      ],
    ],
  ])('an overlap is reported for two operations %s', (_, rows) => {
    expect(concurrent(...rows)).toBe(true)
  })

  test('the parts of one request do not count as overlapping, although their times are equal', () => {
    expect(concurrent([0, 'a', 1, 2])).toBe(false)
    expect(concurrent([0, 'a', 1, 2], [1, 'a', 1, 2], [2, 'a', 1, 2])).toBe(false)
  })

  test('an operation called after the reply to a request does not overlap the request', () => {
    const request: readonly Row[] = [
      [0, 'a', 1, 2],
      [1, 'a', 1, 2],
    ]
    const later: readonly EventInput[] = [
      { process: 1, session: 'a', type: 'invoke', f: 'read', time: 3 },
      { process: 1, type: 'ok', f: 'read', value: 1, time: 4 },
    ]
    const events = [
      ...request.map(
        ([process, session, time]): EventInput => ({ process, session, type: 'invoke', f: 'write', value: 1, time }),
      ),
      ...request.map(([process, , , time]): EventInput => ({ process, type: 'ok', f: 'write', value: 1, time })),
    ]
    expect(hasConcurrency(historyFromEvents([...events, ...later]), isWrite)).toBe(false)
    // The read is invoked before the request's writes are answered, so it may see only some of these writes.
    const [first, second, ...answers] = events as [EventInput, EventInput, ...EventInput[]]
    const other: EventInput = { process: 2, session: 'b', type: 'invoke', f: 'read', time: 1.5 }
    expect(hasConcurrency(historyFromEvents([first, second, other, ...answers]), isWrite)).toBe(true)
  })
})
