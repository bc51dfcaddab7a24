import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Event, type Header, nanos, UserError } from '@chaosproxy/history'
import { MemoryLimitError, openHistoryWriter, readHistory } from '@chaosproxy/history/files'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { printEdnEvent } from '../../src/codecs/edn-writer.ts'
import { readEvents } from '../../src/files/read.ts'
import { readKeys, type WantedKeys } from '../../src/files/read-keys.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'chaos-history-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

const refusal = async (path: string, options: Parameters<typeof readHistory>[1] = {}): Promise<string> => {
  try {
    await readHistory(path, options)
  } catch (error) {
    if (error instanceof UserError) return `${error.code}: ${error.message.replaceAll(directory, 'DIR')}`
    throw error
  }
  return 'accepted'
}

const someEvents = (count: number): Event[] =>
  Array.from({ length: count }, (_, index) => ({
    index,
    time: nanos(index * 10),
    process: (index >> 1) % 5,
    type: index % 2 === 0 ? 'invoke' : 'ok',
    f: 'write',
    key: 'x',
    value: index >> 1,
    ...(index % 10 === 0 ? { extra: { epoch: index } } : {}),
  }))

const collect = async (path: string, options: Parameters<typeof readEvents>[1] = {}): Promise<Event[]> => {
  const events: Event[] = []
  for await (const event of readEvents(path, options)) events.push(event)
  return events
}

/**
 * 200 events, compressed with `zstd -19`: processes 0 to 4 take turns to invoke a write of 0, 1, 2, …, which is
 * acknowledged.
 */
const zstd200 = Buffer.from(
  'KLUv/WTEJv0KAOIPKBmAS9pIfd/L78+1gZCJeovs3ikTX8rJZQoDmZmZmZmZmZmZiYiIiIiIiIiIiHh3d3d3d3d3d3dnZmZmZmZm' +
    'ZmZmVlVVVVVVVVVVVfX/////////tm3btm3btt22bdu2bdu2REREREREREREmYh3ZlXKf9ttiajQACLKchiGIdA4yWEWhITjLGdw' +
    'ksMUmsaBcJbDIB6LkyjLUSgYQZNAHEiA0agx9Pb/DqAVpdABEvgZBB5CMINghECBCOT9lGm2TE5WltSojJRc2bRZkSSiM7mxQlJz' +
    'RVNSy+Rk5SSNykjJSk2bFUkROpMbK5I0VzQlW0pOVk5qqIyUrGyqWZEU0Sm5sSKpWUVTsmWyZOWkRif/U/6X9I/4r+zP9K/kz/Dv' +
    '3I/Z36mfor8yP5K/Ej+Cv+C8D6D7rfYZ+5AggIDQ554I+u4zfmL0PuMnRu8zfmL0PuMnZ4s8p8UqXaatAr5kgys=',
  'base64',
)
/** A skippable frame, which parallel compressors write before the data. */
const zstdSkippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])
/** The header of a frame without a size. Its window has 2 ** (10 + descriptor / 8) bytes. */
const zstdHeader = (descriptor: number): Buffer => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, descriptor])

/** A frame of blocks that are not compressed at all. */
function zstdStored(content: Uint8Array): Buffer {
  const blocks: Uint8Array[] = [zstdHeader(0x40)]
  for (let at = 0; at < content.length; at += 100_000) {
    const block = content.subarray(at, at + 100_000)
    const header = (block.length << 3) | (at + 100_000 >= content.length ? 1 : 0)
    blocks.push(Buffer.from([header & 0xff, (header >> 8) & 0xff, header >> 16]), block)
  }
  return Buffer.concat(blocks)
}

