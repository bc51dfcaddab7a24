import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Tape, type TapeEntry } from '../../../src/tape/tape.ts'

const KIB = 1024

/** What was written, as far as it tells one entry from another. */
const written = fc.array(
  fc.record({
    kind: fc.constantFrom('bytes', 'delivered', 'closed', 'unread'),
    stream: fc.nat(5),
    sizeBytes: fc.integer({ min: 1, max: 40 * KIB }),
  }),
  // By default fast-check seldom draws more than ten entries, which fill no memory.
  { maxLength: 200, size: 'max' },
)

function play(tape: Tape, entries: readonly { kind: string; stream: number; sizeBytes: number }[]): void {
  for (const [atMs, { kind, stream, sizeBytes }] of entries.entries()) {
    if (kind === 'bytes') tape.received(stream, atMs, atMs, Buffer.alloc(sizeBytes, stream + 1))
    else if (kind === 'delivered') tape.delivered(stream, atMs, sizeBytes)
    else tape.note(kind as 'closed', stream, atMs)
  }
}

test('a tape keeps the latest traffic within its memory, and reports the time until which gaps are possible', () => {
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

test('a traffic tape with 64 KiB of memory holds 2,048 events, and deletes all of them to store one more event', () => {
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
