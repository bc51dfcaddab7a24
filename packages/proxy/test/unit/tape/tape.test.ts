import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deliveredAtMs, streamsOf } from '../../../src/tape/stream.ts'
import { Tape, type TapeEntry } from '../../../src/tape/tape.ts'

const KIB = 1024

/** Generates entries for a tape, each with its kind, stream and size. */
const written = fc.array(
  fc.record({
    kind: fc.constantFrom('bytes', 'delivered', 'closed', 'unread'),
    stream: fc.nat(5),
    sizeBytes: fc.integer({ min: 1, max: 40 * KIB }),
  }),
  // By default, fast-check rarely generates more than ten entries. These would not fill the memory.
  { maxLength: 200, size: 'max' },
)

function play(tape: Tape, entries: readonly { kind: string; stream: number; sizeBytes: number }[]): void {
  for (const [atMs, { kind, stream, sizeBytes }] of entries.entries()) {
    if (kind === 'bytes') tape.received(stream, atMs, atMs, Buffer.alloc(sizeBytes, stream + 1))
    else if (kind === 'delivered') tape.delivered(stream, atMs, sizeBytes)
    else tape.note(kind as 'closed', stream, atMs)
  }
}

test('a tape keeps the latest traffic that fits its memory, and the time up to which it may have lost events', () => {
  fc.assert(
    fc.property(written, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), (entries, most, left) => {
      const tape = new Tape(most * 64 * KIB, { leftBytes: left * 64 * KIB })
      play(tape, entries)
      expect(tape.memoryBytes).toBeLessThanOrEqual(Math.min(most, left) * 64 * KIB)
      const kept = [...tape.entries()]
      const from = entries.length - kept.length
      expect(kept.map(({ atMs }) => atMs)).toEqual(entries.map((_, atMs) => atMs).slice(from))
      expect(kept.map(({ kind, stream }) => ({ kind, stream }))).toEqual(
        entries.slice(from).map(({ kind, stream }) => ({ kind, stream })),
      )
      expect(tape.forgottenUntilMs).toBe(from === 0 ? Number.NEGATIVE_INFINITY : from - 1)
    }),
    { numRuns: 40 },
  )
})

test('a tape of 64 KiB holds 2,048 events, and deletes all of them to store another event', () => {
  const tape = new Tape(64 * KIB, { leftBytes: 64 * KIB })
  for (let atMs = 0; atMs < 2048; atMs++) tape.note('unread', 1, atMs)
  expect([[...tape.entries()].length, tape.forgottenUntilMs]).toEqual([2048, Number.NEGATIVE_INFINITY])
  tape.note('unread', 1, 2048)
  expect([[...tape.entries()].length, tape.forgottenUntilMs]).toEqual([1, 2047])
})

test('a tape keeps the beginning and the length of a long chunk', () => {
  const tape = new Tape(64 * KIB, { leftBytes: 64 * KIB })
  tape.received(4, 1.5, 7, Buffer.alloc(40 * KIB, 'a'))
  const [entry] = [...tape.entries()] as [TapeEntry & { kind: 'bytes' }]
  expect({ ...entry, bytes: entry.bytes.toString() }).toEqual({
    ...{ kind: 'bytes', stream: 4, atMs: 1.5, positionBytes: 7, sizeBytes: 40 * KIB, isDelivered: false },
    bytes: 'a'.repeat(16 * KIB),
  })
})

test('a tape records bytes delivered immediately in one entry, and delayed bytes in two entries', () => {
  const tape = new Tape(64 * KIB, { leftBytes: 64 * KIB })
  tape.received(0, 1, 0, Buffer.from('now'))
  tape.delivered(0, 1, 3)
  tape.received(0, 2, 3, Buffer.from('later'))
  tape.delivered(0, 4, 8)
  expect([...tape.entries()].map(({ kind, atMs }) => [kind, atMs])).toEqual([
    ['bytes', 1],
    ['bytes', 2],
    ['delivered', 4],
  ])
  expect([...tape.entries()].map((entry) => entry.kind === 'bytes' && entry.isDelivered)).toEqual([true, false, false])
})