describe('a history file', () => {
  test('a history file is read back as written, both as events and as a history', async () => {
    const path = join(directory, 'written.jsonl')
    const header: Header = { chaos: 1, model: 'register' }
    const writer = openHistoryWriter(path, { header })
    const events = someEvents(5000)
    for (const event of events.slice(0, 100)) writer.append(event)
    writer.appendAll(events.slice(100))
    writer.close()
    expect(writer.written).toBe(5000)
    const headers: Header[] = []
    expect(await collect(path, { onHeader: (found) => headers.push(found) })).toEqual(events)
    expect(headers).toEqual([header])
    const history = await readHistory(path)
    expect(history.operations.length).toBe(2500)
    expect(history.header).toEqual(header)
    expect(history.format).toBe('jsonl')
  })

  test('a history file is written in batches, and lines and events stay in the order in which they were added', () => {
    const path = join(directory, 'lines.jsonl')
    const lines = someEvents(6).map((event) => `${JSON.stringify(event)}\n`)
    const inFile = () => readFileSync(path, 'utf8').split('\n').length - 1
    vi.useFakeTimers()
    try {
      const writer = openHistoryWriter(path)
      for (const line of lines.slice(0, 3)) writer.appendLine(line)
      expect([inFile(), writer.written]).toEqual([0, 0])
      vi.advanceTimersByTime(5)
      expect([inFile(), writer.written]).toEqual([3, 3])
      writer.appendLine(lines[3] ?? '')
      writer.append(someEvents(5)[4] as Event)
      expect(inFile()).toBe(5)
      writer.appendLine(lines[5] ?? '')
      writer.close()
      expect(readFileSync(path, 'utf8')).toBe(lines.join(''))
    } finally {
      vi.useRealTimers()
    }
  })

  test('a history file receives a large batch immediately, without a delay', () => {
    const path = join(directory, 'large.jsonl')
    const writer = openHistoryWriter(path)
    writer.appendLine(`${JSON.stringify({ ...someEvents(1)[0], error: 'x'.repeat(300 * 1024) })}\n`)
    expect(writer.written).toBe(1)
    writer.close()
  })

  test('a history file is read as EDN if its content is EDN, or if the format EDN is specified', async () => {
    const path = join(directory, 'written.edn')
    const writer = openHistoryWriter(path, { format: 'edn' })
    writer.appendAll(someEvents(100))
    writer.close()
    expect(readFileSync(path, 'utf8')).toBe(
      `${someEvents(100)
        .map((event) => printEdnEvent(event))
        .join('\n')}\n`,
    )
    expect(await collect(path)).toEqual(someEvents(100))
    expect((await readHistory(path, { format: 'edn' })).operations.length).toBe(50)
  })

  test('a gzip history file is recognised by its content, not by its name', async () => {
    const text = someEvents(20_000)
      .map((event) => JSON.stringify(event))
      .join('\n')
    const history = await readHistory(file('packed.jsonl', gzipSync(text)))
    expect(history.operations.length).toBe(10_000)
    expect(await refusal(file('damaged.gz', gzipSync(text).subarray(0, 3000)))).toBe(
      'input: DIR/damaged.gz: its gzip compression is damaged or cut off. Recover the intact part with zcat.',
    )
  })

  test('a Zstandard history file is recognised by its content, even in several frames', async () => {
    expect((await readHistory(file('packed.jsonl', zstd200))).operations.length).toBe(100)
    expect((await readHistory(file('packed.jsonl', Buffer.concat([zstdSkippable, zstd200])))).operations.length).toBe(
      100,
    )
    const damaged = 'its Zstandard compression is damaged or cut off. Recover the intact part with zstdcat.'
    for (const [name, bytes] of [
      ['cut.zst', zstd200.subarray(0, 200)],
      ['header.zst', zstd200.subarray(0, 5)],
      ['noise.zst', Buffer.concat([zstd200.subarray(0, 40), Buffer.alloc(300, 7)])],
      ['trailing.zst', Buffer.concat([zstd200, Buffer.from('{"process":0,"type":"invoke"}')])],
    ] as const) {
      expect(await refusal(file(name, bytes))).toBe(`input: DIR/${name}: ${damaged}`)
    }
    const stored = someEvents(20_000)
      .map((event) => JSON.stringify(event))
      .join('\n')
    expect((await readHistory(file('stored.zst', zstdStored(Buffer.from(stored))))).operations.length).toBe(10_000)
  })

  test('a Zstandard file is refused if it expands to gigabytes or needs gigabytes of memory', async () => {
    // Each block of four bytes expands to 128 KB of one letter.
    const repeat = Buffer.from([0x02 | ((131_072 << 3) & 0xff), (131_072 >> 5) & 0xff, 131_072 >> 13, 0x78])
    const bomb = Buffer.concat([zstdHeader(0x40), ...new Array<Buffer>(16_384).fill(repeat)])
    const line = Buffer.from('{"process":0,"value":"')
    expect(await refusal(file('bomb.zst', Buffer.concat([zstdStored(line), bomb])))).toBe(
      'input: DIR/bomb.zst:1: this line is longer than 16 MB. Is it a history? A history has one event per line.',
    )
    expect(await refusal(file('window.zst', Buffer.concat([zstdHeader(0xa0), repeat])))).toBe(
      'input: DIR/window.zst: uncompressing it takes a window of 1024 MB, which is too large. Uncompress it by hand: zstdcat --long=31',
    )
  })

  test('a history file is read from a named pipe', async () => {
    const path = join(directory, 'pipe')
    spawnSync('mkfifo', [path])
    const source = file(
      'for-pipe.jsonl',
      someEvents(3000)
        .map((event) => JSON.stringify(event))
        .join('\n'),
    )
    const cat = spawn('sh', ['-c', `cat ${source} > ${path}`])
    const history = await readHistory(path)
    cat.kill()
    expect(history.operations.length).toBe(1500)
  })

  test('a history file is read from stdin, compressed or not', () => {
    const dist = new URL('../../dist/files/index.js', import.meta.url).href
    const script = `
      import { readHistory } from ${JSON.stringify(dist)}
      console.log((await readHistory('-')).operations.length)`
    const text = someEvents(3000)
      .map((event) => JSON.stringify(event))
      .join('\n')
    for (const input of [Buffer.from(text), gzipSync(text), zstdStored(Buffer.from(text))]) {
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { input, encoding: 'utf8' })
      expect([child.stdout, child.stderr]).toEqual(['1500\n', ''])
    }
  })

  test('a history file is read even if a line is longer than the read buffer', async () => {
    const long = 'x'.repeat(3_000_000)
    const path = file(
      'long.jsonl',
      `{"process":0,"type":"invoke","f":"write","value":"${long}"}\n{"process":0,"type":"ok","f":"write"}\n`,
    )
    const history = await readHistory(path)
    expect(history.operations.returnLine[0]).toBe(2)
    expect(await refusal(path, { maximumLineBytes: 2 << 20 })).toBe(
      'input: DIR/long.jsonl:1: this line is longer than 2 MB. Is it a history? A history has one event per line.',
    )
  })

  test('a history file is read as single events even if an invocation or a completion is missing', async () => {
    const path = file(
      'unpaired.jsonl',
      '{"process":0,"type":"ok","f":"read"}\n{"process":"nemesis","type":"info","f":"x"}\n',
    )
    expect(await collect(path)).toEqual([
      { index: 0, time: 0, process: 0, type: 'ok', f: 'read', value: null },
      { index: 1, time: 1, process: 'nemesis', type: 'info', f: 'x', value: null },
    ])
  })
})

