import { type EventInput, historyFromEvents } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { leftOutReads } from '../../src/judge/left-out-reads.ts'

type EventOf = readonly [
  process: number,
  type: EventInput['type'],
  f: string,
  value?: EventInput['value'],
  error?: string,
]

/** Returns the warnings of `leftOutReads` about a history of the key x with these events, in this order. */
const complaints = (...told: readonly EventOf[]) =>
  leftOutReads(
    historyFromEvents(
      told.map(([process, type, f, value = null, error], time) => ({ time, process, type, f, key: 'x', value, error })),
    ),
  )

const written = [
  [0, 'invoke', 'write', 1],
  [0, 'ok', 'write', 1],
] as const
const removed = [
  [0, 'invoke', 'write', null],
  [0, 'ok', 'write', null],
] as const
const missed = (error = 'status 404') =>
  [
    [1, 'invoke', 'read'],
    [1, 'fail', 'read', null, error],
  ] as const

describe('the warning about reads missing from the record', () => {
  test('leftOutReads names a read that ended in status 404 after an acknowledged write', () => {
    expect(complaints(...written, ...missed())).toEqual([
      '1 read of x ended in status 404 after an acknowledged write and was left out: a lost write looks like this. Have the route say "absent" for status 404 in place of "fail"',
    ])
    expect(complaints(...removed, ...written, ...missed('grpc NOT_FOUND'), ...missed())).toHaveLength(1)
    expect(complaints(...written, ...missed('status 200'))).toHaveLength(1)
  })

  test('leftOutReads counts an increment without an amount as a write', () => {
    expect(complaints([0, 'invoke', 'increment'], [0, 'ok', 'increment'], ...missed())).toHaveLength(1)
  })

  test('leftOutReads omits a read that ended before the write was acknowledged', () => {
    expect(complaints(...missed(), ...written)).toEqual([])
    expect(complaints([0, 'invoke', 'write', 1], ...missed(), [0, 'ok', 'write', 1])).toEqual([])
  })

  test('leftOutReads omits a read that a removal explains, even a removal of unknown outcome', () => {
    expect(complaints(...written, ...removed, ...missed())).toEqual([])
    expect(complaints(...written, [2, 'invoke', 'write', null], ...missed())).toEqual([])
    expect(complaints(...written, [2, 'invoke', 'cas', [1, null]], ...missed())).toEqual([])
  })

  test('leftOutReads omits a read that failed with status 503, and a read after an unacknowledged write', () => {
    expect(complaints(...written, ...missed('status 503'))).toEqual([])
    expect(complaints(...written, ...missed('status 200, which says nothing'))).toEqual([])
    expect(complaints([0, 'invoke', 'write', 1], [0, 'fail', 'write', 1], ...missed())).toEqual([])
    expect(complaints([0, 'invoke', 'write', 1], [0, 'info', 'write', 1], ...missed())).toEqual([])
  })
})
