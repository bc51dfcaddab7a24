import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

interface Operation {
  readonly client: number
  readonly f: string
  readonly input?: unknown
  readonly output?: unknown
  readonly call: string | number
  readonly end: string | number
}

const did = (
  client: number,
  f: string,
  [call, end]: readonly [string | number, string | number],
  said: { readonly input?: unknown; readonly output?: unknown },
): Operation => ({ client, f, call, end, ...said })
const write = (client: number, value: number, at: readonly [string | number, string | number]) =>
  did(client, 'write', at, { input: value })
const read = (client: number, value: number, at: readonly [string | number, string | number]) =>
  did(client, 'read', at, { output: value })

/** Formats one operation per line. The names of its times end with the unit: `start_ms`, `end_ms`. */
const operationLines = (operations: readonly Operation[], unit = '_ms'): string =>
  operations
    .map(({ client, f, input, output, call, end }) => {
      const said = JSON.stringify({ client, f, input, output }).slice(0, -1)
      return `${said},"start${unit}":${call},"end${unit}":${end}}\n`
    })
    .join('')

/** Events in JSON lines, grouped by client. Times are in nanoseconds. */
const eventLines = (operations: readonly Operation[]): string =>
  operations
    .map(({ client, f, input = null, output = input, call, end }) => {
      const line = (type: string, value: unknown, time: string | number): string =>
        `${JSON.stringify({ process: client, type, f, value }).slice(0, -1)},"time":${time}}\n`
      return line('invoke', input, call) + line('ok', output, end)
    })
    .join('')

async function check(files: readonly string[], ...options: readonly string[]) {
  const directory = temporaryDirectory()
  const paths = files.map((text, n) => {
    const path = join(directory, `h${n}.jsonl`)
    writeFileSync(path, text)
    return path
  })
  const { stdout, stderr, exitCode } = await chaosHere([
    'check',
    ...paths,
    ...options,
    ...(options.includes('--expect') ? [] : ['--expect', 'linearizable']),
  ])
  return { exitCode, printed: (stdout + stderr).replaceAll(/\s+/g, ' ') }
}

const NOTE = 'stamps are multiples of 1 ms: equal stamps of different processes are in no order.'

describe('times in milliseconds', () => {
  const stale = (at: readonly [number, number]) => [write(0, 1, [1, 2]), write(0, 2, [3, 5]), read(1, 1, at)]

  test('times in milliseconds leave a read undecided if it begins in the millisecond in which a write ends', async () => {
    const { exitCode, printed } = await check([operationLines(stale([5, 6]))])
    expect(exitCode).toBe(2)
    expect(printed).toContain('the return in line 2 and the call in line 3 have the same stamp')
    expect(printed.split(NOTE)).toHaveLength(2)
  })

  test('times in milliseconds prove a read stale if it begins one millisecond after the write', async () => {
    expect((await check([operationLines(stale([6, 7]))])).exitCode).toBe(1)
  })

  test('times in milliseconds allow a read to return a value that is written in the same millisecond', async () => {
    const { exitCode } = await check([operationLines([write(0, 1, [1, 2]), write(0, 2, [5, 5]), read(1, 1, [5, 5])])])
    expect(exitCode).toBe(0)
  })

  test("equal times in milliseconds keep the order of one client's operations", async () => {
    const own = [write(0, 1, [5, 5]), write(0, 2, [5, 5]), read(0, 1, [5, 5])]
    expect((await check([operationLines(own)])).exitCode).toBe(1)
    const back = [write(0, 1, [5, 5]), write(0, 2, [5, 5]), read(1, 2, [5, 5]), read(1, 1, [5, 5])]
    const { exitCode, printed } = await check([operationLines(back)])
    expect([exitCode, printed]).toEqual([1, expect.stringContaining('violated')])
  })

  test("two clients that miss each other's write within one millisecond are a violation", async () => {
    const keyed = (operation: Operation, key: string) => ({
      ...operation,
      input: [key, operation.input ?? null],
      output: operation.output === undefined ? undefined : [key, operation.output],
    })
    const crossed = [
      keyed(write(0, 1, [5, 5]), 'x'),
      keyed({ ...read(0, 0, [5, 5]), output: null }, 'y'),
      keyed(write(1, 1, [5, 5]), 'y'),
      keyed({ ...read(1, 0, [5, 5]), output: null }, 'x'),
    ]
    expect((await check([operationLines(crossed)], '--keyed')).exitCode).toBe(1)
  })

  test('operations of merged files are concurrent if their times are equal', async () => {
    const counted = (client: number, f: string, value: number): Operation =>
      did(client, f, [5e6, 5e6], f === 'add' ? { input: value } : { output: value })
    const files = [
      eventLines([counted(0, 'read', 2), counted(0, 'read', 3)]),
      eventLines([counted(1, 'add', 2), counted(1, 'add', 1)]),
    ]
    expect((await check(files, '--merge', '--model', 'counter')).exitCode).toBe(0)
  })

  test('transactions of different clients are concurrent if their times are equal', async () => {
    const txn = (client: number, ...micro: readonly (readonly [f: string, key: string, value: unknown])[]): Operation =>
      did(client, 'txn', [5e6, 5e6], {
        input: micro.map(([f, key, value]) => [f, key, f === 'r' ? null : value]),
        output: micro,
      })
    const operations = [
      txn(0, ['r', 'x', [1]]),
      txn(0, ['r', 'x', [1, 2]]),
      txn(1, ['append', 'x', 1]),
      txn(1, ['append', 'x', 2]),
    ]
    const options = ['--order', 'time', '--model', 'list-append', '--expect', 'strict-serializable']
    expect((await check([eventLines(operations)], ...options)).exitCode).toBe(0)
    expect(
      (await check([eventLines(operations.toSpliced(0, 2, operations[1]!, operations[0]!))], ...options)).exitCode,
    ).toBe(1)
  })

  test('--json lists the equal times, and the levels that they leave undecided', async () => {
    const directory = temporaryDirectory()
    const path = join(directory, 'h.jsonl')
    writeFileSync(path, operationLines(stale([5, 6])))
    const { stdout } = await chaosHere(['check', path, '--json'])
    const { stamps, warnings } = JSON.parse(stdout)
    expect(stamps).toEqual({ resolutionNanos: 1e6, skewNanos: 0, undecided: ['linearizable'] })
    expect(warnings).toEqual([expect.stringContaining(NOTE)])
  })
})

