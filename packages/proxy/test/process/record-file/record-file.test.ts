import { mkdtempSync, readdirSync, readFileSync, rmSync, write as writeFile, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { UserError } from '@chaosproxy/history'
import { afterAll, describe, expect, test } from 'vitest'
import { type Disk, openRecordFile } from '../../../src/record-file/record-file.ts'
import { sealRecord } from '../../../src/record-file/seal-record.ts'

const directory = mkdtempSync(join(tmpdir(), 'chaos-record-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
const newPath = () => join(directory, `history${files++}.jsonl`)
const line = (i: number) => `{"index":${i}}\n`

/** A disk that writes only when the test lets it. */
class StalledDisk {
  readonly written: string[] = []
  #done: ((error: Error | null) => void)[] = []

  readonly write: Disk = (_, bytes, done) => {
    if (this.#done.length > 0) throw new Error('two writes at once')
    this.written.push(bytes.toString())
    this.#done.push(done)
  }

  get isWriting(): boolean {
    return this.#done.length > 0
  }

  proceed(error: Error | null = null): void {
    for (const done of this.#done.splice(0)) done(error)
  }
}

test('a closed record file contains the header and then every line', async () => {
  const path = newPath()
  const file = openRecordFile(path, { header: () => ({ chaos: 1, model: 'register' }) })
  const lines = Array.from({ length: 20_000 }, (_, i) => line(i))
  for (const text of lines) file.write(text)
  await file.close()
  expect(readFileSync(path, 'utf8')).toBe(`{"chaos":1,"model":"register"}\n${lines.join('')}`)
  expect(file.statistics).toMatchObject({ writtenLines: 20_000, lostLines: 0, behindBytes: 0, path })
})

test('a record file keeps lines of any length and in any script', async () => {
  const path = newPath()
  const file = openRecordFile(path)
  const lines = ['💥\n', `${'ü'.repeat(300_000)}\n`, 'x\n', `${'€'.repeat(21_000)}\n`, `${'y'.repeat(65_535)}\n`]
  for (const text of lines) file.write(text)
  await file.close()
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''))
})

test('a record file writes a line without waiting for the next line', async () => {
  const path = newPath()
  const file = openRecordFile(path)
  file.write(line(1))
  await expect.poll(() => readFileSync(path, 'utf8')).toBe(line(1))
  await file.close()
})

describe('a recording in several parts', () => {
  const newDirectory = () => join(directory, `parts${files++}`)
  const partsIn = (path: string) => readdirSync(path).sort()
  const textOf = (path: string) =>
    path.endsWith('.gz') ? gunzipSync(readFileSync(path)).toString() : readFileSync(path, 'utf8')

  test('a recording starts a new part before a line would exceed the size limit', async () => {
    const path = newDirectory()
    const file = openRecordFile(path, { parts: { bytes: 150_000 } })
    const lines = Array.from({ length: 40_000 }, (_, i) => line(i))
    for (const text of lines) file.write(text)
    await file.close()
    const names = partsIn(path)
    expect(names).toEqual([
      'part-0001.jsonl',
      'part-0002.jsonl',
      'part-0003.jsonl',
      'part-0004.jsonl',
      'part-0005.jsonl',
    ])
    const contents = names.map((name) => textOf(join(path, name)))
    expect(contents.join('')).toBe(lines.join(''))
    for (const content of contents) {
      expect(content.length).toBeLessThanOrEqual(150_000)
      expect(content.endsWith('}\n')).toBe(true)
    }
    expect(file.statistics).toMatchObject({ path, parts: { current: 5, removed: 0 }, lostLines: 0 })
  })

  test('a recording fills a part to exactly its size limit, and keeps a longer line alone in its part', async () => {
    const path = newDirectory()
    const file = openRecordFile(path, { parts: { bytes: 10 } })
    const [long, short] = ['a line of 18 bytes\n', 'abcd\n']
    for (const text of [long, short, short, short, long]) file.write(text)
    await file.close()
    expect(partsIn(path).map((name) => textOf(join(path, name)))).toEqual([long, short + short, short, long])
  })

  test('a recording starts a new part with the first event after the time limit', async () => {
    const path = newDirectory()
    const file = openRecordFile(path, { parts: { everyMs: 60_000 } })
    for (const minutes of [0, 0.5, 0.99, 1, 1.5, 180, 181]) file.write(line(minutes), { time: minutes * 60e9 })
    await file.close()
    expect(partsIn(path).map((name) => textOf(join(path, name)))).toEqual([
      line(0) + line(0.5) + line(0.99),
      line(1) + line(1.5),
      line(180),
      line(181),
    ])
  })

  test('a recording reports the part and line of an event before the event is on disk', async () => {
    const path = newDirectory()
    const disk = new StalledDisk()
    const file = openRecordFile(path, { parts: { bytes: 100_000 }, disk: disk.write, header: () => ({ chaos: 1 }) })
    const places = Array.from({ length: 20_000 }, (_, i) => {
      file.write(line(i))
      return file.place()
    })
    const closed = file.close()
    while (disk.isWriting) disk.proceed()
    await closed
    const blocks = disk.written.join('').split('\n')
    expect(places[0]).toEqual({ path: join(path, 'part-0001.jsonl'), line: 2 })
    expect(places.at(-1)?.path).toBe(join(path, 'part-0004.jsonl'))
    const before = places.findIndex((place) => place?.path.endsWith('part-0003.jsonl'))
    expect(places[before]?.line).toBe(1)
    expect(`${blocks[before + 1]}\n`).toBe(line(before))
  })

  test('a recording compresses its finished parts', async () => {
    const path = newDirectory()
    const file = openRecordFile(path, { parts: { bytes: 50_000, compress: true } })
    const lines = Array.from({ length: 10_000 }, (_, i) => line(i))
    for (const text of lines) file.write(text)
    await file.close()
    const names = partsIn(path)
    expect(names.slice(0, 2)).toEqual(['part-0001.jsonl.gz', 'part-0002.jsonl.gz'])
    expect(names.every((name) => name.endsWith('.jsonl.gz'))).toBe(true)
    expect(names.map((name) => textOf(join(path, name))).join('')).toBe(lines.join(''))
  })

  test.each([false, true])(
    'a recording keeps its newest parts and the parts with evidence (compressed: %o)',
    async (compress) => {
      const path = newDirectory()
      const file = openRecordFile(path, { parts: { everyMs: 1, keep: 2, compress } })
      for (let ms = 0; ms < 20; ms++) {
        file.write(line(ms), { time: ms * 1e6 })
        await expect.poll(() => file.statistics.writtenLines).toBe(ms + 1)
        if (ms !== 9) continue
        // Wait until the earlier parts have been removed, because `pin` keeps all existing parts.
        await expect.poll(() => file.statistics.parts?.removed).toBe(8)
        file.pin()
      }
      await file.close()
      expect(partsIn(path).map((name) => textOf(join(path, name)))).toEqual([9, 10, 19, 20].map((n) => line(n - 1)))
      expect(file.statistics).toMatchObject({ parts: { current: 20, removed: 16 } })
    },
  )

  test('on a full disk, a recording deletes its oldest part if that is allowed, and reports the loss', async () => {
    const path = newDirectory()
    const notices: string[] = []
    let room = 3
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const disk: Disk = (file, bytes, done) => {
      const taken = room > 0 ? bytes : bytes.subarray(0, 5)
      room--
      writeFile(file, taken, 0, taken.length, null, () => done(taken === bytes ? null : full))
      if (taken !== bytes) room = 1
    }
    const onNotice = (sentence: string) => notices.push(sentence)
    const file = openRecordFile(path, { parts: { everyMs: 1, keep: 100 }, disk, onNotice })
    for (let ms = 0; ms < 4; ms++) {
      file.write(line(ms), { time: ms * 1e6 })
      await expect.poll(() => file.statistics.writtenLines, { timeout: 10_000 }).toBe(ms + 1)
    }
    await file.close()
    expect(partsIn(path).map((name) => textOf(join(path, name)))).toEqual([line(1), line(2), line(3)])
    expect(notices).toEqual([expect.stringContaining('part-0001.jsonl: removed to make room')])
    expect(file.statistics.lostLines).toBe(0)
  })
})

describe('a recording on a stalled disk', () => {
  test('a recording reports its backlog, and pauses traffic only if the backlog exceeds a bound', async () => {
    const disk = new StalledDisk()
    const file = openRecordFile(newPath(), { disk: disk.write, maximumBehindBytes: 200_000 })
    let relieved = 0
    for (let i = 0; file.statistics.behindBytes < 190_000; i++) file.write(line(i))
    expect(file.congested).toBe(false)
    for (let i = 0; i < 10_000; i++) file.write(line(i))
    expect(file.congested).toBe(true)
    file.whenRelieved(() => relieved++)
    expect(relieved).toBe(0)
    const closed = file.close()
    while (disk.isWriting) disk.proceed()
    await closed
    expect(relieved).toBe(1)
    expect(file).toMatchObject({ congested: false, statistics: { behindBytes: 0, lostLines: 0, congestions: 1 } })
    expect(file.statistics.mostBehindBytes).toBeGreaterThan(200_000)
    expect(disk.written.join('').length).toBe(file.statistics.writtenBytes)
  })

  test('a recording resumes traffic once the backlog is half of the bound', async () => {
    const disk = new StalledDisk()
    const parts = { bytes: 20_000 }
    const file = openRecordFile(join(directory, 'halved'), { disk: disk.write, maximumBehindBytes: 80_000, parts })
    const text = `${'x'.repeat(19_999)}\n`
    for (let i = 0; i < 4; i++) file.write(text)
    expect([file.congested, file.statistics.behindBytes]).toEqual([false, 80_000])
    file.write(text)
    expect([file.congested, file.statistics.congestions]).toEqual([true, 1])
    const relievedAt: number[] = []
    file.whenRelieved(() => relievedAt.push(disk.written.length))
    const closed = file.close()
    while (disk.isWriting) disk.proceed()
    await closed
    // Traffic resumes after three of the five lines. The backlog is then 40,000 bytes, which is half of the bound.
    expect([relievedAt, disk.written]).toEqual([[3], Array(5).fill(text)])
  })

  test('a recording writes waiting lines in batches of at most 4 MiB', async () => {
    const disk = new StalledDisk()
    const file = openRecordFile(newPath(), { disk: disk.write })
    const text = `${'x'.repeat(999)}\n`
    for (let i = 0; i < 10_000; i++) file.write(text)
    const closed = file.close()
    while (disk.isWriting) disk.proceed()
    await closed
    const sizes = disk.written.map(({ length }) => length)
    expect(sizes.length).toBeLessThan(6)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * 1024 * 1024)
    expect(disk.written.join('')).toBe(text.repeat(10_000))
  })

  test('a recording counts lost lines if the disk fails, and reports the failure once', async () => {
    const disk = new StalledDisk()
    const errors: UserError[] = []
    const file = openRecordFile(newPath(), {
      disk: disk.write,
      maximumBehindBytes: 1000,
      onError: (error) => errors.push(error),
    })
    for (let i = 0; i < 20_000; i++) file.write(line(i))
    expect(file.congested).toBe(true)
    disk.proceed(new Error('no space left on device'))
    expect(file.congested).toBe(false)
    file.write(line(0))
    await file.close()
    expect(file.statistics).toMatchObject({ writtenLines: 0, lostLines: 20_001, behindBytes: 0 })
    expect(errors.map(({ code, message }) => [code, message.includes('no space left on device')])).toEqual([
      ['environment', true],
    ])
  })
})

describe('a record file on a failing disk', () => {
  const seal = '{"sealed":true}\n'

  test.each([
    ['it fails before a line is complete', 0, '{"index":0}\n{"index":1}\n{"ind', seal],
    ['it fails in the middle of a line', 24, '{"index":0}\n{"index":1}\n{"ind', `{"index":0}\n${seal}`],
    ['it fails when part of a line leaves enough room', 12, '{"index":0}\n{"index":1, "more":', `{"index":0}\n${seal}`],
    ['it fails with too little room', 0, '{"in', '{"in'],
  ])('a record file ends with a failure report if the disk has room: %s', (_, wholeBytes, content, sealed) => {
    const path = newPath()
    writeFileSync(path, content)
    expect(sealRecord(path, wholeBytes, seal)).toBe(sealed !== content)
    expect(readFileSync(path, 'utf8')).toBe(sealed)
  })

  test('the last line of a record file on a full disk reports the failure', async () => {
    const path = newPath()
    let writes = 0
    const disk: Disk = (file, bytes, done) => {
      if (writes++ === 0) writeFile(file, bytes, 0, bytes.length, null, (error) => done(error))
      else done(new Error('ENOSPC'))
    }
    const file = openRecordFile(path, { seal, disk, onError: () => undefined })
    for (let i = 0; i < 10_000; i++) file.write(line(i))
    await file.close()
    const lines = readFileSync(path, 'utf8').split('\n')
    expect(lines.slice(-2)).toEqual([seal.trim(), ''])
    expect(file.statistics.lostLines).toBeGreaterThan(0)
  })
})

test('openRecordFile immediately refuses a path that it cannot write', () => {
  expect(() => openRecordFile(join(directory, 'nowhere', 'history.jsonl'))).toThrow(UserError)
})
