import { type History, HistoryBuilder, UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineScanner, UNUSUAL } from '../src/codecs/jsonl-scanner.ts'
import { read, readInChunks } from './reading.ts'

/** Pieces of text joined by commas with white space here and there, and sometimes one comma too many or too few. */
const joined = (items: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(items, { maxLength }),
      fc.constantFrom(',', ',', ',', ', ', ' ,', '\t, '),
      fc.oneof({ weight: 60, arbitrary: fc.constantFrom('', ' ') }, { weight: 1, arbitrary: fc.constant(',') }),
    )
    .map(([texts, comma, end]) => texts.join(comma) + end)

const listed = (items: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 100, arbitrary: joined(items, maxLength).map((text) => `[${text}]`) },
    { weight: 1, arbitrary: joined(items, maxLength).map((text) => `[ ${text}`) },
  )

const plain = fc.oneof(
  { weight: 80, arbitrary: fc.integer({ min: -3, max: 9 }).map(String) },
  {
    weight: 40,
    arbitrary: fc.constantFrom(
      ...['null', 'true', 'false', '"a"', '""', '"x y"', '"1"', '"\\u0061"', '"é"', '"\\n"', '"-1"', '"null"'],
      ...['-0', '0', '1.0', '0.5', '1e3'],
      ...['999999999', '1000000000', '1073741823', '1073741824', '-1073741824', '-1073741825', '4294967295'],
      ...['999999999999999', '1000000000000000', '9007199254740993', '123456789012345678901234567890', '1e400'],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('00', '07', '-', '1-', '--1', '+1', 'nul', 'x', '"a', '-01', '1 2') },
)
const nested = fc.oneof(
  { weight: 20, arbitrary: plain },
  { weight: 1, arbitrary: fc.constantFrom('[1,2]', '[]', '[[1]]', '{"a":1}', '{"#{}":[1]}', '{}') },
)
const kinds = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('"r"', '"append"', '"w"') },
  { weight: 1, arbitrary: fc.constantFrom('"\\u0072"', '"é"', '""', '"appen"', '"appendx"', 'null', '1') },
)
const keys = fc.oneof({ weight: 8, arbitrary: fc.constantFrom('1', '2', '"x"', '-1', 'null') }, nested)
const held = fc.oneof({ weight: 2, arbitrary: listed(nested, 6) }, nested)
const micro = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(kinds, keys, held).map(([kind, key, value]) => `[${kind},${key},${value}]`) },
  { weight: 2, arbitrary: fc.tuple(kinds, keys).map(([kind, key]) => `[ ${kind} , ${key} ]`) },
  { weight: 1, arbitrary: fc.oneof(nested, listed(nested, 5)) },
)
const value = fc.oneof({ weight: 9, arbitrary: listed(micro, 4) }, held)

/** Invocations and answers of one process each. */
const lines = fc.array(
  fc.tuple(value, value, fc.constantFrom('txn', 'txn', 'txn', 'transact', 'read'), fc.constantFrom(0, 1, 2)),
  { maxLength: 6 },
)

const textOf = (rows: readonly (readonly [asked: string, answered: string, f: string, order: number])[]): string =>
  rows
    .flatMap(([asked, answered, f, order], process) =>
      (['invoke', 'ok'] as const).map((type) => {
        const given = type === 'invoke' ? asked : answered
        const name = `"f":"${f}"`
        const members = [
          [name, `"value":${given}`],
          [`"value":${given}`, name],
          [name, `"value" : ${given} `, `"time":${process}`],
        ][order]!
        return `{"process":${process},"type":"${type}",${members.join(',')}}\n`
      }),
    )
    .join('')

/** Numbers ids in the order in which they appear: which are equal counts, not which they are. */
const renumbered = (ids: readonly (readonly [number, unknown])[]): unknown => {
  const numbers = new Map<number, number>()
  return ids.map(([id, shown]) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size)
    return [numbers.get(id), shown]
  })
}

function outcome(run: () => History): unknown {
  try {
    const { operations, values, functions } = run()
    const shown = (id: number): readonly [number, unknown] => [id, id === -2 ? 'none' : values.json(id as never)]
    const ids = Array.from(operations.input, (input, row) => [input, operations.output[row]!]).flat()
    const micros = values.microOperations()
    const rows = ids.flatMap((id) => {
      const { from, to } = values.microRange(id) ?? { from: 0, to: 0 }
      return Array.from({ length: to - from }, (_, i) => from + i)
    })
    return {
      functions,
      values: renumbered(ids.map(shown)),
      isTransaction: ids.map((id) => values.microRange(id) !== undefined),
      kinds: rows.map((row) => micros?.kinds[micros.kind[row]!]),
      keys: renumbered(rows.map((row) => shown(micros!.key[row]!))),
      held: renumbered(rows.map((row) => shown(micros!.value[row]!))),
    }
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/** Whether the scanner reads this line by itself. */
function isUsual(line: string): boolean {
  const bytes = new TextEncoder().encode(`${line}\n`)
  return new LineScanner(new HistoryBuilder()).scan(bytes, 0, 1) !== UNUSUAL
}

const invoked = (given: string): string => `{"process":0,"type":"invoke","f":"txn","value":${given}}`

describe('lines of transactions', () => {
  test('mean the same to the scanner as to JSON.parse', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.nat(80), { maxLength: 4 }), (rows, cuts) => {
        const bytes = new TextEncoder().encode(textOf(rows))
        const fast = outcome(() => readInChunks(bytes, cuts))
        expect(fast).toEqual(outcome(() => readInChunks(bytes, [], { slow: true })))
      }),
      { numRuns: 1500 },
    )
  })

  test.each([
    ['[["r",1,[1,2,3]],["append","x",4],["r",1,null],["w",2,-7]]'],
    ['[]'],
    ['[ ["r" , 1 , [ ] ] , ["r","x"] ]'],
    ['[["r",1,["a",null,true,-1,1073741824,12345678901]]]'],
  ])('are read by the scanner alone: %s', (given) => {
    expect(isUsual(invoked(given))).toBe(true)
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
  ])('are left to JSON.parse: %s', (given) => {
    expect(isUsual(invoked(given))).toBe(false)
  })

  test('may read a list of a million elements', () => {
    const elements = Array.from({ length: 1_000_000 }, (_, i) => i)
    const text = `${invoked('[["r",1,null]]')}\n{"process":0,"type":"ok","f":"txn","value":[["r",1,[${elements}]]]}\n`
    const { values } = read(text)
    const { length, depth } = values.lists()!
    expect(length).toBe(1_000_001)
    expect(depth[length - 1]).toBe(1_000_000)
    expect(values.json(values.microOperations()!.value[1] as never)).toHaveLength(1_000_000)
  })

  test('are refused where they stop being JSON, with line and column', () => {
    const bad = `${invoked('[["r",1,null]]')}\n{"process":0,"type":"ok","f":"txn","value":[["r",1,[1,2},3]]]}\n`
    expect(() => read(bad)).toThrow('h.jsonl:2: bad JSON at column 56, near "},3]]]}".')
  })

  test('are refused from the same depth as any other value', () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`
    expect(read(`${invoked(`[["r",1,${deep(498)}]]`)}\n`).operations.length).toBe(1)
    expect(() => read(`${invoked(`[["r",1,${deep(499)}]]`)}\n`)).toThrow('nested deeper than 500 levels')
  })
})
