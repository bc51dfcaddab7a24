import { type Format, type History, HistoryBuilder, UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EdnScanner } from '../../src/codecs/edn-scanner.ts'
import { LineScanner, UNUSUAL } from '../../src/codecs/jsonl-scanner.ts'
import { read, readInChunks } from '../reading.ts'

/** The forms of events in a format, valid and invalid. */
interface Syntax {
  readonly format: Format
  readonly separators: readonly string[]
  readonly scalars: readonly string[]
  /** Texts that the format does not allow as values. */
  readonly broken: readonly string[]
  readonly nested: readonly string[]
  readonly kinds: readonly string[]
  readonly oddKinds: readonly string[]
  readonly keys: readonly string[]
  readonly functions: readonly string[]
  readonly event: (process: number, type: string, f: string, value: string, order: number) => string
}

const NUMBERS = [
  ...['-0', '0', '1.0', '0.5', '1e3', '999999999', '1000000000', '1073741823', '1073741824', '-1073741824'],
  ...['-1073741825', '4294967295', '999999999999999', '1000000000000000', '9007199254740993', '1e400'],
  '123456789012345678901234567890',
]

const inJson: Syntax = {
  format: 'jsonl',
  separators: [',', ',', ',', ', ', ' ,', '\t, '],
  scalars: [
    'null',
    'true',
    'false',
    '"a"',
    '""',
    '"x y"',
    '"1"',
    '"\\u0061"',
    '"é"',
    '"\\n"',
    '"-1"',
    '"null"',
    ...NUMBERS,
  ],
  broken: ['00', '07', '-', '1-', '--1', '+1', 'nul', 'x', '"a', '-01', '1 2'],
  nested: ['[1,2]', '[]', '[[1]]', '{"a":1}', '{"#{}":[1]}', '{}'],
  kinds: ['"r"', '"append"', '"w"'],
  oddKinds: ['"\\u0072"', '"é"', '""', '"appen"', '"appendx"', 'null', '1'],
  keys: ['1', '2', '"x"', '-1', 'null'],
  functions: ['txn', 'txn', 'txn', 'transact', 'read'],
  event: (process, type, f, value, order) => {
    const name = `"f":"${f}"`
    const members = [
      [name, `"value":${value}`],
      [`"value":${value}`, name],
      [name, `"value" : ${value} `, `"time":${process}`],
    ][order % 3]!
    return `{"process":${process},"type":"${type}",${members.join(',')}}\n`
  },
}

const inEdn: Syntax = {
  format: 'edn',
  separators: [' ', ' ', ' ', ', ', '\t', '\n', ' ; note\n', ' #_9 '],
  scalars: [
    ...[
      'nil',
      'true',
      'false',
      '"a"',
      '""',
      '"x y"',
      '"1"',
      '"\\u0061"',
      '"é"',
      '"a\\n"',
      '"a\nb"',
      '"nil"',
      '":a"',
      'sym',
    ],
    ...[
      ':a',
      ':a/b',
      ':a-b',
      '\\a',
      '1/2',
      '2/4',
      '007',
      '+1',
      '1N',
      '0.50M',
      '0x1F',
      '##NaN',
      "'a",
      '#inst "x"',
      '"1/2"',
    ],
    ...NUMBERS,
  ],
  broken: ['1-', '--1x', '}', ')', '"a', '#', '\\abc', ':'],
  nested: ['[1 2]', '[]', '(1 2)', '[[1]]', '{:a 1}', '#{2 1}', '#tuple [1 2]', '^:m [1]', '()'],
  kinds: [':r', ':append', ':w'],
  oddKinds: ['"r"', ':é', ':a-b', ':appen', ':appendx', 'nil', '1', 'r'],
  keys: ['1', '2', '"x"', ':x', '-1', 'nil'],
  functions: [':f :txn', ':f :txn', ':f :txn', ':f "txn"', ':f :transact', ':f :read', ''],
  event: (process, type, f, value, order) => {
    const given = `:value ${value}`
    const members = [
      [`:process ${process}`, `:type :${type}`, f, given],
      [`:type :${type}`, given, f, `:process ${process}`, ':time 0'],
      [
        `:index ${2 * process + (type === 'ok' ? 11 : 10)}`,
        ':time 0',
        `:process ${process}`,
        `:type :${type}`,
        f,
        given,
      ],
      [`:process ${process}`, `:type :${type}`, f, given, ':error :odd'],
    ][order]!
    return `${order === 1 ? '#jepsen.history.Op' : ''}{${members.join(', ')}}${order === 2 ? '\n' : ' '}`
  },
}