describe('readHistory', () => {
  test('readHistory refuses a missing file', async () => {
    expect(await refusal(join(directory, 'absent'))).toBe(
      'input: DIR/absent: there is no such file. Check the path, or use - for stdin.',
    )
  })

  test('readHistory refuses a rotated recording with a missing or repeated part', async () => {
    const parts = (...names: readonly string[]) => {
      const path = mkdtempSync(join(directory, 'refused-'))
      for (const name of names) writeFileSync(join(path, name), '')
      return path
    }
    expect(await refusal(parts('part-1.jsonl', 'part-3.jsonl'))).toContain(
      'a part of the recording is missing between part-1.jsonl and part-3.jsonl',
    )
    expect(await refusal(parts('part-2.jsonl', 'part-3.jsonl'))).toContain('the first part of the recording is missing')
    expect(await refusal(parts('part-1.jsonl', 'part-01.jsonl.gz'))).toContain('are the same part of a recording')
    expect(await refusal(parts('part-1.jsonl', 'other-2.jsonl'))).toContain('has parts of several recordings')
  })

  test('readHistory refuses a directory that contains no history', async () => {
    const run = join(directory, 'run')
    mkdirSync(run)
    expect(await refusal(run)).toBe(
      'input: DIR/run: this is a directory, not a history. Name a file in it, or a directory of numbered parts (part-0001.jsonl, …). To merge the logs of several clients: --merge DIR/run',
    )
    file('run/history.jsonl', '{"process":0,"type":"invoke","f":"read"}\n')
    expect((await readHistory(run)).operations.length).toBe(1)
  })

  test('readHistory accepts an empty file only if its name ends in .edn or its format is specified', async () => {
    expect(await refusal(file('empty', ''))).toBe(
      'input: DIR/empty: this file is empty: there are no operations in it.',
    )
    expect(await refusal(file('blank.jsonl', ' \n'))).toBe(
      'input: DIR/blank.jsonl: this file is empty: there are no operations in it.',
    )
    expect((await readHistory(file('empty.edn', ''))).eventCount).toBe(0)
    expect((await readHistory(file('empty', ''), { format: 'jsonl' })).eventCount).toBe(0)
  })

  test('readHistory refuses noise without line ends after at most 16 MB', async () => {
    const noise = Buffer.alloc(20 << 20, 'abcdefghij')
    expect(await refusal(file('noise', noise))).toMatch(/^input: DIR\/noise: line 1 is of no known format/)
    noise.write('{"process":', 0)
    expect(await refusal(file('noise', noise))).toBe(
      'input: DIR/noise:1: this line is longer than 16 MB. Is it a history? A history has one event per line.',
    )
    noise.write('{:process [', 0)
    expect(await refusal(file('noise', noise))).toBe(
      'input: DIR/noise:1: the form that begins here is longer than 16 MB. Is it a history? A history has one map per event.',
    )
    rmSync(join(directory, 'noise'))
  })
})