describe('the options for skewed or coarse clocks', () => {
  const stale = [write(0, 1, [1, 2]), write(0, 2, [103, 105]), read(1, 1, [125, 135])]

  test.each([
    [[], 1],
    [['--skew', '50ms'], 2],
    [['--skew', '10ms'], 1],
    [['--clock', '1ms'], 1],
    [['--clock', '7ms'], 1],
    [['--clock', '25ms'], 2],
  ])('the options %j give exit code %i to a read that is 20 ms too old', async (options, exitCode) => {
    expect((await check([operationLines(stale)], ...options)).exitCode).toBe(exitCode)
  })

  test('--skew is refused together with --order lines', async () => {
    const { exitCode, printed } = await check([operationLines(stale)], '--skew', '50ms', '--order', 'lines')
    expect([exitCode, printed]).toEqual([
      3,
      expect.stringContaining('--skew needs the times of events, but --order lines ignores them.'),
    ])
  })
})

describe('nanoseconds since 1970', () => {
  const at = (nanos: number): string => String(1_767_261_600_000_000_000n + BigInt(nanos))
  const date = (nanos: number): string => `"2026-01-01T10:00:00.${String(nanos).padStart(9, '0')}Z"`
  const seconds = (nanos: number): string => at(nanos).replace(/(?=\d{9}$)/, '.')
  const history = (time: (nanos: number) => string, value: number): readonly Operation[] => [
    write(0, 1, [time(10), time(20)]),
    write(0, 2, [time(30), time(40)]),
    read(1, value, [time(42), time(44)]),
  ]

  test.each([
    ['dates', (value: number) => [operationLines(history(date, value), '')], []],
    ['seconds with nine decimals', (value: number) => [operationLines(history(seconds, value), '')], []],
    ['times of events', (value: number) => [eventLines(history(at, value))], ['--order', 'time']],
    [
      'times of merged files',
      (value: number) => [eventLines(history(at, value).slice(0, 2)), eventLines(history(at, value).slice(2))],
      ['--merge'],
    ],
    [
      'times in EDN',
      (value: number) => [
        eventLines(history(at, value)).replaceAll(
          /"(\w+)":(?:"(\w+)"|([^,}]+))/g,
          (_, name, word, other) =>
            `:${name} ${word === undefined ? String(other).replace('null', 'nil') : `:${word}`}`,
        ),
      ],
      ['--order', 'time'],
    ],
  ] as const)('nanoseconds since 1970 are read exactly in %s', async (_, files, options) => {
    expect((await check(files(2), ...options)).exitCode).toBe(0)
    expect((await check(files(1), ...options)).exitCode).toBe(1)
  })
})
