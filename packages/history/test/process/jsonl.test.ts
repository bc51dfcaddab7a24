import {
  type Event,
  type EventInput,
  HistoryBuilder,
  nanos,
  printJsonHeader,
  printJsonLine,
  UserError,
} from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createReader } from '../../src/codecs/formats.ts'
import { parseJsonLine } from '../../src/codecs/jsonl.ts'
import { events, read, readInChunks } from '../reading.ts'

describe('a line of the native format', () => {
  test('a line of the native format is parsed back to the event that was printed', () => {
    fc.assert(
      fc.property(events(), (event) => {
        expect(parseJsonLine(printJsonLine(event))).toEqual({ kind: 'event', event })
      }),
    )
  })

  test('a line of the native format is printed unchanged after parsing, including unknown members', () => {
    const line =
      '{"index":3,"time":9,"process":1,"type":"ok","f":"read","key":"x","value":[1,"é"],"node":"n1","error":"e","final":true,"answered":true,"epoch":4,"__proto__":{"a":1}}'
    const parsed = parseJsonLine(line)
    expect(parsed.kind === 'event' && printJsonLine(parsed.event)).toBe(line)
  })

  test('a line of the native format has its members in the documented order', () => {
    const event: Event = {
      process: 3,
      index: 0,
      value: 7,
      time: nanos(1042118),
      node: 'n2',
      key: 'x',
      type: 'invoke',
      f: 'write',
    }
    expect(printJsonLine(event)).toBe(
      '{"index":0,"time":1042118,"process":3,"type":"invoke","f":"write","key":"x","value":7,"node":"n2"}',
    )
  })

  test('a line of the native format accepts a number as key, and an error that is not text', () => {
    expect(parseJsonLine('{"process":0,"type":"fail","f":"read","key":5,"error":["timeout",3]}')).toEqual({
      kind: 'event',
      event: { process: 0, type: 'fail', f: 'read', key: 5, error: '["timeout",3]' },
    })
  })
})

describe('an integer beyond the precision of a double', () => {
  const value = (text: string): unknown => {
    const line = parseJsonLine(`{"process":0,"type":"ok","f":"read","value":${text}}`)
    return line.kind === 'event' ? line.event.value : undefined
  }

  test('an integer beyond the precision of a double is kept exactly, as digits that end in N', () => {
    expect(value('9007199254740993')).toBe('9007199254740993N')
    expect(value('[9007199254740992, "9007199254740993", -90071992547409931]')).toEqual([
      9007199254740992,
      '9007199254740993',
      '-90071992547409931N',
    ])
    expect(value('9007199254740991')).toBe(2 ** 53 - 1)
  })

  test('an integer with an exponent is read as a double or a decimal text', () => {
    expect(value('1e20')).toBe(1e20)
    expect(value('1.5e400')).toBe('15e399')
  })

  test('a first time beyond the precision of a double is accepted, and later times are relative to it', () => {
    const history = read(
      '{"process":0,"type":"invoke","f":"read","time":1700000000000000123}\n{"process":0,"type":"ok","f":"read","value":null,"time":1700000000000000125}\n',
    )
    expect([history.operations.callTime[0], history.operations.returnTime[0]]).toEqual([0, 2])
    expect(history.warnings).toEqual([])
  })
})

describe('the header of a history', () => {
  test('the header of a history is printed as it was read', () => {
    const text = '{"chaos":1,"model":"register","initial":null,"seed":7}'
    const history = read(`\uFEFF${text}\r\n{"process":0,"type":"invoke","f":"read"}\r\n`)
    expect(history.header).toEqual({ chaos: 1, model: 'register', initial: null, extra: { seed: 7 } })
    expect(history.header && printJsonHeader(history.header)).toBe(text)
    expect(history.operations.callLine[0]).toBe(2)
  })

  test('the header of a history is refused if its version is newer', () => {
    expect(() => read('{"chaos":2}\n')).toThrow(
      'h.jsonl:1: this history says it is of format version 2; this program reads version 1. Use a newer chaos.',
    )
  })

  test('the header of a history is refused after an event', () => {
    expect(() => read('{"process":0,"type":"invoke","f":"read"}\n{"chaos":1}\n')).toThrow(
      'h.jsonl:2: this line is a header ("chaos"), which must be the first line. If histories were joined, split them.',
    )
  })
})

