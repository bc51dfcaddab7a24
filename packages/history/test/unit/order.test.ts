import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CannotPack, type History, joinStretches, placeIn, UserError } from '@chaosproxy/history'
import {
  historiesIn,
  type ReadOptions,
  readHistory,
  readPacked,
  readStretch,
  stretchesOf,
} from '@chaosproxy/history/files'
import { afterAll, describe, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'chaos-order-'))
afterAll(() => rmSync(directory, { recursive: true }))

type Line = readonly [time: number | undefined, process: number | string, type: string, f: string, value?: unknown]

const jsonl = (lines: readonly Line[]): string =>
  lines
    .map(([time, process, type, f, value = null]) => `${JSON.stringify({ time, process, type, f, value })}\n`)
    .join('')

const edn = (lines: readonly Line[], indexed: boolean): string =>
  lines
    .map(
      ([time, process, type, f, value = null], index) =>
        `{:type :${type}, :f :${f}, :value ${value === null ? 'nil' : value}, :process ${process}, :time ${time}${indexed ? `, :index ${index}` : ''}}\n`,
    )
    .join('')

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  return path
}

async function refusal(path: string, options: ReadOptions = {}): Promise<string> {
  try {
    await readHistory(path, options)
  } catch (error) {
    if (error instanceof UserError) return error.message.replaceAll(directory, 'DIR')
    throw error
  }
  return 'accepted'
}

/** Each operation as `process f value`, in order of invocation, and the positions of its events. */
const shape = (history: History): readonly string[] =>
  Array.from({ length: history.operations.length }, (_, row) => {
    const { process, f, callEvent, returnEvent } = history.operations
    return `${history.processName(process[row] ?? 0)} ${history.functions[f[row] ?? 0]} ${callEvent[row]}-${returnEvent[row]}`
  })

const MS = 1_000_000
const S = 1000 * MS

/** The lines of one client precede those of the other, although their operations overlap in time. */
const grouped = (unit: number): readonly Line[] => [
  [1 * unit, 0, 'invoke', 'write', 1],
  [2 * unit, 0, 'ok', 'write', 1],
  [5 * unit, 0, 'invoke', 'write', 2],
  [6 * unit, 0, 'ok', 'write', 2],
  [3 * unit, 1, 'invoke', 'read'],
  [4 * unit, 1, 'ok', 'read', 1],
]

test('files whose times are decades apart are not merged', async () => {
  const at = (name: string, from: number): string =>
    file(
      name,
      jsonl([
        [from, 0, 'invoke', 'write', 1],
        [from + MS, 0, 'ok', 'write', 1],
      ]),
    )
  const [since1970, since0, inMillis] = [at('epoch.jsonl', 1.7e18), at('zero.jsonl', 5 * MS), at('ms.jsonl', 1.7e12)]
  for (const merged of [
    [since1970, since0],
    [since0, since1970],
  ])
    expect(await refusal('both', { merged })).toMatch(
      /zero\.jsonl:1: its time is .* that of DIR\/epoch\.jsonl:2: .*decades/,
    )
  expect(await refusal('both', { merged: [since1970, inMillis] })).toMatch(/ms\.jsonl:1: .*decades apart/)
  expect(await refusal('both', { merged: [since0, inMillis] })).toBe('accepted')
})

