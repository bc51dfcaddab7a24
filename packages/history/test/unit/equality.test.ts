import { type Format, HistoryBuilder, historyFromEvents, outputOf, parseJson } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createReader } from '../../src/codecs/formats.ts'

/** Whether the history treats two values as equal. */
function areEqual(format: Format, one: string, other: string): boolean {
  const lines =
    format === 'edn'
      ? [one, other].map((value, p) => `{:process ${p} :type :invoke :f :write :value ${value}}`)
      : [one, other].map((value, p) => `{"process":${p},"type":"invoke","f":"write","value":${value}}`)
  const builder = new HistoryBuilder()
  const bytes = new TextEncoder().encode(`${lines.join('\n')}\n`)
  createReader(format, { source: 'h', sink: builder, builder }).read(bytes, 0, bytes.length, true)
  const { input } = builder.build().operations
  return input[0] === input[1]
}

describe('equality in EDN', () => {
  const equal = [
    ['2/4', '1/2'],
    ['4/2', '2'],
    ['1e21', '1000000000000000000000'],
    ['1e21', '1000000000000000000000N'],
    ['0.5', '0.50M'],
    ['#{1 2}', '#{2 1}'],
    ['(1 2)', '[1 2]'],
    ['{:a 1 :b 2}', '{:b 2 :a 1}'],
  ] as const
  for (const [one, other] of equal)
    test(`the EDN value ${one} equals ${other}`, () => expect(areEqual('edn', one, other)).toBe(true))
})

describe('inequality in EDN', () => {
  const different = [
    [':a', '"a"'],
    [':a', '":a"'],
    ["'a".slice(1), '"a"'],
    ['\\a', '"a"'],
    ['#{1}', '[1]'],
    ['1/2', '"1/2"'],
    ['1/2', '2/1'],
    ['9007199254740993', '9007199254740992'],
    ['nil', '"nil"'],
    ['nil', ':nil'],
    ['1', '"1"'],
  ] as const
  for (const [one, other] of different) {
    test(`the EDN value ${one} differs from ${other}`, () => expect(areEqual('edn', one, other)).toBe(false))
  }
})

describe('numbers in JSON', () => {
  test('numbers in JSON are equal exactly if their decimal values are equal', () => {
    const decimal = fc
      .tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.integer({ min: -30, max: 30 }))
      .map(([digits, power]) => ({ digits, power }))
    fc.assert(
      fc.property(decimal, decimal, fc.integer({ min: 0, max: 4 }), fc.boolean(), (one, stranger, zeros, same) => {
        const other = same ? { digits: one.digits * 10n ** BigInt(zeros), power: one.power - zeros } : stranger
        const scale = Math.min(one.power, other.power)
        const exact = ({ digits, power }: typeof one): bigint => digits * 10n ** BigInt(power - scale)
        const written = ({ digits, power }: typeof one): string => `${digits}e${power}`
        expect(areEqual('jsonl', written(one), written(other))).toBe(exact(one) === exact(other))
      }),
    )
  })

  test('numbers in JSON are read as doubles if a double holds them exactly, in any notation', () => {
    expect(['1e21', '1000000000000000000000', '0.1', '1E-1', '10e-2', '-0', '0.0'].map(parseJson)).toEqual([
      1e21, 1e21, 0.1, 0.1, 0.1, -0, 0,
    ])
  })

  test('numbers in JSON remain distinct if they have more digits than a double holds', () => {
    expect(areEqual('jsonl', '0.1', '0.10000000000000000001')).toBe(false)
    expect(areEqual('jsonl', '1e23', '99999999999999991611392')).toBe(false)
  })
})

describe('a text key and a key of another type with the same characters', () => {
  const keysOf = (...keys: readonly (string | number)[]): readonly string[] =>
    historyFromEvents(keys.map((key, process) => ({ process, type: 'invoke', f: 'read', key }))).keys

  test('a text key and another key with the same characters are two keys, in whichever order they come', () => {
    expect(keysOf(1, '1', 1, '1')).toEqual(['1', '"1"'])
    expect(keysOf('1', 1, '1', 1)).toEqual(['1', '1 (not a text)'])
  })

  test('a text key and a number key with the same characters are two keys in JSON lines', () => {
    const line = (process: number, key: string): string =>
      `{"process":${process},"type":"invoke","f":"read","key":${key}}\n`
    for (const order of [
      ['"1"', '1', '"1"', '1'],
      ['1', '"1"', '1', '"1"'],
    ]) {
      const builder = new HistoryBuilder()
      const bytes = new TextEncoder().encode(order.map((key, process) => line(process, key)).join(''))
      createReader('jsonl', { source: 'h', sink: builder, builder }).read(bytes, 0, bytes.length, true)
      expect(Array.from(builder.build().operations.key)).toEqual([0, 1, 0, 1])
    }
  })
})

describe('a tail of zero bytes after a power loss', () => {
  const event = '{"process":0,"type":"invoke","f":"write","value":1}\n'
  const readTail = (tail: string) => {
    const builder = new HistoryBuilder()
    const bytes = new TextEncoder().encode(event + tail)
    createReader('jsonl', { source: 'h', sink: builder, builder }).read(bytes, 0, bytes.length, true)
    return builder.build()
  }

  test('zero bytes at the end of a file after a power loss are ignored with a warning', () => {
    const cases = [
      ['\0'.repeat(4096), 'h:2: the file ends in 4096 zero bytes'],
      [`{"process":1,"type":"inv${'\0'.repeat(100)}`, 'h:2: the last line is cut off'],
    ] as const
    for (const [tail, warning] of cases) {
      const history = readTail(tail)
      expect(history.operations.length).toBe(1)
      expect(history.warnings).toEqual([expect.stringContaining(warning)])
      expect(outputOf(history, 0)).toBe(1)
    }
  })

  test('zero bytes at the end of a file do not invalidate a complete last line', () => {
    const history = readTail(`{"process":1,"type":"invoke","f":"write","value":2}${'\0'.repeat(100)}`)
    expect(history.operations.length).toBe(2)
  })
})