interface Row {
  readonly input: string
  readonly answered: string
  readonly f: string
  readonly order: number
}

/** Generates rows. Each row becomes an invocation and its answer, by a process of its own. */
function rowsOf(syntax: Syntax): fc.Arbitrary<readonly Row[]> {
  const joined = (items: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
    fc
      .tuple(
        fc.array(items, { maxLength }),
        fc.constantFrom(...syntax.separators),
        fc.oneof({ weight: 60, arbitrary: fc.constantFrom('', ' ') }, { weight: 1, arbitrary: fc.constant(',') }),
      )
      .map(([texts, separator, end]) => texts.join(separator) + end)
  const listed = (items: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 100, arbitrary: joined(items, maxLength).map((text) => `[${text}]`) },
      { weight: 1, arbitrary: joined(items, maxLength).map((text) => `[ ${text}`) },
    )
  const plain = fc.oneof(
    { weight: 80, arbitrary: fc.integer({ min: -3, max: 9 }).map(String) },
    { weight: 40, arbitrary: fc.constantFrom(...syntax.scalars) },
    { weight: 1, arbitrary: fc.constantFrom(...syntax.broken) },
  )
  const nested = fc.oneof({ weight: 20, arbitrary: plain }, { weight: 1, arbitrary: fc.constantFrom(...syntax.nested) })
  const kinds = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...syntax.kinds) },
    { weight: 1, arbitrary: fc.constantFrom(...syntax.oddKinds) },
  )
  const keys = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...syntax.keys) }, nested)
  const held = fc.oneof({ weight: 2, arbitrary: listed(nested, 6) }, nested)
  const separator = syntax.separators[0]!
  const micro = fc.oneof(
    { weight: 20, arbitrary: fc.tuple(kinds, keys, held).map((parts) => `[${parts.join(separator)}]`) },
    { weight: 2, arbitrary: fc.tuple(kinds, keys).map((parts) => `[ ${parts.join(` ${separator} `)} ]`) },
    { weight: 1, arbitrary: fc.oneof(nested, listed(nested, 5)) },
  )
  const value = fc.oneof({ weight: 9, arbitrary: listed(micro, 4) }, held)
  const row = { input: value, answered: value, f: fc.constantFrom(...syntax.functions), order: fc.nat(3) }
  return fc.array(fc.record(row), { maxLength: 6 })
}

/**
 * Returns the text of a history. The text begins with a transaction, because the EDN reader uses its scanner only after
 * it has read a transaction.
 */
const textOf = ({ event, functions }: Syntax, rows: readonly Row[]): string => {
  const first = event(9, 'invoke', functions[0]!, '[]', 0)
  const others = rows.flatMap(({ input, answered, f, order }, process) => [
    event(process, 'invoke', f, input, order),
    event(process, 'ok', f, answered, order),
  ])
  return first + others.join('')
}

/** Numbers ids in order of first appearance, because only their equality matters. */
const renumbered = (ids: readonly (readonly [number, unknown])[]): unknown => {
  const numbers = new Map<number, number>()
  return ids.map(([id, visible]) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size)
    return [numbers.get(id), visible]
  })
}

