import { type EventInput, inputOf, outputOf, UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { printEdnEvent } from '../../src/codecs/edn-writer.ts'
import { createReader } from '../../src/codecs/formats.ts'
import { events, read, readInChunks } from '../reading.ts'

const edn = { format: 'edn' } as const

const parse = (text: string): unknown => {
  const [event] = eventsOf(`{:process 0 :type :ok :f :read :value ${text}\n}`, { independent: false })
  return event?.value
}

function eventsOf(text: string, options: { independent?: boolean } = {}): EventInput[] {
  const found: EventInput[] = []
  const sink = { header: () => undefined, warn: () => undefined, event: (event: EventInput) => void found.push(event) }
  const bytes = new TextEncoder().encode(text)
  createReader('edn', { source: 'h.edn', sink, ...options }).read(bytes, 0, bytes.length, true)
  return found
}

const refusal = (text: string): string => {
  try {
    read(text, edn)
  } catch (error) {
    if (error instanceof UserError && error.code === 'input') return error.message
    throw error
  }
  return 'accepted'
}

describe('a pair in EDN', () => {
  const lines = (...some: readonly string[]): string => some.map((each) => `{:process 0 ${each}}`).join('\n')
  const write = lines(':type :invoke :f :write :value [1 5]', ':type :ok :f :write :value [1 5]')
  const read = lines(':type :invoke :f :read :value [1 nil]', ':type :ok :f :read :value [1 5]')
  const pairs = (text: string, independent?: boolean): unknown =>
    eventsOf(text, independent === undefined ? {} : { independent }).map(({ key, value }) => [key, value])

  test('an EDN pair is a key and a value if a later read is invoked with a pair of a key and nil', () => {
    expect(pairs(`${write}\n${read}`)).toEqual([
      [1, 5],
      [1, 5],
      [1, null],
      [1, 5],
    ])
  })

  test('an EDN pair is one value if a read is invoked with nil, or if the pair is the argument of a cas', () => {
    const plain = lines(':type :invoke :f :read :value nil', ':type :ok :f :read :value [1 5]')
    expect(pairs(`${write}\n${plain}`)).toEqual([
      [undefined, [1, 5]],
      [undefined, [1, 5]],
      [undefined, null],
      [undefined, [1, 5]],
    ])
    expect(pairs(lines(':type :invoke :f :cas :value [1 5]', ':type :ok :f :cas :value [1 5]'))).toEqual([
      [undefined, [1, 5]],
      [undefined, [1, 5]],
    ])
  })

  test('an EDN pair is refused without --keyed if its meaning is unclear and the verdict depends on it', () => {
    const completed = lines(':type :ok :f :write :value [1 5]', ':type :ok :f :read :value [1 5]')
    expect(() => pairs(completed)).toThrow(/h\.edn:2: it is unclear whether \[1,5\] is a key and a value.*--keyed/)
    expect(pairs(completed, true)).toEqual([
      [1, 5],
      [1, 5],
    ])
    expect(pairs(completed, false)).toEqual([
      [undefined, [1, 5]],
      [undefined, [1, 5]],
    ])
    const mixed = `${lines(':type :invoke :f :write :value 3', ':type :ok :f :write :value 3')}\n${read}`
    expect(() => pairs(mixed)).toThrow(/h\.edn:3: it is unclear/)
  })
})

describe('an EDN value', () => {
  const cases: readonly [text: string, value: unknown][] = [
    ['nil', null],
    ['true', true],
    [':keyword', ':keyword'],
    [':name/space', ':name/space'],
    ['symbol', "'symbol"],
    ['-5', -5],
    ['+5', 5],
    ['-0', 0],
    ['42N', 42],
    ['9007199254740993', '9007199254740993N'],
    ['-9223372036854775808N', -(2 ** 63)],
    ['-9223372036854775807N', '-9223372036854775807N'],
    ['1.5', 1.5],
    ['1e3', 1000],
    ['2.50M', 2.5],
    ['0.1000000000000000055M', '1000000000000000055e-19'],
    ['1/3', '1/3'],
    ['-2/4', '-1/2'],
    ['4/2', 2],
    ['"1/3"', '"1/3"'],
    ['":a"', '":a"'],
    ['"\\":a\\""', '"\\":a\\""'],
    ['##Inf', '##Inf'],
    ['"a\\"b\\\\c\\n\\u00e9 é"', 'a"b\\c\né é'],
    ['\\a', '\\a'],
    ['\\newline', '\\\n'],
    ['\\u0041', '\\A'],
    ['[1 2, (3 nil)]', [1, 2, [3, null]]],
    ['#{3 1 2}', { '#{}': [1, 2, 3] }],
    ['#{:b "a" 10 9}', { '#{}': [9, 10, ':b', 'a'] }],
    ['{:a 1, "b" [2], 3 4, [5] 6}', { a: 1, b: [2], '3': 4, '[5]': 6 }],
    ['#:jepsen{:a 1 :b 2}', { 'jepsen/a': 1, 'jepsen/b': 2 }],
    ['#inst "2020-01-01"', '2020-01-01'],
    ['#knossos.model.Register{:value 3}', { value: 3 }],
    ['#object[java.lang.Object 0x1a "o"]', ["'java.lang.Object", 26, 'o']],
    ['[1 #_2 #_ [3 4] 5 #_6]', [1, 5]],
    ['{:a #_1 2 #_:b}', { a: 2 }],
    ['^{:doc "d"} [1]', [1]],
    ['; comment\n [1 ; another ]\n 2]', [1, 2]],
    ['#"re.*"', 're.*'],
  ]
  for (const [text, value] of cases) {
    test(`an EDN value is read like JSON: ${text.replaceAll('\n', '⏎')}`, () => {
      expect(parse(text)).toEqual(value)
    })
  }

  test('an EDN set is the same whatever the order of its elements', () => {
    expect(parse('#{1 2 :a "b"}')).toEqual(parse('#{"b" :a 2 1}'))
  })
})

describe('an EDN history', () => {
  const lines = [
    '{:process 0, :type :invoke, :f :cas, :value [1 2], :time 5, :index 0}',
    '#jepsen.history.Op{:index 1, :time 6, :type :info, :process :nemesis, :f :start, :value nil}',
    '{:process 0, :type :fail, :f :cas, :value [1 2], :error [:timeout "x"], :time 7, :index 2}',
  ]
  const check = (text: string): void => {
    for (const sizes of [[], [1], Array.from({ length: text.length }, () => 1), [40, 3, 70, 2]]) {
      const history = readInChunks(new TextEncoder().encode(text), sizes, edn)
      expect(history.operations.length).toBe(1)
      expect(history.nemesis).toHaveLength(1)
      expect(inputOf(history, 0)).toEqual([1, 2])
      expect(history.errorOf(0)).toBe('["timeout","x"]')
      expect(history.warnings).toEqual([])
    }
  }

  test('an EDN history is read from one map per line', () => check(`${lines.join('\n')}\n`))
  test('an EDN history is read from one vector of maps', () => check(`[${lines.join('\n ')}]\n`))
  test('an EDN history is read from one list of maps, even with comments', () =>
    check(`; a list\n(${lines.join('\n ; é\n')})`))

  test('an EDN history may be empty', () => {
    for (const text of ['', ' \n', '[]', '()', 'nil', '; nothing']) expect(read(text, edn).eventCount).toBe(0)
  })

  test('an EDN history has the line number of each event, even if an event spans lines', () => {
    const history = read('[\n{:process 0\n :type :invoke :f :read}\n\n {:process 0 :type :ok\n:f :read :value 1}]', edn)
    expect(history.operations.callLine[0]).toBe(2)
    expect(history.operations.returnLine[0]).toBe(5)
  })

  test("an EDN history has keys if its values are Jepsen's independent tuples", () => {
    const history = read(
      '{:process 0 :type :invoke :f :cas :value #jepsen.independent/tuple [7 [1 2]]}\n{:process 0 :type :ok :f :cas :value #jepsen.independent/tuple [7 [1 2]]}',
      edn,
    )
    expect(history.keys).toEqual(['7'])
    expect(outputOf(history, 0)).toEqual([1, 2])
  })

  test('an EDN history has keys if pairs are detected or --keyed is given, except in events of the nemesis', () => {
    const text =
      '{:process 0 :type :invoke :f :read :value [:x nil]} {:process :nemesis :type :info :f :cut :value [1 2]}'
    expect(eventsOf(text, { independent: false }).map(({ key, value }) => [key, value])).toEqual([
      [undefined, [':x', null]],
      [undefined, [1, 2]],
    ])
    for (const independent of [true, undefined]) {
      expect(eventsOf(text, { ...(independent && { independent }) }).map(({ key, value }) => [key, value])).toEqual([
        [':x', null],
        [undefined, [1, 2]],
      ])
    }
  })

  test('an EDN history of completions has each invocation just before its completion', () => {
    const history = read(
      '{:process 0 :type :ok :value [[:w :x 1]]} {:process 1 :type :fail :f :txn :value [[:r :x nil]]}',
      edn,
    )
    expect(history.functions).toEqual(['txn'])
    expect(Array.from(history.operations.returnEvent)).toEqual([1, 3])
    expect(history.warnings).toHaveLength(1)
  })

  test('an EDN history has transactions if the values of read and write are lists of micro-operations', () => {
    const history = read(
      '{:process 0 :type :invoke :f :write :value [[:w 0 1]]} {:process 1 :type :invoke :f :read :value [[:r 0 nil] [:r 1 nil]]}',
      edn,
    )
    expect(history.functions).toEqual(['txn'])
    const single = read('{:process 0 :type :invoke :f :write :value [["r" 0 1]]}', edn)
    expect(single.functions).toEqual(['write'])
  })

  test('an EDN completion without a process ends the oldest open invocation with the same f and value', () => {
    const history = read(
      `{:type :invoke :f :write :value 1} {:type :invoke :f :write :value 2} {:type :invoke :f :read :value nil}
       {:type :ok :f :write :value 2} {:type :ok :f :read :value 2} {:type :ok :f :write :value 1}`,
      edn,
    )
    expect(Array.from(history.operations.returnEvent)).toEqual([5, 3, 4])
    expect(history.warnings).toEqual([
      'h.edn: events name no process, so each completion belongs to the oldest open invocation with the same f, and with the same value if there is one.',
    ])
  })

  test('an EDN history that is cut off is read up to its last complete event, with a warning', () => {
    const whole = '{:process 0 :type :invoke :f :read}\n{:process 0 :type :ok :f :read :value 1}'
    for (const [text, line] of [
      [whole.slice(0, -5), 2],
      [`[${whole.slice(0, -5)}`, 2],
    ] as const) {
      const history = read(text, edn)
      expect(history.operations.returnEvent[0]).toBe(-1)
      expect(history.warnings).toEqual([`h.edn:${line}: the file is cut off here; the 1 events before it are used.`])
    }
    expect(read(`[${whole}`, edn).warnings).toEqual([
      'h.edn:2: the file is cut off here; the 2 events before it are used.',
    ])
  })
})

describe('malformed EDN', () => {
  const good = '{:process 0 :type :invoke :f :read}\n'
  const cases: readonly [what: string, text: string, message: string][] = [
    ['a bracket that closes nothing', '{:a 1]', 'bad EDN at column 6: unexpected ]. An event is one map.'],
    [
      'a key without a value',
      '{:a 1 :b}',
      'bad EDN at column 9: a map has a key without a value. An event is one map.',
    ],
    [
      'two values for one key',
      '{:a 1 "a" 2}',
      'bad EDN at column 1: a map has two keys that are both written "a" in JSON. An event is one map.',
    ],
    ['a bad number', '{:a 12x}', 'bad EDN at column 5: bad number "12x". An event is one map.'],
    [
      'a vector for an event',
      '[:invoke]',
      'an event must be a map, such as {:process 0, :type :invoke, :f :read}, not a vector.',
    ],
    [
      'an unknown type',
      '{:process 1 :type :okay :f :read}',
      'unknown type "okay". A type is invoke, ok, fail or info.',
    ],
    [
      'no process amid others',
      '{:type :ok :f :read}',
      '"process" is missing. An event has at least process, type and f.',
    ],
    [
      'nesting without end',
      `{:a ${'['.repeat(100_000)}`,
      'bad EDN at column 505: nested deeper than 500 levels. An event is one map.',
    ],
    [
      'two in flight',
      '{:process 0 :type :invoke :f :read}',
      'process 0 invoked "read" while its "read" (line 1) is open. A process runs one operation at a time; give concurrent calls their own process.',
    ],
  ]
  for (const [what, text, message] of cases) {
    test(`malformed EDN is refused with file, line and rule: ${what}`, () =>
      expect(refusal(`${good}${text}`)).toBe(`h.edn:2: ${message}`))
  }

  test('EDN is refused if text follows the end of the history', () => {
    expect(refusal(`[${good}]\n${good}`)).toBe(
      'h.edn:3: something follows the end of the history. A file holds one history.',
    )
  })
})

describe('an event printed as EDN', () => {
  test('an event printed as EDN is read back as the same event', () => {
    fc.assert(
      fc.property(events(), (event) => {
        expect(eventsOf(printEdnEvent(event))).toEqual([event])
      }),
    )
  })

  test('an event printed as EDN is read back among other events, however the bytes are divided into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(events(), { maxLength: 5 }),
        fc.array(fc.nat(200), { maxLength: 10 }),
        fc.constantFrom(['', ''], ['[', ']'], ['; é\n(', ')\n']),
        (list, sizes, [open, close]) => {
          const found: EventInput[] = []
          const sink = {
            header: () => undefined,
            warn: () => undefined,
            event: (event: EventInput) => void found.push(event),
          }
          const reader = createReader('edn', { source: 'h.edn', sink })
          const bytes = new TextEncoder().encode(
            `${open}${list.map((event) => printEdnEvent(event)).join('\n')}${close}`,
          )
          let at = 0
          for (const size of sizes) at = reader.read(bytes, at, Math.min(at + size, bytes.length), false)
          reader.read(bytes, at, bytes.length, true)
          expect(found).toEqual(list)
        },
      ),
    )
  })

  test('an event is printed in the EDN notation of Jepsen', () => {
    const event: EventInput = { index: 1, time: 5, process: 'nemesis', type: 'info', f: 'start-partition', value: null }
    expect(printEdnEvent(event)).toBe(
      '{:index 1, :time 5, :process :nemesis, :type :info, :f :start-partition, :value nil}',
    )
    expect(
      printEdnEvent({ process: 3, type: 'ok', f: 'read', key: 'x', value: ['a', { b: 1.5 }], extra: { epoch: 1 } }),
    ).toBe('{:process 3, :type :ok, :f :read, :key "x", :value ["a" {"b" 1.5}], :epoch 1}')
    expect(printEdnEvent({ process: 3, type: 'ok', f: 'read', key: 'x', value: 1 }, { independent: true })).toBe(
      '{:process 3, :type :ok, :f :read, :value ["x" 1]}',
    )
  })
})