describe('a malformed line', () => {
  const good = '{"process":0,"type":"invoke","f":"read"}\n'
  const cases: readonly [what: string, line: string, message: string][] = [
    ['bad JSON', '{"process":0,"type":"ok",}', 'bad JSON at column 26, near "}". Every line is one JSON object.'],
    ['a bare word', '{"process":zero}', 'bad JSON at column 12, near "zero}". Every line is one JSON object.'],
    [
      'a line that is cut off',
      '{"process":0,"type"',
      'bad JSON: the line ends at column 20, too early. Every line is one JSON object.',
    ],
    ['two objects', '{"a":1} {"b":2}', 'bad JSON at column 9, near "{\\"b\\":2}". Every line is one JSON object.'],
    ['an array', '[1]', "this line is an array. Every line is one JSON object; an array is split by: jq -c '.[]'"],
    [
      'an unknown type',
      '{"process":0,"type":"okay","f":"read"}',
      'unknown type "okay". A type is invoke, ok, fail or info.',
    ],
    ['no process', '{"type":"ok","f":"read"}', '"process" is missing. An event has at least process, type and f.'],
    ['no type', '{"process":0,"f":"read"}', '"type" is missing. An event has at least process, type and f.'],
    ['no f', '{"process":0,"type":"ok"}', '"f" is missing. An event has at least process, type and f.'],
    [
      'a negative process',
      '{"process":-2,"type":"ok","f":"read"}',
      '"process" is -2. It must be a non-negative integer or a name.',
    ],
    [
      'a time with a fraction',
      '{"process":0,"type":"ok","f":"read","time":1.5}',
      `"time" is 1.5. It must be an integer number of nanoseconds. In JSON lines, "time_s" is converted from seconds, and "time_ms" from milliseconds: sed 's/"time":/"time_s":/' FILE`,
    ],
    [
      'a final that is not a truth value',
      '{"process":0,"type":"ok","f":"read","final":1}',
      '"final" is 1. It must be true or false.',
    ],
    ['a node that is not text', '{"process":0,"type":"ok","f":"read","node":[]}', '"node" is []. It must be a string.'],
    [
      'a value nested too deeply',
      `{"process":0,"type":"ok","f":"read","value":${'['.repeat(600)}${']'.repeat(600)}}`,
      'a value is nested deeper than 500 levels; flatten it',
    ],
  ]
  for (const [what, line, message] of cases) {
    test(`a malformed line is refused with file, line and rule: ${what}`, () => {
      let caught: unknown
      try {
        read(`${good}${line}\n`)
      } catch (error) {
        caught = error
      }
      expect(caught).toBeInstanceOf(UserError)
      expect((caught as UserError).code).toBe('input')
      expect((caught as UserError).message).toBe(`h.jsonl:2: ${message}`)
    })
  }

  test('a line is refused if its bytes are not UTF-8', () => {
    const bytes = Uint8Array.from([...new TextEncoder().encode(good), 0x22, 0xff, 0x22, 0x0a])
    expect(() => readInChunks(bytes, [])).toThrow(
      'h.jsonl:2: this line is not UTF-8 text. Histories are written in UTF-8.',
    )
  })
})

