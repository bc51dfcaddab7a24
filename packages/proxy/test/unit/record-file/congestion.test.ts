import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openRecordFile, type RecordFileOptions } from '../../../src/record-file/record-file.ts'

afterEach(() => void vi.useRealTimers())

/** A record file with a disk that writes only when the test lets it. */
function recordFile(options: RecordFileOptions = {}) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const directory = mkdtempSync(join(tmpdir(), 'chaos-congestion-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const written: string[] = []
  const waiting: ((error: Error | null) => void)[] = []
  const file = openRecordFile(join(directory, 'record'), {
    ...options,
    disk(_, bytes, done) {
      written.push(String(bytes))
      waiting.push(done)
    },
  })
  const proceed = (error: Error | null = null) => waiting.shift()?.(error)
  const close = async () => {
    const closed = file.close()
    while (waiting.length > 0) proceed()
    await closed
  }
  return { file, proceed, close, writtenSince: () => written.splice(0) }
}

const line = `${'x'.repeat(49)}\n`

describe('the lines of a record file', () => {
  test('a record file writes a line after 5 ms, or later as soon as the write in progress ends', async () => {
    const { file, proceed, close, writtenSince } = recordFile()
    file.write('a\n')
    vi.advanceTimersByTime(4)
    file.write('b\n')
    expect(writtenSince()).toEqual([])
    vi.advanceTimersByTime(1)
    expect(writtenSince()).toEqual(['a\nb\n'])
    file.write('c\n')
    vi.advanceTimersByTime(5)
    expect([writtenSince(), file.statistics.behindBytes]).toEqual([[], 6])
    proceed()
    expect([writtenSince(), vi.getTimerCount()]).toEqual([['c\n'], 0])
    proceed()
    file.write('e\n')
    expect(writtenSince()).toEqual([])
    await close()
    expect([writtenSince(), vi.getTimerCount()]).toEqual([['e\n'], 0])
  })

  test('a record file writes at once if it has gathered 64 KiB, counting three bytes for each character', async () => {
    const third = `${'x'.repeat(21_844)}\n`
    for (const [first, written] of [
      ['\n', []],
      ['x\n', ['x\n']],
    ] as const) {
      const { file, close, writtenSince } = recordFile()
      file.write(first)
      file.write(third)
      expect(writtenSince()).toEqual(written)
      await close()
      expect(writtenSince().join('').endsWith(third)).toBe(true)
    }
  })

  test('a record file counts a line only after the line is written or lost', async () => {
    const { file, proceed, close } = recordFile({ onError: () => undefined })
    file.write('a\n')
    vi.advanceTimersByTime(5)
    expect(file.statistics).toMatchObject({ writtenLines: 0, writtenBytes: 0, behindBytes: 2, mostBehindBytes: 2 })
    proceed()
    expect(file.statistics).toMatchObject({ writtenLines: 1, writtenBytes: 2, behindBytes: 0, mostBehindBytes: 2 })
    expect(file.place()?.line).toBe(1)
    for (const text of ['b\n', 'c\n']) file.write(text)
    vi.advanceTimersByTime(5)
    file.write('d\n')
    expect(() => proceed(new Error('full'))).not.toThrow()
    file.write('e\n')
    expect(file.statistics).toMatchObject({ writtenLines: 1, lostLines: 4, behindBytes: 0 })
    expect(file.place()).toBeUndefined()
    await close()
  })
})

describe('a record file', () => {
  test.each([
    [100, 1],
    [99, 2],
  ])(
    'a record file is congested above its limit of %i waiting bytes, and relieved at half the limit, after %i writes',
    async (most, writes) => {
      const { file, proceed, close } = recordFile({ maximumBehindBytes: most, parts: { bytes: 50 } })
      let relieved = 0
      file.whenRelieved(() => relieved++)
      expect([relieved, file.congested]).toEqual([1, false])
      // Each line begins a new part, so each line is written separately.
      file.write(line)
      file.write(line)
      expect(file.congested).toBe(most < 100)
      file.write(line)
      expect(file.congested).toBe(true)
      expect(file.statistics).toMatchObject({ congestions: 1, behindBytes: 150, mostBehindBytes: 100 })
      for (let i = 0; i < 2; i++) file.whenRelieved(() => relieved++)
      for (let i = 1; i < writes; i++) proceed()
      expect([relieved, file.congested]).toEqual([1, true])
      proceed()
      expect([relieved, file.congested]).toEqual([3, false])
      await close()
    },
  )

  test('a record file counts how often it was congested', async () => {
    const { file, proceed, close } = recordFile({ maximumBehindBytes: 60 })
    for (const congestions of [1, 2]) {
      file.write(line)
      vi.advanceTimersByTime(5)
      file.write(line)
      expect(file.statistics.congestions).toBe(congestions)
      proceed()
      expect(file.congested).toBe(false)
      vi.advanceTimersByTime(5)
      proceed()
    }
    await close()
  })
})