describe('a history whose times contradict the order of lines', () => {
  test.each([1, 1000, MS, S])(
    'the error about contradictory times names the lines and the remedies: unit %i ns',
    async (unit) => {
      const text = await refusal(file(`grouped-${unit}.jsonl`, jsonl(grouped(unit))))
      expect(text).toMatch(
        new RegExp(`^DIR/grouped-${unit}.jsonl:5: its time \\(${3 * unit}\\) .* line 4 \\(${6 * unit}\\)`),
      )
      for (const remedy of ['--order time', '--order lines', '--merge', '--time-tolerance'])
        expect(text).toContain(remedy)
    },
  )

  test('contradictory times are refused in EDN, in a numbered Jepsen history and in a compressed file', async () => {
    expect(await refusal(file('grouped.edn', edn(grouped(S), false)))).toContain('--order time')
    expect(await refusal(file('numbered.edn', edn(grouped(S), true)))).toContain('--order time')
    expect(await refusal(file('grouped.jsonl.gz', gzipSync(jsonl(grouped(S)))))).toContain('--order time')
  })

  test('readPacked and joinStretches refuse a recording whose times contradict the order of lines', async () => {
    const path = file('packed.jsonl', jsonl(grouped(S)))
    const dealing = { places: 1, placeOf: () => 0 }
    await expect(readPacked(path, dealing)).rejects.toThrow('packed.jsonl:5: its time')
    const stretches = stretchesOf(path, 2) ?? []
    expect(stretches).toHaveLength(2)
    const join = async () =>
      joinStretches(await Promise.all(stretches.map((stretch) => readStretch(stretch, dealing))), dealing)
    await expect(join()).rejects.toThrow(CannotPack)
  })

  test('a history whose times contradict the order of lines is sorted by its times with --order time', async () => {
    const path = file('sorted.jsonl', jsonl(grouped(S)))
    const history = await readHistory(path, { ordering: { by: 'time' } })
    expect(shape(history)).toEqual(['0 write 0-1', '1 read 2-3', '0 write 4-5'])
    expect(Array.from(history.operations.callLine)).toEqual([1, 5, 3])
    expect(history.warnings).toEqual([])
  })

  test('two operations are concurrent if one is called at the time at which the other returns', async () => {
    const path = file(
      'ties.jsonl',
      jsonl([
        [5, 0, 'invoke', 'write', 1],
        [7, 0, 'ok', 'write', 1],
        [7, 0, 'invoke', 'write', 2],
        [7, 1, 'invoke', 'read'],
        [7, 1, 'ok', 'read'],
        [8, 0, 'ok', 'write', 2],
        [6, 2, 'invoke', 'read'],
        [7, 2, 'ok', 'read'],
      ]),
    )
    const history = await readHistory(path, { ordering: { by: 'time' } })
    expect(shape(history)).toEqual(['0 write 0-2', '2 read 1-3', '1 read 4-5', '0 write 6-7'])
    expect(history.clocks).toMatchObject({ names: [], stamps: { resolutionNanos: 1, skewNanos: 0, withinNanos: 0 } })
    expect(history.warnings).toEqual([
      `${path}: stamps are multiples of 1 ns: equal stamps of different processes are in no order.`,
    ])
  })

  test('--order time causes no warning if only one process has equal times', async () => {
    const path = file(
      'own.jsonl',
      jsonl([
        [5, 0, 'invoke', 'write', 1],
        [7, 0, 'ok', 'write', 1],
        [7, 0, 'invoke', 'write', 2],
        [8, 0, 'ok', 'write', 2],
        [9, 1, 'invoke', 'read'],
        [9, 1, 'ok', 'read', 2],
      ]),
    )
    const history = await readHistory(path, { ordering: { by: 'time' } })
    expect([history.clocks, history.warnings]).toEqual([undefined, []])
  })

  test.each([
    [[5 * MS, 7 * MS], {}, 'stamps are multiples of 1 ms: equal stamps', [1e6, 0]],
    [[15.6 * MS, 31.2 * MS], {}, 'stamps are multiples of 100 µs: equal stamps', [1e5, 0]],
    [[2 * S, 3 * S], {}, 'stamps are multiples of 1 s: equal stamps', [1e9, 0]],
    [[5 * MS, 7 * MS], { clockNanos: MS }, 'stamps are multiples of 1 ms: equal stamps', [1e6, 0]],
    [[5 * MS, 7 * MS], { clockNanos: 10 * MS }, 'stamps are accurate to 10 ms: stamps of different', [1e7, 9_999_999]],
    [
      [5 * MS, 7 * MS],
      { skewNanos: 50 * MS },
      'equal stamps of different processes are in no order, nor are stamps that differ by up to 50 ms',
      [1e6, 5e7],
    ],
  ] as const)(
    'equal times cause a warning about the clock resolution: times %j, options %j, warning "%s"',
    async ([first, second], ordering, message, [resolution, apart]) => {
      const path = file(
        'resolution.jsonl',
        jsonl([
          [first, 0, 'invoke', 'write', 1],
          [second, 0, 'ok', 'write', 1],
          [second, 1, 'invoke', 'read'],
          [second, 1, 'ok', 'read', 1],
        ]),
      )
      const { clocks, warnings } = await readHistory(path, { ordering: { by: 'time', ...ordering } })
      expect(warnings).toEqual([expect.stringContaining(message)])
      expect(clocks?.stamps).toMatchObject({ resolutionNanos: resolution, withinNanos: apart / 2 })
    },
  )

  test('--order lines keeps the order of lines, and no operation ends before it begins', async () => {
    const path = file('lines.jsonl', jsonl(grouped(S)))
    const history = await readHistory(path, { ordering: { by: 'lines' } })
    expect(shape(history)).toEqual(['0 write 0-1', '0 write 2-3', '1 read 4-5'])
    const { callTime, returnTime } = history.operations
    expect(Array.from(callTime)).toEqual([1 * S, 5 * S, 6 * S])
    expect(Array.from(returnTime)).toEqual([2 * S, 6 * S, 6 * S])
    expect(history.warnings).toEqual([
      `${path}: 2 events are earlier than an event on a preceding line, by up to 3.00 s (line 5, after line 4). The order of lines is used; --order time uses the order of times.`,
    ])
  })

  test('times that contradict the order of lines by less than a millisecond cause only a warning', async () => {
    const lines: readonly Line[] = [
      [10 * MS, 0, 'invoke', 'write', 1],
      [14 * MS, 0, 'ok', 'write', 1],
      [13.7 * MS, 1, 'invoke', 'read'],
      [18 * MS, 1, 'ok', 'read', 1],
    ]
    const path = file('small.jsonl', jsonl(lines))
    const history = await readHistory(path)
    expect(shape(history)).toEqual(['0 write 0-1', '1 read 2-3'])
    expect(history.warnings).toEqual([
      expect.stringContaining('one event is earlier than an event on a preceding line, by up to 0.3 ms'),
    ])
    expect(await refusal(path, { ordering: { toleranceNanos: 0.2 * MS } })).toContain('small.jsonl:3:')
    expect(await refusal(file('larger.jsonl', jsonl(grouped(S))), { ordering: { toleranceNanos: 3 * S } })).toBe(
      'accepted',
    )
  })

  test('times of a numbered Jepsen history may contradict the order of lines if they are planned call times', async () => {
    const late: readonly Line[] = [
      [1 * S, 0, 'invoke', 'write', 1],
      [9 * S, 0, 'ok', 'write', 1],
      [2 * S, 1, 'invoke', 'read'],
      [10 * S, 1, 'ok', 'read', 1],
    ]
    expect(await refusal(file('due.edn', edn(late, true)))).toBe('accepted')
    expect(await refusal(file('undue.edn', edn(late, false)))).toContain('--order time')
    expect(await refusal(file('undue.jsonl', jsonl(late)))).toContain('--order time')
  })

  test('a history is refused if the times decrease within one process', async () => {
    const back: readonly Line[] = [
      [9 * S, 0, 'invoke', 'write', 1],
      [8 * S, 0, 'ok', 'write', 1],
    ]
    expect(await refusal(file('back.jsonl', jsonl(back)))).toContain('back.jsonl:2:')
  })
})