describe('a history writer', () => {
  test('a history writer keeps all appended events if it is killed at any moment', async () => {
    const path = join(directory, 'killed.jsonl')
    const dist = new URL('../../dist/files/index.js', import.meta.url).href
    const script = `
      import { openHistoryWriter } from ${JSON.stringify(dist)}
      const writer = openHistoryWriter(${JSON.stringify(path)})
      for (let index = 0; index < 1000; index += 1) {
        writer.append({ index, time: index, process: index >> 1, type: index % 2 === 0 ? 'invoke' : 'ok', f: 'write', value: index >> 1 })
      }
      process.kill(process.pid, 'SIGKILL')`
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect([child.signal, child.stderr]).toEqual(['SIGKILL', ''])
    expect((await readHistory(path)).eventCount).toBe(1000)
    appendFileSync(path, '{"index":1000,"ti')
    const cutOff = await readHistory(path)
    expect(cutOff.eventCount).toBe(1000)
    expect(cutOff.warnings).toHaveLength(1)
  })

  test('a history writer reports a full disk once, and counts the lost events', () => {
    const errors: string[] = []
    const writer = openHistoryWriter('/dev/full', {
      onError: (error) => errors.push(`${error.code}: ${error.message}`),
    })
    writer.appendAll(someEvents(3))
    writer.append(someEvents(1)[0] as Event)
    writer.close()
    expect(errors).toEqual([
      'environment: /dev/full: no space is left on the disk. Free some, or choose another directory.',
    ])
    expect([writer.written, writer.lost]).toEqual([0, 4])
    expect(() => openHistoryWriter('/dev/full').append(someEvents(1)[0] as Event)).toThrow(UserError)
  })

  test('a history writer keeps the complete lines that it wrote before the disk became full', async () => {
    const path = join(directory, 'limited.jsonl')
    const dist = new URL('../../dist/files/index.js', import.meta.url).href
    const script = `
      import { openHistoryWriter } from ${JSON.stringify(dist)}
      const errors = []
      process.on('SIGXFSZ', () => {})
      const writer = openHistoryWriter(${JSON.stringify(path)}, { onError: (error) => errors.push(error.message) })
      const events = Array.from({ length: 2000 }, (_, index) => ({ index, time: index, process: index >> 1, type: index % 2 === 0 ? 'invoke' : 'ok', f: 'write', value: index >> 1 }))
      writer.appendAll(events)
      console.log(JSON.stringify({ written: writer.written, lost: writer.lost, errors: errors.length }))`
    // A limit on the size of files has the same effect as a full disk, and needs no special disk.
    const child = spawnSync(
      'sh',
      ['-c', 'ulimit -f 64; exec "$0" --input-type=module -e "$1"', process.execPath, script],
      {
        encoding: 'utf8',
      },
    )
    const { written, lost, errors } = JSON.parse(child.stdout) as Record<string, number>
    expect(errors).toBe(1)
    expect(written).toBeGreaterThan(100)
    expect((written ?? 0) + (lost ?? 0)).toBe(2000)
    const history = await readHistory(path)
    expect(history.eventCount).toBe(written)
    expect(history.warnings).toEqual([])
  })

  test('a history writer refuses a directory that does not exist', () => {
    expect(() => openHistoryWriter(join(directory, 'no', 'history.jsonl'))).toThrow(
      'its directory does not exist. Create it first.',
    )
  })
})

