import { historyFromEvents } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { heldBytesOf, memoryNote, mostBytes, roomBeside, roomFor, whenAbove } from '../../src/check/memory.ts'

const GB = 1e9
const PROGRAM = { programBytes: 70e6, atOnce: 1, threads: 2 }

test('the memory limit covers the program, the operations and the checking of the operations', () => {
  expect(roomFor(GB)).toBeLessThan(0.9 * GB)
  expect(roomBeside(GB, 0.3 * GB)).toBeCloseTo(roomFor(GB) - 0.3 * GB)
  expect(roomBeside(GB, 2 * GB)).toBe(0)
  expect(mostBytes(GB, PROGRAM)).toBeLessThan(1.2 * GB)
  expect(mostBytes(GB, { ...PROGRAM, atOnce: 2 })).toBeLessThan(2.4 * GB)
  expect(memoryNote(GB)).toBeUndefined()
})

test('a memory limit below the size of the program applies only to the operations, and a note says so', () => {
  expect(roomFor(5e6)).toBe(5e6)
  expect(mostBytes(5e6, PROGRAM)).toBeGreaterThan(200e6)
  expect(memoryNote(5e6)).toMatch(/^--memory 5MB limits only the memory for operations/)
})

test('the estimated memory of a history grows with its operations', () => {
  const events = Array.from({ length: 1000 }, (_, n) => [
    { process: 0, type: 'invoke', f: 'write', value: n } as const,
    { process: 0, type: 'ok', f: 'write', value: n } as const,
  ]).flat()
  const [few, many] = [events.slice(0, 20), events].map((some) => heldBytesOf(historyFromEvents(some)))
  expect((many ?? 0) - (few ?? 0)).toBeGreaterThan(990 * 50)
})

test('a process that exceeds its memory limit is reported once', async () => {
  let times = 0
  await new Promise<void>((resolve) => {
    whenAbove(1, () => {
      times += 1
      resolve()
    })
  })
  expect(times).toBe(1)
  whenAbove(Number.POSITIVE_INFINITY, () => expect.unreachable())()
})