test('an event without a time takes the time of the event before it', async () => {
  const path = file(
    'partial.jsonl',
    jsonl([
      [undefined, 0, 'invoke', 'write', 1],
      [5 * S, 0, 'ok', 'write', 1],
      [undefined, 1, 'invoke', 'read'],
      [7 * S, 1, 'ok', 'read', 1],
    ]),
  )
  const history = await readHistory(path)
  expect(Array.from(history.operations.callTime)).toEqual([0, 5 * S])
  expect(history.warnings).toEqual([expect.stringContaining('2 of 4 events have no time')])
})

describe('the files of several clients', () => {
  const first: readonly Line[] = [
    [1 * S, 0, 'invoke', 'write', 1],
    [2 * S, 0, 'ok', 'write', 1],
    [5 * S, 0, 'invoke', 'write', 2],
    [6 * S, 0, 'ok', 'write', 2],
  ]
  const second: readonly Line[] = [
    [3 * S, 0, 'invoke', 'read'],
    [5 * S, 0, 'ok', 'read', 1],
  ]

  test('the files of several clients are merged by time, with separate processes for each file', async () => {
    const files = [file('merge/a.jsonl', jsonl(first)), file('merge/b.jsonl', jsonl(second))]
    expect(historiesIn(join(directory, 'merge'))).toEqual(files)
    const history = await readHistory('both', { merged: files })
    expect(shape(history)).toEqual(['a/0 write 0-1', 'b/0 read 2-3', 'a/0 write 4-5'])
    expect(Array.from(history.operations.callLine)).toEqual([1, 5, 3])
  })

  test('errors in the files of several clients name the file and its line number', async () => {
    const twice: readonly Line[] = [
      [3 * S, 7, 'invoke', 'read'],
      [5 * S, 7, 'invoke', 'read'],
    ]
    const files = [file('places/a.jsonl', jsonl(first)), file('places/b.jsonl', jsonl(twice))]
    expect(await refusal('both', { merged: files })).toMatch(/b\.jsonl:2: process 7 invoked .* \(line 1\) is open/)
    const both = [file('places/a.jsonl', jsonl(first)), file('places/c.jsonl', jsonl(second))]
    const named = await readHistory('both', { merged: both })
    expect([placeIn(named, 4), placeIn(named, 5)]).toEqual([
      { file: expect.stringMatching(/a\.jsonl$/), line: 4 },
      { file: expect.stringMatching(/c\.jsonl$/), line: 1 },
    ])
    expect(placeIn({}, 5)).toEqual({ file: undefined, line: 5 })
  })

  test('merged files keep their process names if the names do not collide', async () => {
    const named = (lines: readonly Line[], name: string) =>
      jsonl(lines.map(([time, , ...rest]) => [time, name, ...rest]))
    const files = [file('names/a.jsonl', named(first, 'alice')), file('names/b.jsonl', named(second, 'bob'))]
    expect(shape(await readHistory('both', { merged: files }))).toEqual([
      'alice write 0-1',
      'bob read 2-3',
      'alice write 4-5',
    ])
  })

  test('the files of several clients are refused if a file has no times or if their models differ', async () => {
    const untimed = file('untimed/b.jsonl', jsonl([[undefined, 0, 'invoke', 'read']]))
    expect(await refusal('both', { merged: [file('untimed/a.jsonl', jsonl(first)), untimed] })).toContain(
      'DIR/untimed/b.jsonl: no event has a "time"',
    )
    const set = file('models/a.jsonl', `{"chaos":1,"model":"set"}\n${jsonl(first)}`)
    const queue = file('models/b.jsonl', `{"chaos":1,"model":"queue"}\n${jsonl(second)}`)
    expect(await refusal('both', { merged: [set, queue] })).toContain('their "model" is "set" and "queue"')
  })

  test('files are refused as parts of one recording if their times contradict the order of parts', async () => {
    file('parts/client-1.jsonl', jsonl(first))
    file('parts/client-2.jsonl', jsonl(second.map(([time, , ...rest]) => [time, 1, ...rest])))
    const text = await refusal(join(directory, 'parts'))
    expect(text).toContain(
      'DIR/parts: client-2.jsonl:1 (time 3000000000) is 3.00 s before client-1.jsonl:4 (time 6000000000)',
    )
    expect(text).toContain('--merge DIR/parts')
  })

  test('files are refused as parts of one recording if no process is in two files', async () => {
    const untimed = (lines: readonly Line[], process: number) =>
      jsonl(lines.map(([, , ...rest]) => [undefined, process, ...rest]))
    file('numbered/client-1.jsonl', untimed(first, 0))
    file('numbered/client-2.jsonl', untimed(second, 1))
    expect(await refusal(join(directory, 'numbered'))).toContain('no process is in two files')
    expect(await refusal(join(directory, 'numbered'), { ordering: { by: 'lines' } })).toBe('accepted')
  })
})

test('clients of the same name in two merged files stay two clients, although each has several processes', async () => {
  const operations = (start: number): string =>
    ['info', 'ok']
      .map((status, n) => {
        const times = { start_ms: start + 10 * n, end_ms: start + 10 * n + 5 }
        return `${JSON.stringify({ client: 1, op: 'write', key: 'x', value: start + n, status, ...times })}\n`
      })
      .join('')
  const merged = [file('one.jsonl', operations(0)), file('two.jsonl', operations(100))]
  const { processCount, processName, sessionOf, sessionName } = await readHistory('both', { merged })
  expect(Array.from({ length: processCount }, (_, n) => [processName(n), sessionName(sessionOf(n))])).toEqual([
    ['one/1', 'one/1'],
    ['one/1/2', 'one/1'],
    ['two/1', 'two/1'],
    ['two/1/2', 'two/1'],
  ])
})