describe('a last line without a line end', () => {
  const good = '{"process":0,"type":"invoke","f":"read"}\n'

  test('a last line without a line end is used if its JSON is complete', () => {
    const history = read(`${good}{"process":0,"type":"ok","f":"read","value":1}`)
    expect(history.operations.returnLine[0]).toBe(2)
    expect(history.warnings).toEqual([])
  })

  test('an incomplete last line is ignored with a warning, wherever it is cut off', () => {
    const line = '{"process":0,"type":"ok","f":"read","value":"é"}'
    const bytes = new TextEncoder().encode(`${good}${line}`)
    const begin = good.length
    for (let end = begin + 1; end < bytes.length; end += 1) {
      const history = readInChunks(bytes.subarray(0, end), [])
      expect(history.operations.returnEvent[0]).toBe(-1)
      expect(history.warnings).toEqual([
        'h.jsonl:2: the last line is cut off (neither a line end nor valid JSON) and is left out; the lines before it are used.',
      ])
    }
  })

  test('an incomplete last line is refused if the file has no other line', () => {
    expect(() => read('{"process":0,"ty')).toThrow('h.jsonl:1: bad JSON: the line ends at column 17, too early.')
  })
})

describe('the line scanner', () => {
  /** Lines as people and programs write them: spaces, odd orders, repeated and unknown members, all kinds of values. */
  const members = (): fc.Arbitrary<string> => {
    const values = fc.oneof(
      fc.integer({ min: -5, max: 5 }).map(String),
      fc.constantFrom(
        'null',
        'true',
        'false',
        '-0',
        '0',
        '1.0',
        '1e3',
        '007',
        '-1073741824',
        '1073741823',
        '1073741824',
        '999999999999999',
        '9007199254740993',
        '[1,2]',
        '[ 1 , "a" ]',
        '[]',
        '[[1]]',
        '[-0]',
        '[1.0]',
        '[null,true]',
        '{"a":1,"b":2}',
        '{"b":2,"a":1}',
        '"x y"',
        '"\\u0041"',
        '"é"',
        '"\\n"',
        '""',
      ),
      fc.json({ maxDepth: 2 }),
    )
    const types = fc.constantFrom('"invoke"', '"ok"', '"fail"', '"info"', '"okay"', '"invok\\u0065"')
    const member = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      fc
        .tuple(fc.constantFrom('', ' ', '\t'), fc.constantFrom('', ' '), value)
        .map(([before, after, text]) => `"${name}"${before}:${after}${text}`)
    const optional = fc.subarray([
      'index',
      'time',
      'key',
      'value',
      'node',
      'error',
      'final',
      'answered',
      'epoch',
      'value',
      'session',
    ])
    const valuesOf: Record<string, fc.Arbitrary<string>> = {
      index: fc.constantFrom('null', '-1'),
      time: fc.constantFrom('5', '5.5', '-5', 'null', '1700000000000000123', '5e0'),
      key: fc.constantFrom('"x"', '"y"', 'null', '5', '"\\"', '"é"'),
      node: fc.constantFrom('"n1"', 'null', '3'),
      error: fc.constantFrom('"timeout"', 'null', '["a"]'),
      final: fc.constantFrom('true', 'false', 'null', '1'),
      answered: fc.constantFrom('true', 'false', 'null', '"yes"'),
      session: fc.constantFrom('"a"', '"b"', 'null', '5', '"é"'),
    }
    return fc
      .tuple(
        member('process', fc.constantFrom('0', '1', '2', '"nemesis"', '"1"', '"a"', '70000', '-1')),
        member('type', types),
        member('f', fc.constantFrom('"read"', '"write"', '""', '"r\\u0065ad"', 'null')),
        optional.chain((names) => fc.tuple(...names.map((name) => member(name, valuesOf[name] ?? values)))),
        fc.integer(),
        fc.constantFrom(',', ', ', ' ,'),
        fc.constantFrom('', ' ', '\r'),
      )
      .map(([process, type, f, rest, seed, comma, tail]) => {
        const all = [process, type, f, ...rest]
        const turned = all.map((_, i) => all[(i + Math.abs(seed % all.length)) % all.length])
        return `{${turned.join(comma)}}${tail}`
      })
  }

  const outcome = (run: () => ReturnType<typeof read>): unknown => {
    try {
      const history = run()
      const { operations, values } = history
      return {
        ...history,
        operations,
        inputs: Array.from(operations.input, (id) => values.json(id as never)),
        outputs: Array.from(operations.output, (id) => values.json(id as never)),
        errors: Array.from(operations.input, (_, i) => history.errorOf(i)),
        names: Array.from(operations.process, history.processName),
        sessions: Array.from(operations.process, (process) => history.sessionName(history.sessionOf(process))),
        // Value ids are not compared, because reading a line a second time may change them. The values themselves are
        // compared.
        ...{ values: undefined, errorOf: undefined, processName: undefined, lend: undefined },
        ...{ sessionOf: undefined, sessionName: undefined },
      }
    } catch (error) {
      return error instanceof UserError ? error.message : error
    }
  }

  const comparable = (result: unknown): unknown =>
    typeof result === 'object' && result !== null && 'operations' in result
      ? { ...result, operations: { ...(result.operations as object), input: undefined, output: undefined } }
      : result

  test('the line scanner reads each line like JSON.parse, however the bytes are divided into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            { weight: 9, arbitrary: members() },
            { weight: 1, arbitrary: fc.constantFrom('', ' ', '{}', 'x', '{"process":1', '{"a\n') },
          ),
          { maxLength: 6 },
        ),
        fc.array(fc.nat(60), { maxLength: 12 }),
        fc.boolean(),
        (lines, cuts, endsWithNewline) => {
          const bytes = new TextEncoder().encode(lines.join('\n') + (endsWithNewline ? '\n' : ''))
          const fast = comparable(outcome(() => readInChunks(bytes, cuts)))
          const slow = comparable(outcome(() => readInChunks(bytes, [], { slow: true })))
          expect(fast).toEqual(slow)
        },
      ),
      { numRuns: 1500 },
    )
  })

  test('the line scanner pairs the 1,000 events of a long history, however the bytes are divided into chunks', () => {
    const lines: string[] = []
    for (let i = 0; i < 500; i += 1) {
      lines.push(`{"process": ${i % 7}, "type": "invoke", "f": "cas", "value": [${i}, ${i + 1}], "time": ${i * 2}}`)
      lines.push(`{"process": ${i % 7}, "type": "ok", "f": "cas", "value": [${i}, ${i + 1}], "time": ${i * 2 + 1}}`)
    }
    const bytes = new TextEncoder().encode(`${lines.join('\n')}\n`)
    for (const size of [1, 7, 64, 1000, bytes.length]) {
      const history = readInChunks(
        bytes,
        Array.from({ length: Math.ceil(bytes.length / size) }, () => size),
      )
      expect(history.operations.length).toBe(500)
      expect(history.values.json(history.operations.input[499] as never)).toEqual([499, 500])
      expect(history.operations.returnLine[499]).toBe(1000)
    }
  })
})

test('a reader passes all members of each event to its sink, including events of the nemesis', () => {
  const seen: EventInput[] = []
  const sink = { header: () => undefined, warn: () => undefined, event: (event: EventInput) => void seen.push(event) }
  const reader = createReader('jsonl', { source: 'h.jsonl', sink })
  const text =
    '{"process":"nemesis","type":"info","f":"kill","value":["n1"],"rule":2}\n{"process":1,"type":"ok","f":"read"}\n'
  const bytes = new TextEncoder().encode(text)
  reader.read(bytes, 0, bytes.length, true)
  expect(seen).toEqual([
    { process: 'nemesis', type: 'info', f: 'kill', value: ['n1'], extra: { rule: 2 } },
    { process: 1, type: 'ok', f: 'read' },
  ])
  expect(new HistoryBuilder().build().operations.length).toBe(0)
})