function outcome(run: () => History): unknown {
  try {
    const { operations, values, functions } = run()
    const visible = (id: number): readonly [number, unknown] => [id, id === -2 ? 'none' : values.json(id as never)]
    const ids = Array.from(operations.input, (input, row) => [input, operations.output[row]!]).flat()
    const micros = values.microOperations()
    const rows = ids.flatMap((id) => {
      const { from, to } = values.microRange(id) ?? { from: 0, to: 0 }
      return Array.from({ length: to - from }, (_, i) => from + i)
    })
    return {
      functions,
      values: renumbered(ids.map(visible)),
      isTransaction: ids.map((id) => values.microRange(id) !== undefined),
      kinds: rows.map((row) => micros?.kinds[micros.kind[row]!]),
      keys: renumbered(rows.map((row) => visible(micros!.key[row]!))),
      held: renumbered(rows.map((row) => visible(micros!.value[row]!))),
    }
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/** Whether the fast scanner reads this line without the slow parser. */
function isUsual(line: string): boolean {
  if (line.includes(':process')) return new EdnScanner(new HistoryBuilder()).scan(line, 0, 1) === line.length
  const bytes = new TextEncoder().encode(`${line}\n`)
  return new LineScanner(new HistoryBuilder()).scan(bytes, 0, 1) !== UNUSUAL
}

const invoked = (given: string): string => `{"process":0,"type":"invoke","f":"txn","value":${given}}`

describe('lines with transactions', () => {
  test.each([inJson, inEdn])(
    'lines with transactions are read alike by the fast scanner and by the slow parser, in $format',
    (syntax) => {
      fc.assert(
        fc.property(rowsOf(syntax), fc.array(fc.nat(80), { maxLength: 4 }), (rows, cuts) => {
          const bytes = new TextEncoder().encode(textOf(syntax, rows))
          const fast = outcome(() => readInChunks(bytes, cuts, { format: syntax.format }))
          const slow = outcome(() => readInChunks(bytes, [], { format: syntax.format, slow: true }))
          expect(fast).toEqual(slow)
        }),
        { numRuns: 1500 },
      )
    },
  )

  test.each([
    ['[["r",1,[1,2,3]],["append","x",4],["r",1,null],["w",2,-7]]'],
    ['[]'],
    ['[ ["r" , 1 , [ ] ] , ["r","x"] ]'],
    ['[["r",1,["a",null,true,-1,1073741824,12345678901]]]'],
  ])('a line with transactions is read by the scanner without JSON.parse: %s', (given) => {
    expect(isUsual(invoked(given))).toBe(true)
  })

  test.each([
    ['{:process 0, :type :invoke, :f :txn, :value [[:r 1 nil] [:append "x" 2] [:w :y -3] [:r 1]]}'],
    ['#jepsen.history.Op{:index 7, :time 5, :type :invoke, :process 0, :value [[:r 1 [1 2 30] ]]}'],
    ['{:type :invoke, :value [], :f :txn, :process 0}'],
  ])('an EDN line with transactions is read by the scanner without the EDN parser: %s', (event) => {
    expect(isUsual(event)).toBe(true)
  })

  test.each([
    ['[["append",1,[2]]]'],
    ['[["r",1,[0.5]]]'],
    ['[["r",1,[[1]]]]'],
    ['[["r",1,[01]]]'],
    ['[["r",1,[1,]]]'],
    ['[["r",1,[1 2]]]'],
    ['[["r"]]'],
    ['[["r",1,2,3]]'],
    ['[["r",1,"\\n"]]'],
  ])('a line with transactions is read by JSON.parse: %s', (given) => {
    expect(isUsual(invoked(given))).toBe(false)
  })

  test('a line with transactions may contain a list of a million elements', () => {
    const elements = Array.from({ length: 1_000_000 }, (_, i) => i)
    const text = `${invoked('[["r",1,null]]')}\n{"process":0,"type":"ok","f":"txn","value":[["r",1,[${elements}]]]}\n`
    const { values } = read(text)
    const { length, depth } = values.lists()!
    expect(length).toBe(1_000_001)
    expect(depth[length - 1]).toBe(1_000_000)
    expect(values.json(values.microOperations()!.value[1] as never)).toHaveLength(1_000_000)
  })

  test('a line with transactions is refused with the line and column of its first JSON error', () => {
    const bad = `${invoked('[["r",1,null]]')}\n{"process":0,"type":"ok","f":"txn","value":[["r",1,[1,2},3]]]}\n`
    expect(() => read(bad)).toThrow('h.jsonl:2: bad JSON at column 56, near "},3]]]}".')
  })

  test('a line with transactions is refused if it is nested deeper than 500 levels', () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`
    expect(read(`${invoked(`[["r",1,${deep(498)}]]`)}\n`).operations.length).toBe(1)
    expect(() => read(`${invoked(`[["r",1,${deep(499)}]]`)}\n`)).toThrow('nested deeper than 500 levels')
  })
})