describe('a memory limit', () => {
  /**
   * Reads a file with this memory limit. Returns the number of all events (`events`). If the limit was exceeded,
   * returns the number of events before that (`stoppedAfter`).
   */
  async function readWithin(path: string, memoryBytes: number): Promise<{ stoppedAfter: number } | { events: number }> {
    try {
      return { events: (await readHistory(path, { memoryBytes })).eventCount }
    } catch (error) {
      if (error instanceof MemoryLimitError) return { stoppedAfter: error.events }
      throw error
    }
  }

  const line = (members: object): string => `${JSON.stringify(members)}\n`
  const operation = (key: string, value: number | string): string =>
    line({ process: 0, type: 'invoke', f: 'write', key, value }) +
    line({ process: 0, type: 'ok', f: 'write', key, value })

  test.each([
    ['operations', (i: number) => operation('x', i)],
    ['values', (i: number) => operation('x', `value ${i} ${'-'.repeat(100)}`)],
    ['keys', (i: number) => operation(`key ${i}`, 1)],
    ['processes', (i: number) => operation('x', 1).replaceAll('"process":0', `"process":"client ${i}"`)],
    ['faults', (i: number) => line({ process: 'nemesis', type: 'info', f: 'kill', value: { nodes: [`n${i}`] } })],
    [
      'errors',
      (i: number) =>
        line({ process: i, type: 'invoke', f: 'read' }) +
        line({ process: i, type: 'info', f: 'read', error: `e ${i}` }),
    ],
  ])('a memory limit ends reading if %s need too much memory', async (name, nth) => {
    const text = Array.from({ length: 20_000 }, (_, i) => nth(i)).join('')
    const path = file(`many-${name}.jsonl`, text)
    const stopped = await readWithin(path, 800_000)
    expect(stopped).toHaveProperty('stoppedAfter')
    expect(await readWithin(path, 200_000_000)).toEqual({ events: text.split('\n').length - 1 })
  })

  test('a memory limit also applies to compressed input of unknown size', async () => {
    const path = file('many.jsonl.gz', gzipSync(operation('x', 1).repeat(400_000)))
    const stopped = (await readWithin(path, 10_000_000)) as { stoppedAfter: number }
    expect(stopped.stoppedAfter).toBeGreaterThan(50_000)
    expect(stopped.stoppedAfter).toBeLessThan(400_000)
  })
})

test('the parts of a rotated recording, compressed or not, are read as one file', async () => {
  const lines = someEvents(24).map((event) => JSON.stringify(event))
  const whole = await readHistory(file('whole.jsonl', lines.join('\n')))
  const parts = join(directory, 'parts')
  mkdirSync(parts)
  writeFileSync(join(parts, 'notes.txt'), 'not a part')
  const cut = [0, 7, 7, 8, 24]
  for (let n = 1; n < cut.length; n++) {
    const text = lines.slice(cut[n - 1], cut[n]).join('\n')
    if (n === 2) writeFileSync(join(parts, `part-${n}.jsonl`), '')
    else if (n === 3) writeFileSync(join(parts, `part-${n}.jsonl.gz`), gzipSync(text))
    else writeFileSync(join(parts, `part-${n}.jsonl`), text)
  }
  writeFileSync(join(parts, 'part-1.jsonl.gz'), gzipSync('compressed, and then killed before the other was removed'))
  writeFileSync(join(parts, 'part-4.jsonl.gz.unfinished'), 'killed while compressing')
  const read = await readHistory(parts)
  const { length, callLine, returnLine, process } = read.operations
  expect({ length, callLine, returnLine, process }).toEqual({
    length: whole.operations.length,
    callLine: whole.operations.callLine,
    returnLine: whole.operations.returnLine,
    process: whole.operations.process,
  })
  expect(read.warnings).toEqual(whole.warnings.map((warning) => warning.replace('whole.jsonl', 'parts')))
})

test('for each wanted key, readKeys returns only the operations with a wanted value', async () => {
  const path = join(directory, 'keys.jsonl')
  const operation = (f: string, key: string, value: number | null): string =>
    [`{"process":0,"type":"invoke","f":"${f}","key":"${key}","value":${f === 'read' ? null : value}}`]
      .concat(`{"process":0,"type":"ok","f":"${f}","key":"${key}","value":${value}}`)
      .join('\n')
  const operations = [
    ['read', 'a', null],
    ['write', 'a', 1],
    ['write', 'a', 2],
    ['read', 'a', 1],
    ['write', 'b', 3],
    ['write', 'c', 1],
  ] as const
  writeFileSync(path, `${operations.map(([f, key, value]) => operation(f, key, value)).join('\n')}\n`)
  const rows = async (wanted: WantedKeys) =>
    [...(await readKeys(path, wanted)).operations.callEvent].map((at) => at / 2)
  expect(await rows(new Map([['a', [1]]]))).toEqual([1, 3])
  expect(await rows(new Map([['a', [2, null]]]))).toEqual([0, 2])
  const both = new Map<string, readonly number[] | undefined>([
    ['a', [1]],
    ['b', undefined],
  ])
  expect(await rows(both)).toEqual([1, 3, 4])
})
