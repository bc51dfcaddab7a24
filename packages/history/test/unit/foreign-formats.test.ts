import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { displayText, type History, historyFromObjects, inputOf, outputOf, UserError } from '@chaosproxy/history'
import { MemoryLimitError, type ReadOptions, readHistory } from '@chaosproxy/history/files'
import { afterAll, describe, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'chaos-foreign-'))
afterAll(() => rmSync(directory, { recursive: true }))

let count = 0
async function read(content: string, options: ReadOptions = {}): Promise<History> {
  const path = join(directory, `h${++count}`)
  writeFileSync(path, content)
  return readHistory(path, options)
}

async function refusal(content: string): Promise<string> {
  try {
    await read(content)
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  return 'accepted'
}

const OUTCOMES = ['ok', 'fail', 'info']

/** Each operation as `process f input > outcome output [call-return]`. */
const shape = (history: History): readonly string[] =>
  Array.from({ length: history.operations.length }, (_, row) => {
    const { process, f, callEvent, returnEvent, outcome, key } = history.operations
    const name = history.functions[f[row] ?? 0]
    const on = history.keys[key[row] ?? -1]
    const input = JSON.stringify(inputOf(history, row))
    const answered = `${OUTCOMES[outcome[row] ?? 0]} ${JSON.stringify(outputOf(history, row))}`
    return `${history.processName(process[row] ?? 0)} ${name}${on === undefined ? '' : ` ${on}`} ${input} > ${answered} [${callEvent[row]}-${returnEvent[row]}]`
  })

const lines = (objects: readonly object[]): string => objects.map((each) => `${JSON.stringify(each)}\n`).join('')

const WRITE_AND_READ = ['c1 write 1 > ok 1 [0-1]', 'c2 read null > ok 1 [2-3]']

describe('a file with one operation per line', () => {
  const named = (name: (member: 'client' | 'f' | 'call' | 'return' | 'input' | 'output') => string) =>
    lines([
      { [name('client')]: 'c1', [name('f')]: 'write', [name('call')]: 0, [name('return')]: 10, [name('input')]: 1 },
      {
        [name('client')]: 'c2',
        [name('f')]: 'read',
        [name('call')]: 20,
        [name('return')]: 30,
        [name('input')]: null,
        [name('output')]: 1,
      },
    ])

  test.each([
    ['our own words', {}],
    ['those of Go', { client: 'ClientId', f: 'Op', call: 'Call', return: 'Return', input: 'Input', output: 'Output' }],
    [
      'starts and ends',
      { client: 'client_id', f: 'op', call: 'start', return: 'end', input: 'value', output: 'result' },
    ],
    [
      'times by name',
      { client: 'process', f: 'operation', call: 'start_time', return: 'end_time', input: 'args', output: 'response' },
    ],
    [
      'times with units',
      { client: 'thread', f: 'type', call: 'call_ns', return: 'return_ns', input: 'arg', output: 'ret' },
    ],
  ] as const)(
    'a file with one operation per line is read with these member names: %s',
    async (_, names: { readonly [member: string]: string }) => {
      const history = await read(named((member) => names[member] ?? member))
      expect(history.format).toBe('operations')
      expect(shape(history)).toEqual(WRITE_AND_READ)
    },
  )

  test('a file of operations may have a header, a status and keys, and its unknown members are ignored', async () => {
    const history = await read(
      `{"chaos":1,"model":"register"}\n${lines([
        {
          id: 1,
          process: 'c1',
          f: 'write',
          key: 'x',
          status: 'ok',
          call: 0,
          return: 10,
          call_index: 1,
          input: 1,
          output: null,
        },
        { id: 2, process: 'c2', f: 'write', key: 'x', status: 'info', call: 5, return: 40, input: 2 },
        { id: 3, process: 'c3', f: 'write', key: 'y', status: 'fail', call: 6, return: 7, input: 3 },
        { id: 4, process: 'c4', f: 'read', key: 'x', ok: true, call: 8, return: 9, output: 2 },
        { id: 5, process: 'c5', f: 'write', key: 'x', call: 50, return: null, input: 4 },
      ])}`,
    )
    expect(history.header?.model).toBe('register')
    expect(shape(history)).toEqual([
      'c1 write x 1 > ok 1 [0-6]',
      'c2 write x 2 > info 2 [1-7]',
      'c3 write y 3 > fail 3 [2-3]',
      'c4 read x null > ok 2 [4-5]',
      'c5 write x 4 > info 4 [8--1]',
    ])
  })

  test('a file of operations may have structured inputs, and the largest integer in place of a missing return time', async () => {
    const text = `{"ClientId":0,"Input":{"Op":"Put","Key":"x","Value":"a"},"Call":1000,"Output":{"Value":""},"Return":2000}
{"ClientId":1,"Input":{"Op":"get","Key":"x","Value":""},"Call":3000,"Output":{"Value":"a"},"Return":4000}
{"ClientId":2,"Input":{"op":"cas","key":"x","old":"a","new":"b"},"Call":3000,"Output":null,"Return":9223372036854775807}
`
    expect(shape(await read(text))).toEqual([
      '0 put x "a" > ok "a" [0-1]',
      '1 get x "" > ok "a" [2-4]',
      '2 cas x ["a","b"] > info ["a","b"] [3--1]',
    ])
  })

  test('the value of a read in a file of operations is its output if it has no other output', async () => {
    const text = lines([
      { client: 'c1', op: 'write', start: 1, end: 2, value: 1 },
      { client: 'c2', op: 'read', start: 3, end: 4, value: 1 },
    ])
    expect(shape(await read(text))).toEqual(WRITE_AND_READ)
  })

  test('the unit of times follows from the names of the members, or else from the size of the numbers', async () => {
    const at = async (operation: object) => {
      const { operations, warnings } = await read(lines([{ f: 'write', input: 1, ...operation }]))
      return [operations.callTime[0], operations.returnTime[0], warnings.length]
    }
    expect(await at({ call: 1.5, return: 2.25 })).toEqual([1.5e9, 2.25e9, 1])
    expect(await at({ startMs: 1.5, endMs: 2 })).toEqual([1_500_000, 2_000_000, 0])
    expect(await at({ call: 5, return: 7 })).toEqual([5, 7, 0])
    expect(await at({ invokedAt: 5, completedAt: 7 })).toEqual([5, 7, 1])
    expect(await at({ start_ms: 1, duration_us: 500 })).toEqual([1_000_000, 1_500_000, 0])
    expect(await at({ start: 5, latency: 2 })).toEqual([5, 7, 1])
    expect(await at({ start: '2026-01-01T00:00:00Z', took_ms: 5 })).toEqual([0, 5e6, 0])
    expect(await refusal(lines([{ f: 'write', input: 1, start_ms: 5, latency: 2 }]))).toMatch(
      /:1: the unit of "latency" is unknown/,
    )
    expect(await at({ call_ms: 1.5, return_ms: 2 })).toEqual([1_500_000, 2_000_000, 0])
    expect(await at({ start: 1_700_000_000_000, end: 1_700_000_000_005 })).toEqual([0, 5e6, 1])
    expect(await at({ start: '2026-01-01T00:00:00.000Z', end: '2026-01-01T00:00:00.005Z' })).toEqual([0, 5e6, 0])
  })

  test('times whose names show different units are converted to one unit', async () => {
    const times = async (...operations: object[]) => {
      const { operations: all, warnings } = await read(
        lines(operations.map((each) => ({ f: 'write', input: 1, ...each }))),
      )
      return [...all.callTime.slice(0, 2), ...all.returnTime.slice(0, 2), warnings.length]
    }
    expect(await times({ start_ms: 1, end_us: 2_500 }, { start_ms: 3, end_us: 4_000 })).toEqual([
      1e6, 3e6, 2.5e6, 4e6, 0,
    ])
    expect(await times({ start_ms: 1, end_ms: 2 }, { start_us: 3_000, end_us: 4_000 })).toEqual([1e6, 3e6, 2e6, 4e6, 0])
    const [date, epoch] = ['2026-01-01T00:00:00.001Z', Date.parse('2026-01-01T00:00:00.000Z')]
    expect(await times({ start: date, end_ms: epoch + 2 }, { start_ms: epoch + 3, end: null })).toEqual([
      0,
      2e6,
      1e6,
      Number.POSITIVE_INFINITY,
      0,
    ])
    await expect(times({ start: 1, end_ms: 2 })).rejects.toThrow(/:1: the unit of "start" is unknown/)
    await expect(times({ start_ms: 1, end: 2 })).rejects.toThrow(/:1: the unit of "end" is unknown/)
    await expect(times({ start_ms: 1, end_ms: 2 }, { start: 3, end: 4 })).rejects.toThrow(
      /:2: its times have other names than those of line 1/,
    )
  })

  test('the unit of times is derived from all times, not only from the first', async () => {
    const text = lines([
      { client: 0, f: 'write', input: 1, start: 0, end: 1 },
      { client: 1, f: 'write', input: 2, start: 1.0001, end: 1.0002 },
      { client: 2, f: 'read', output: 1, start: 1.0003, end: 1.0004 },
    ])
    const { operations } = await read(text)
    expect([...operations.callTime.slice(0, 3)]).toEqual([0, 1.0001e9, 1.0003e9])
  })

  test('--keyed splits the pairs in a file of operations into key and value', async () => {
    const text = lines([
      { f: 'write', input: ['x', 1], call: 0, return: 1 },
      { f: 'read', input: ['x', null], output: ['x', 1], call: 2, return: 3 },
    ])
    expect((await read(text, { independent: true })).keys).toEqual(['x'])
  })

  test('a file of operations is refused if its times since 1970 have two units or come from two clocks', async () => {
    const write = { process: 'a', op: 'write', value: 1 }
    const ms = { ...write, start: 1764460000000, end: 1764460000005 }
    for (const [start, end] of [
      [1764460000.006, 1764460000.009],
      [6, 9],
    ])
      expect(await refusal(lines([ms, { ...write, start, end }]))).toMatch(/:2: its time .* that of line 1: .*decades/)
    expect((await read(lines([ms, { ...write, start: 1864460000000 }]))).operations.length).toBe(2)
  })

  test('a duration of unknown unit beside a time since 1970 is refused with a remedy', async () => {
    for (const ts of [1764460000, 1764460000.5, 1764460000123, 1764460000123000, 1764460000123000000])
      for (const latency of [12, 0.012])
        expect(await refusal(lines([{ op: 'write', value: 1, ts, latency }]))).toMatch(
          /:1: the unit of "latency" is unknown.*"ts_ms" and "latency_ms"/,
        )
    const named = { op: 'write', value: 1, ts_ms: 1764460000123, latency_us: 12 }
    expect((await read(lines([named]))).operations.returnTime[0]).toBe(12_000)
    const lost = { op: 'write', value: 1, ts: 1764460000123, latency: null }
    expect((await read(lines([lost]))).operations.length).toBe(1)
  })

  test('a file of operations is refused with a remedy if it has a negative time', async () => {
    const operation = { op: 'write', value: 1, start: -10, end: 5 }
    expect(await refusal(lines([operation]))).toMatch(/:1: "start" is -10\. Times must not be negative/)
  })

  test('a file of operations is refused if its buffered operations exceed the memory limit', async () => {
    const text = Array.from({ length: 2000 }, (_, n) => ({ f: 'write', input: n, call: n, return: n + 1 }))
    const path = join(directory, 'held.jsonl')
    writeFileSync(path, lines(text))
    await expect(readHistory(path, { memoryBytes: 100_000 })).rejects.toThrow(MemoryLimitError)
  })

  test('an operation that returns at the time of the next call of its client precedes that call, with a warning', async () => {
    const text = lines([
      { client: 'b', f: 'read', call: 10, return: 20, output: 1 },
      { client: 'a', f: 'write', call: 0, return: 10, input: 1 },
      { client: 'a', f: 'write', call: 10, return: 10, input: 2 },
    ])
    const history = await read(text)
    expect(shape(history)).toEqual(['a write 1 > ok 1 [0-1]', 'a write 2 > ok 2 [2-3]', 'b read null > ok 1 [4-5]'])
    expect(history.clocks?.stamps).toEqual({ resolutionNanos: 10, skewNanos: 0, withinNanos: 0 })
    expect(history.warnings).toEqual([
      expect.stringContaining('stamps are multiples of 10 ns: equal stamps of different processes are in no order.'),
    ])
  })

  test('overlapping operations of one client get separate processes, with a warning', async () => {
    const { warnings, processCount } = await read(
      lines([
        { client: 'a', f: 'write', call: 0, return: 10, input: 1 },
        { client: 'a', f: 'write', call: 5, return: 15, input: 2 },
      ]),
    )
    expect(processCount).toBe(2)
    expect(warnings).toEqual([
      expect.stringContaining('operations of the same client overlap. They are assigned to 1 additional process.'),
    ])
  })

  test('attempts with the same requestId in a file of operations are one operation', async () => {
    const attempt = { client: 'c1', f: 'write', value: 1, requestId: 'a' }
    const history = await read(
      lines([
        { ...attempt, call: 0, return: 10, status: 'timeout' },
        { client: 'c2', f: 'write', value: 2, call: 20, return: 30 },
        { ...attempt, call: 40, return: 50, status: 'ok' },
        { ...attempt, requestId: 'b', call: 60, return: 70, status: 'ok' },
      ]),
    )
    expect(shape(history)).toEqual(['c1 write 1 > ok 1 [0-5]', 'c2 write 2 > ok 2 [2-3]', 'c1/2 write 1 > ok 1 [6-7]'])
  })

  test.each([{ requestId: 17 }, { request_id: 'a' }, { RequestID: 'a' }])(
    'attempts with the request id %o in a file of operations are one operation',
    async (request) => {
      const attempt = { f: 'write', value: 1, ...request }
      const history = await read(
        lines([
          { client: 'c1', ...attempt, call: 0, return: 10, status: 'timeout' },
          { client: 'c2', ...attempt, call: 40, return: 50, status: 'ok' },
        ]),
      )
      expect(shape(history)).toEqual(['c1 write 1 > ok 1 [0-3]'])
    },
  )

  test('simultaneous operations of one client keep the order of lines if possible', async () => {
    const operations = [
      { client: 'a', f: 'write', call: 5, return: 5, input: 1 },
      { client: 'a', f: 'write', call: 5, return: 6, input: 2 },
    ]
    expect((await read(lines(operations))).processCount).toBe(1)
    expect((await read(lines(operations.toReversed()))).processCount).toBe(2)
  })

  test.each([
    [
      'an operation that returned before it was called',
      { f: 'read', call: 9, return: 8 },
      'returned (8) before it was called (9)',
    ],
    [
      'a number for an operation',
      { input: { op: 1, key: 'x', value: 'a' }, call: 1, return: 2 },
      '"f" is 1, which names no operation',
    ],
    ['no operation', { input: 1, call: 1, return: 2 }, '"f" is missing'],
    ['an unknown status', { f: 'read', status: 'perhaps', call: 1, return: 2 }, '"status" is "perhaps"'],
  ])('a file of operations is refused with the line of the error: %s', async (_, operation, expected) => {
    expect(await refusal(lines([{ f: 'write', call: 0, return: 1, input: 1 }, operation]))).toMatch(/h\d+:2: /)
    expect(await refusal(lines([{ f: 'write', call: 0, return: 1, input: 1 }, operation]))).toContain(expected)
  })
})

test('a last operation that is cut off is ignored with a warning', async () => {
  const { operations, warnings } = await read(`${lines([{ f: 'write', call: 0, return: 1, input: 1 }])}{"f":"wri`)
  expect(operations.length).toBe(1)
  expect(warnings).toEqual([expect.stringContaining(':2: the last line is cut off')])
})

test.each([
  ['milliseconds', 1_700_000_000_000, 5_000],
  ['microseconds', 1_700_000_000_000_000, 5_000_000],
  ['seconds', 1_700_000_000, 30],
  [undefined, 1_700_000_000_000, 60e9],
  [undefined, 1_700_000_000, 60e9],
  [undefined, 1_700_000_000_000_000_000, 5e9],
])('times since 1970 that are not in nanoseconds cause a warning: %s', async (unit, start, took) => {
  const { warnings } = await read(
    lines([
      { process: 0, type: 'invoke', f: 'write', value: 1, time: start },
      { process: 0, type: 'ok', f: 'write', value: 1, time: start + took },
    ]),
  )
  const found = warnings.filter((warning) => warning.includes('since 1970'))
  expect(found).toEqual(unit === undefined ? [] : [expect.stringContaining(`times look like ${unit} since 1970`)])
})

describe('Jepsen logs', () => {
  const events = [
    ['0', ':invoke', ':write', '7'],
    ['0', ':ok', ':write', '7'],
    ['1', ':invoke', ':read', 'nil'],
    ['1', ':ok', ':read', '7'],
    ['2', ':invoke', ':cas', '[7 8]'],
    ['2', ':info', ':cas', '[7 8]', ':timeout'],
    [':nemesis', ':info', ':start', 'nil'],
  ]
  const expected = ['0 write 7 > ok 7 [0-1]', '1 read null > ok 7 [2-3]', '2 cas [7,8] > info [7,8] [4-5]']

  test('a Jepsen log is read from history.txt', async () => {
    const history = await read(events.map((event) => `${event.join('\t')}\n`).join(''))
    expect(history.format).toBe('jepsen-log')
    expect(shape(history)).toEqual(expected)
    expect(history.errorOf(2)).toBe('timeout')
    expect(history.nemesis).toHaveLength(1)
  })

  test('a Jepsen log is read from jepsen.log, and lines without an operation are ignored', async () => {
    const before = '2026-01-02 12:00:00,123{GMT}\tINFO\t'
    const log = [
      `${before}[jepsen test runner] jepsen.core: Running test:\n{:concurrency 3}\n`,
      ...events.map((event) => `${before}[jepsen worker ${event[0]}] jepsen.util: ${event.join('\t')}\n`),
    ]
    const history = await read(log.join(''))
    expect(history.format).toBe('jepsen-log')
    expect(shape(history)).toEqual(expected)
  })

  test('Jepsen logs are read with keys, like EDN histories', async () => {
    const text = '0\t:invoke\t:read\t[3 nil]\n0\t:ok\t:read\t[3 5]\n'
    expect(shape(await read(text))).toEqual(['0 read 3 null > ok 5 [0-1]'])
  })

  test('Jepsen logs are read with transactions, like EDN histories', async () => {
    const text = '0\t:invoke\t:txn\t[[:append 1 2] [:r 1 nil]]\n0\t:ok\t:txn\t[[:append 1 2] [:r 1 [2]]]\n'
    expect(shape(await read(text))).toEqual([
      '0 txn [["append",1,2],["r",1,null]] > ok [["append",1,2],["r",1,[2]]] [0-1]',
    ])
  })
})

describe('a time member with an unusual name', () => {
  const events = (name: string, times: readonly unknown[]) => [
    { process: 0, type: 'invoke', f: 'write', value: 1, [name]: times[0] },
    { process: 0, type: 'ok', f: 'write', value: 1, [name]: times[1] },
  ]

  test.each([
    ['t', [5, 7], [5, 7]],
    ['ts', [5, 7], [5, 7]],
    ['t_ns', [5, 7], [5, 7]],
    ['time_ns', [5, 7], [5, 7]],
    ['time_ms', [5, 7], [5e6, 7e6]],
    ['at', ['2026-01-01T00:00:00.000001Z', '2026-01-01T02:00:01,5+02:00'], [0, 1_499_999_000]],
    ['date', ['2026-01-01 00:00:00', '2026-01-01 00:00:01.25 +0000 UTC m=+0.2'], [0, 1.25e9]],
    ['ts', [1_700_000_000, 1_700_000_001.5], [0, 1.5e9]],
    ['ts', [0.5, 1.25], [5e8, 1.25e9]],
    ['ts', ['1700000000000000000', '1700000000500000000'], [0, 5e8]],
    ['timestamp', [1_700_000_000.5, 1_700_000_001], [0, 5e8]],
    ['timestamp', ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'], [0, 1e9]],
  ])('a time member with an unusual name is read as the time, with a warning: %s %j', async (name, times, expected) => {
    const { operations, warnings } = await read(lines(events(name, times)))
    expect([operations.callTime[0], operations.returnTime[0]]).toEqual(expected)
    expect(warnings[0]).toContain(`there is no "time", so "${name}" is used instead`)
    expect(historyFromObjects(events(name, times)).operations.callTime[0]).toBe(expected[0])
  })

  test('a time member with an unusual name is named in the error if its times contradict the order of lines', async () => {
    const text = lines([...events('t_ns', [50, 60]), ...events('t_ns', [10, 20])])
    expect(await refusal(text)).toMatch(/:3: its time \(10\)[\s\S]*--order time[\s\S]*"t_ns" is used instead/)
  })

  test('a time member is refused if it has a fraction after a whole number', async () => {
    expect(await refusal(lines(events('t', [0, 0.01])))).toMatch(
      /:2: "t" is 0.01.*"t_ms" from milliseconds: sed 's.*FILE$/,
    )
  })

  test('a member with a name like that of a time is ignored if it is neither a number nor a date', async () => {
    expect((await read(lines(events('t', ['a', 'b'])))).warnings).toEqual([])
  })
})

test('a time is an integer or a date, and a fraction is refused with a conversion command', async () => {
  const at = async (time: unknown) =>
    (
      await read(
        lines([
          { process: 0, type: 'invoke', f: 'read', time: '1700000000000000001' },
          { process: 0, type: 'ok', f: 'read', time },
        ]),
      )
    ).operations.returnTime[0]
  expect(await at('1700000000000000003')).toBe(2)
  expect(await at('2023-11-15T00:13:20.000000002+02:00')).toBe(1)
  expect(await refusal(lines([{ process: 0, type: 'invoke', f: 'read', time: 0.125 }]))).toMatch(
    /:1: "time" is 0.125.*"time_s" is converted from seconds, and "time_ms" from milliseconds: sed 's.*FILE$/,
  )
  expect(await refusal(lines([{ process: 0, type: 'invoke', f: 'read', time: 'noon' }]))).toMatch(/"time" is "noon"/)
})

test('--keyed splits the pairs of JSON lines into key and value', async () => {
  const text = lines([
    { process: 0, type: 'invoke', f: 'write', value: [0, 5] },
    { process: 0, type: 'ok', f: 'write', value: [0, 5] },
    { process: 1, type: 'invoke', f: 'read', value: [1, null] },
    { process: 1, type: 'ok', f: 'read', value: [1, null] },
  ])
  expect(shape(await read(text, { independent: true }))).toEqual([
    '0 write 0 5 > ok 5 [0-1]',
    '1 read 1 null > ok null [2-3]',
  ])
  expect(shape(await read(text))).toEqual(['0 write [0,5] > ok [0,5] [0-1]', '1 read [1,null] > ok [1,null] [2-3]'])
  const other = lines([{ process: 0, type: 'invoke', f: 'write', value: 5 }])
  await expect(read(other, { independent: true })).rejects.toThrow(/:1: its value 5 is not a pair/)
})

test('sets are printed in EDN notation', () => {
  expect(displayText({ '#{}': [1, 2] })).toBe('#{1 2}')
  expect(displayText([{ a: { '#{}': [{ '#{}': [] }, 'b'] } }])).toBe('[{"a":#{#{} "b"}}]')
  expect(displayText({ a: 1 })).toBe('{"a":1}')
})
