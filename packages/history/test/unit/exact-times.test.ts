import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CannotPack, type History, historyFromObjects, joinStretches, UserError } from '@chaosproxy/history'
import { readHistory, readStretch, stretchesOf } from '@chaosproxy/history/files'
import { afterAll, describe, expect, test } from 'vitest'
import { readEvents } from '../../src/files/read.ts'

// A double rounds nanoseconds since 1970 to 256 ns. Times are therefore stored relative to the first time, and are
// exact.

const directory = mkdtempSync(join(tmpdir(), 'chaos-exact-'))
afterAll(() => rmSync(directory, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** Prints a time in nanoseconds since 1970: the beginning of 2026 plus `nanos`. */
const since1970 = (nanos: number): string => String(1_767_225_600_000_000_000n + BigInt(nanos))
const date = (nanos: number): string =>
  `${new Date(1_767_225_600_000 + Math.floor(nanos / 1e6)).toISOString().slice(0, 19)}.${String(nanos % 1e9).padStart(9, '0')}Z`

const timesOf = ({ operations: { length, callTime, returnTime } }: History): readonly number[] =>
  Array.from({ length }, (_, row) => [callTime[row] ?? 0, returnTime[row] ?? 0]).flat()

const TIMES = [10, 20, 30, 1_000_000_047]
const FROM_FIRST = [0, 10, 20, 1_000_000_037]

/**
 * Returns the events of a write and a read, one per line. `times` holds their times, and `member` names the member for
 * the time.
 */
const eventsAt = (times: readonly string[], member = 'time'): string =>
  [
    ['"process":0,"type":"invoke","f":"write","value":1', times[0]],
    ['"process":0,"type":"ok","f":"write","value":1', times[1]],
    ['"process":1,"type":"invoke","f":"read","value":null', times[2]],
    ['"process":1,"type":"ok","f":"read","value":1', times[3]],
  ]
    .map(([event, time]) => `{${event},"${member}":${time}}\n`)
    .join('')

const operationsAt = (
  times: readonly string[],
  names: readonly [call: string, end: string] = ['start', 'end'],
): string =>
  [
    `{"client":0,"op":"write","value":1,"${names[0]}":${times[0]},"${names[1]}":${times[1]}}`,
    `{"client":1,"op":"read","value":1,"${names[0]}":${times[2]},"${names[1]}":${times[3]}}`,
  ]
    .map((line) => `${line}\n`)
    .join('')

const ednAt = (times: readonly string[], f: string, value: string): string =>
  [':invoke', ':ok', ':invoke', ':ok']
    .map((type, n) => `{:process ${n >> 1}, :type ${type}, :f ${f}, :value ${value}, :time ${times[n]}}\n`)
    .join('')

const quoted = (text: string): string => JSON.stringify(text)
const inSeconds = (nanos: number): string => since1970(nanos).replace(/(?=\d{9}$)/, '.')
const inMicros = (nanos: number): string => since1970(nanos).replace(/(?=\d{3}$)/, '.')

describe('nanoseconds since 1970', () => {
  test.each([
    ['JSON lines', eventsAt(TIMES.map(since1970))],
    [
      'JSON lines that the scanner leaves to the parser',
      eventsAt(TIMES.map(since1970)).replaceAll('write', 'wr\\u0069te'),
    ],
    ['JSON lines with texts', eventsAt(TIMES.map(since1970).map(quoted))],
    ['JSON lines with dates', eventsAt(TIMES.map(date).map(quoted))],
    ['JSON lines with another name for the time', eventsAt(TIMES.map(since1970), 'ts')],
    ['JSON lines with dates under another name', eventsAt(TIMES.map(date).map(quoted), 'timestamp')],
    ['JSON lines with seconds', eventsAt(TIMES.map(inSeconds), 'ts')],
    ['operations', operationsAt(TIMES.map(since1970))],
    ['operations with texts', operationsAt(TIMES.map(since1970).map(quoted))],
    ['operations with dates', operationsAt(TIMES.map(date).map(quoted))],
    ['operations with seconds', operationsAt(TIMES.map(inSeconds))],
    ['operations with microseconds', operationsAt(TIMES.map(inMicros), ['call_us', 'return_us'])],
    ['EDN', ednAt(TIMES.map(since1970), ':write', '1')],
    [
      'EDN with an N',
      ednAt(
        TIMES.map((each) => `${since1970(each)}N`),
        ':write',
        '1',
      ),
    ],
    ['EDN transactions', ednAt(TIMES.map(since1970), ':txn', '[[:append 1 2]]')],
    ["Porcupine's key-value log", ednAt(TIMES.map(since1970), ':put', '"1", :key "x"')],
  ])('nanoseconds since 1970 are read exactly in %s', async (name, text) => {
    const path = file(`h-${name.length}.txt`, text)
    for (const ordering of [{}, { by: 'time' as const }])
      expect(timesOf(await readHistory(path, { ordering }))).toEqual(FROM_FIRST)
    const events: number[] = []
    for await (const { time } of readEvents(path)) events.push(time)
    expect(events).toEqual(FROM_FIRST)
  })

  test('nanoseconds since 1970 are read exactly by historyFromObjects', () => {
    const objects = eventsAt(TIMES.map(since1970).map(quoted)).trim().split('\n')
    expect(timesOf(historyFromObjects(objects.map((line) => JSON.parse(line))))).toEqual(FROM_FIRST)
  })

  test('nanoseconds since 1970 are read exactly across merged files of any format', async () => {
    const files = [
      file('merged-1.jsonl', eventsAt([500, 600, 700, 800].map(since1970))),
      file('merged-2.jsonl', operationsAt([501, 502, 703, 704].map(since1970))),
      file('merged-3.edn', ednAt([505, 506, 507, 508].map(since1970), ':write', '1')),
      file('merged-4.jsonl', operationsAt([510, 511, 512, 513].map(inSeconds))),
    ]
    const history = await readHistory('all', { merged: files })
    expect([...new Set(timesOf(history))].sort((a, b) => a - b)).toEqual([
      0, 1, 2, 5, 6, 7, 8, 10, 11, 12, 13, 100, 200, 203, 204, 300,
    ])
  })

  describe('in parts of a recording that are read separately', () => {
    const dealing = { places: 1, placeOf: () => 0 }
    const times = [0, 1, 2, 3].flatMap((n) => TIMES.map((each) => each + 2e9 * n))
    const partsAt = (name: string, all: readonly number[], count: number) =>
      stretchesOf(
        file(name, [0, 1, 2, 3].map((n) => eventsAt(all.slice(4 * n, 4 * n + 4).map(since1970))).join('')),
        count,
      )!.map((part) => readStretch(part, dealing))

    test('nanoseconds since 1970 are exact at both ends of each part of a recording', async () => {
      const parts = await Promise.all(partsAt('stretches.jsonl', times, 3))
      const joined = joinStretches(parts, dealing)
      const ends = parts.map(({ edges: { epoch, firstTime, lastTime } }) =>
        [firstTime, lastTime].map(
          (time) => BigInt(epoch.seconds) * 1_000_000_000n + BigInt(epoch.nanos) + BigInt(time),
        ),
      )
      const places = ends.flat().map((end) => times.map(since1970).indexOf(String(end)))
      expect(ends).toHaveLength(3)
      expect(places).toEqual([0, places[1], places[1]! + 1, places[3], places[3]! + 1, 15])
      expect(joined.rest.eventCount).toBe(16)
    })

    test.each([
      ['are in order if they are equal', 999_999_963, true],
      ['go back if the later is one nanosecond smaller', 999_999_964, false],
    ])('times %s at the boundary of two parts', async (_, nanos, isInOrder) => {
      const gap = [0, 1, 2, 3].flatMap((n) => [0, 0, 0, 0].map(() => (n < 2 ? 0 : nanos)))
      const [early] = partsAt('early.jsonl', times, 2)
      const [, late] = partsAt(
        'late.jsonl',
        times.map((each, at) => each - gap[at]!),
        2,
      )
      const join = joinStretches.bind(undefined, [await early!, await late!], dealing)
      if (isInOrder) expect(join().rest.eventCount).toBe(16)
      else expect(join).toThrow(CannotPack)
    })
  })
})

test('an operation that returned a nanosecond before its call is refused', async () => {
  const path = file('before.jsonl', operationsAt([20, 19, 30, 40].map(since1970)))
  await expect(readHistory(path)).rejects.toThrow(
    'returned (1767225600000000019) before it was called (1767225600000000020)',
  )
})

test('an error about times that contradict the order of lines quotes the times as they are in the file', async () => {
  const path = file('back.jsonl', eventsAt([5e9, 6e9, 1e9, 2e9].map(since1970)))
  const read = readHistory(path)
  await expect(read).rejects.toThrow(UserError)
  await expect(read).rejects.toThrow(
    'its time (1767225601000000000) is 5.00 s before that of line 2 (1767225606000000000)',
  )
})

test('times within ±2^53 ns are read unchanged', async () => {
  const small = [5, 6, 9_007_199_254_740_991, 9_007_199_254_740_991]
  expect(timesOf(await readHistory(file('small.jsonl', eventsAt(small.map(String)))))).toEqual(small)
  expect(timesOf(await readHistory(file('negative.jsonl', eventsAt(['-7', '-5', '-3', '4']))))).toEqual([-7, -5, -3, 4])
})