test.each<readonly [string, (tape: Tape) => void, number]>([
  ['of another stream', (tape) => tape.delivered(1, 1, 8), 2],
  ['at another time', (tape) => tape.delivered(0, 2, 8), 2],
  ['of fewer bytes', (tape) => tape.delivered(0, 1, 7), 2],
  ['of the same bytes', (tape) => tape.delivered(0, 1, 8), 1],
  [
    'after another event',
    (tape) => {
      tape.note('closed', 0, 1)
      tape.delivered(0, 1, 8)
    },
    3,
  ],
])(
  'a delivery %s gets a tape entry of its own unless it delivers exactly the bytes of the last entry',
  (_, deliver, entries) => {
    const tape = new Tape(64 * KIB, { leftBytes: 64 * KIB })
    tape.received(0, 1, 5, Buffer.from('abc'))
    deliver(tape)
    const [first, ...others] = [...tape.entries()]
    expect([first?.kind === 'bytes' && first.isDelivered, others.length + 1]).toEqual([entries === 1, entries])
  },
)

test('a tape keeps every kind of event, with stream numbers, times and byte positions of any size', () => {
  const tape = new Tape(64 * KIB, { leftBytes: 64 * KIB })
  tape.delivered(70_000, 0.5, 2 ** 40)
  for (const kind of ['opened', 'finished', 'closed', 'disturbed', 'unread'] as const)
    tape.note(kind, 70_000, 1e9 + 0.5)
  tape.received(70_001, 2e9, 2 ** 40, Buffer.from('x'))
  expect([...tape.entries()]).toEqual([
    { kind: 'delivered', stream: 70_000, atMs: 0.5, totalBytes: 2 ** 40 },
    ...['opened', 'finished', 'closed', 'disturbed', 'unread'].map((kind) => ({
      kind,
      stream: 70_000,
      atMs: 1e9 + 0.5,
    })),
    {
      ...{ kind: 'bytes', stream: 70_001, atMs: 2e9, positionBytes: 2 ** 40, sizeBytes: 1, isDelivered: false },
      bytes: Buffer.from('x'),
    },
  ])
})

test('a tape takes its memory from the common budget, in pieces of 64 KiB, and keeps it', () => {
  const budget = { leftBytes: 3 * 64 * KIB - 1 }
  const [one, other, none] = [
    new Tape(200 * KIB, budget),
    new Tape(64 * KIB, budget),
    new Tape(64 * KIB - 1, { leftBytes: 1 << 20 }),
  ]
  const chunk = Buffer.alloc(16 * KIB)
  for (let atMs = 0; atMs < 4; atMs++) one.received(0, atMs, 0, chunk)
  expect([one.memoryBytes, budget.leftBytes]).toEqual([2 * 64 * KIB, 64 * KIB - 1])
  other.note('opened', 0, 7)
  none.note('opened', 0, 8)
  expect([other.memoryBytes, other.forgottenUntilMs, [...other.entries()].length]).toEqual([0, 7, 0])
  expect([none.memoryBytes, none.forgottenUntilMs]).toEqual([0, 8])
})

test.each([
  [0, 1],
  [1, 1],
  [5, 1],
  [6, 2],
  [8, 2],
  [9, 4],
  [20, 4],
  [21, undefined],
])('the delivery time of byte %i is that of the first delivery that reaches this byte: %s ms', (endBytes, atMs) => {
  const tape = new Tape(64 * KIB, { leftBytes: 64 * KIB })
  tape.delivered(0, 1, 5)
  tape.delivered(0, 2, 8)
  tape.delivered(1, 3, 9)
  tape.delivered(0, 4, 20)
  const [stream] = streamsOf(tape.entries())
  expect(stream && deliveredAtMs(stream, endBytes)).toBe(atMs)
})

test('streamsOf gives the times of the events of a stream, but only the first of several disturbances', () => {
  const tape = new Tape(64 * KIB, { leftBytes: 64 * KIB })
  const events = ['opened', 'unread', 'disturbed', 'disturbed', 'unread', 'finished', 'closed'] as const
  for (const [i, kind] of events.entries()) tape.note(kind, 4, i + 1)
  tape.received(4, 9, 0, Buffer.from('ab'))
  tape.delivered(4, 9, 2)
  expect(streamsOf(tape.entries())).toEqual([
    {
      ...{ number: 4, openedAtMs: 1, unreadAtMs: [2, 5], disturbedAtMs: 3, finishedAtMs: 6, closedAtMs: 7 },
      pieces: [expect.objectContaining({ positionBytes: 0, sizeBytes: 2, atMs: 9 })],
      deliveries: [{ totalBytes: 2, atMs: 9 }],
    },
  ])
})
