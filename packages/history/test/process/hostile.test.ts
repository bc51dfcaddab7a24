import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { outputOf, UserError } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// Files that attack their reader, and files that are almost valid. None may crash or hang the process. Each file is
// read as its format's documentation says, or refused with the error, its place and a remedy.

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'chaos-hostile-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

/** Returns the reader's error for a file, or what was read and the warnings. */
async function outcomeOf(path: string): Promise<string> {
  try {
    const history = await readHistory(path)
    return [`${history.operations.length} read`, ...history.warnings].join('; ').replaceAll(`${directory}/`, '')
  } catch (error) {
    if (error instanceof UserError) return `${error.code}: ${error.message.replaceAll(`${directory}/`, '')}`
    throw error
  }
}

/** Writes 100 MB of one character between two texts, without keeping them in memory. */
function longFile(name: string, before: string, character: string, after: string): string {
  const path = join(directory, name)
  const descriptor = openSync(path, 'w')
  const block = Buffer.alloc(10_000_000, character)
  writeSync(descriptor, before)
  for (let i = 0; i < 10; i++) writeSync(descriptor, block)
  writeSync(descriptor, after)
  closeSync(descriptor)
  return path
}

const invoked = '{"process":0,"type":"invoke","f":"write","value":1}\n'
const ok = (members: string): string => `${invoked}{"process":0,"type":"ok","f":"write",${members}}\n`
const edn = (members: string): string => `{:process 0 :type :invoke :f :write ${members}}\n`

describe('a line of 100 MB', () => {
  const tooLong = 'is longer than 16 MB. Is it a history? A history has one'

  test.each([
    [
      'long.jsonl',
      `${invoked}{"process":0,"type":"ok","value":"`,
      'x',
      '"}\n',
      `2: this line ${tooLong} event per line.`,
    ],
    [
      'digits.jsonl',
      `${invoked}{"process":0,"type":"ok","value":`,
      '9',
      '}\n',
      `2: this line ${tooLong} event per line.`,
    ],
    ['spaces.jsonl', `${invoked}{"process":0,`, ' ', '}\n', `2: this line ${tooLong} event per line.`],
    ['long.edn', '{:process 0 :value "', 'x', '"}\n', `1: the form that begins here ${tooLong} map per event.`],
    ['comment.edn', '{:process 0 ;', 'x', '\n}\n', `1: the form that begins here ${tooLong} map per event.`],
    [
      'long.log',
      'INFO  jepsen.util - 0\t:invoke\t:write\t3\nINFO  ',
      'x',
      '\n',
      `2: this line ${tooLong} event per line.`,
    ],
  ])('a line of 100 MB is refused after 16 MB are read: %s', async (name, before, character, after, message) => {
    expect(await outcomeOf(longFile(name, before, character, after))).toBe(`input: ${name}:${message}`)
    rmSync(join(directory, name))
  })

  test('a line of 40 MB in a small compressed file is refused because the line is too long', async () => {
    const text = `${invoked}${'x'.repeat(40_000_000)}`
    expect(await outcomeOf(file('bomb.gz', gzipSync(text)))).toBe(
      `input: bomb.gz:2: this line ${tooLong} event per line.`,
    )
  })
})

test('100 MB of empty lines contain no events', async () => {
  const path = longFile('empty-lines.jsonl', invoked, '\n', '')
  expect(await outcomeOf(path)).toBe('1 read')
  rmSync(path)
})

test('a file that begins with 64 KB of white space is refused without guessing its format', async () => {
  expect(await outcomeOf(file('blank', ' '.repeat(100_000)))).toMatch(
    /^input: blank: this file begins with 64 KB of nothing but white space\.\nFormats: /,
  )
})

describe('a million opening brackets', () => {
  const many = 1_000_000
  const deep = 'nested deeper than 500 levels'

  test.each([
    ['arrays.jsonl', ok(`"value":${'['.repeat(many)}${']'.repeat(many)}`), `2: a value is ${deep}; flatten it`],
    ['objects.jsonl', ok(`"value":${'{"a":'.repeat(many)}1${'}'.repeat(many)}`), `2: a value is ${deep}; flatten it`],
    [
      'vectors.edn',
      edn(`:value ${'['.repeat(many)}${']'.repeat(many)}`),
      `1: bad EDN at column 544: ${deep}. An event is one map.`,
    ],
    ['open.edn', edn(`:value ${'['.repeat(many)}`), `1: bad EDN at column 544: ${deep}. An event is one map.`],
    ['maps.edn', edn(`:value ${'{:a '.repeat(many)}`), `1: bad EDN at column 2041: ${deep}. An event is one map.`],
    ['tags.edn', edn(`:value ${'#a '.repeat(many)}`), `1: bad EDN at column 1544: ${deep}. An event is one map.`],
    ['discards.edn', edn(`:value ${'#_ '.repeat(many)}`), `1: bad EDN at column 1550: ${deep}. An event is one map.`],
    ['metadata.edn', edn(`:value ${'^a '.repeat(many)}`), `1: bad EDN at column 1542: ${deep}. An event is one map.`],
    ['lists.edn', '('.repeat(many), `1: bad EDN at column 503: ${deep}. An event is one map.`],
  ])('a million opening brackets are refused without exhausting the stack: %s', async (name, content, message) => {
    expect(await outcomeOf(file(name, content))).toBe(`input: ${name}:${message}`)
    rmSync(join(directory, name))
  })

  test('a million opening brackets on an unfinished last line are skipped with a warning', async () => {
    expect(await outcomeOf(file('cut.jsonl', `${invoked}${'['.repeat(many)}`))).toBe(
      '1 read; cut.jsonl:2: the last line is cut off (neither a line end nor valid JSON) and is left out; the lines before it are used.',
    )
  })
})

describe('a malformed or huge number in a history', () => {
  test.each([
    ['value NaN', ok('"value":NaN'), 'h.jsonl:2: bad JSON at column 46, near "NaN}". Every line is one JSON object.'],
    [
      'value Infinity',
      ok('"value":-Infinity'),
      'h.jsonl:2: bad JSON at column 46, near "-Infinity}". Every line is one JSON object.',
    ],
    [
      'a time that is text',
      ok('"time":"soon"'),
      'h.jsonl:2: "time" is "soon". It must be an integer number of nanoseconds.',
    ],
    [
      'a time beyond all doubles',
      ok('"time":1e400'),
      'h.jsonl:2: "time" is "1e400". It must be an integer number of nanoseconds.',
    ],
    [
      'a process that is a fraction',
      '{"process":1.5,"type":"ok","f":"read"}\n',
      'h.jsonl:1: "process" is 1.5. It must be a non-negative integer or a name.',
    ],
    [
      'a huge index',
      '{"index":9007199254740993,"process":0,"type":"invoke","f":"read"}\n',
      'h.jsonl:1: "index" is "9007199254740993N". It must be an integer.',
    ],
  ])('a malformed or huge number in a history is refused: %s', async (_, content, message) => {
    expect(await outcomeOf(file('h.jsonl', content))).toBe(`input: ${message}`)
  })

  test('a time in EDN that is not a number is refused', async () => {
    expect(await outcomeOf(file('h.edn', edn(':value 1 :time ##NaN')))).toBe(
      'input: h.edn:1: "time" is "##NaN". It must be an integer number of nanoseconds.',
    )
  })

  test('a huge number keeps its exact value beyond 2^53, in JSON and in EDN', async () => {
    const outputs = async (name: string, content: string) => {
      const history = await readHistory(file(name, content))
      return Array.from({ length: history.operations.length }, (_, row) => outputOf(history, row))
    }
    expect(await outputs('h.jsonl', `${ok('"value":9007199254740993')}${ok('"value":9007199254740992')}`)).toEqual([
      '9007199254740993N',
      9007199254740992,
    ])
    expect(
      await outputs(
        'h.edn',
        `${edn(':value 9223372036854775807')}{:process 1 :type :invoke :f :write :value -9223372036854775808}\n`,
      ),
    ).toEqual(['9223372036854775807N', -(2 ** 63)])
    expect(await outputs('h.edn', edn(':value ##NaN'))).toEqual(['##NaN'])
  })

  test('a negative time is accepted, and a time beyond 2^53 ns is rounded with a warning', async () => {
    expect(await outcomeOf(file('h.jsonl', '{"process":0,"type":"invoke","f":"read","time":-5}\n'))).toBe('1 read')
    expect(await outcomeOf(file('h.edn', edn(':value 1 :time 99999999999999999999')))).toBe('1 read')
    const both = `${edn(':value 1 :time 5')}\n{:process 1 :type :invoke :f :read :value nil :time 99999999999999999999}`
    expect(await outcomeOf(file('h.edn', both))).toBe(
      "2 read; h.edn: times beyond 2^53 ns are rounded (to a microsecond or better); count from the run's start instead.",
    )
  })
})

describe('colliding identities', () => {
  test('a repeated index is refused with both line numbers', async () => {
    const sentence =
      'index 3 comes after index 3 (line 1). Indexes must increase from event to event: sort the events, or leave "index" out to use the order of the lines.'
    const twice = '{"index":3,"process":0,"type":"invoke","f":"read"}\n{"index":3,"process":0,"type":"ok","f":"read"}\n'
    expect(await outcomeOf(file('h.jsonl', twice))).toBe(`input: h.jsonl:2: ${sentence}`)
    expect(
      await outcomeOf(file('h.edn', `${edn(':index 3 :value 1')}{:index 3 :process 0 :type :ok :f :write}\n`)),
    ).toBe(`input: h.edn:2: ${sentence}`)
  })

  test('keys of different types are different, even 1 and "1"', async () => {
    const keyed = (process: number, key: string): string =>
      `{"process":${process},"type":"invoke","f":"read","key":${key}}\n`
    const history = await readHistory(
      file('h.jsonl', ['1', '"1"', 'true', '[1,2]', '{"a":1}', '"a"'].map((key, n) => keyed(n, key)).join('')),
    )
    expect(history.keys).toEqual(['1', '"1"', 'true', '[1,2]', '{"a":1}', 'a'])
  })

  test('a completion whose key has another type than its invocation is refused', async () => {
    const mixed = `${edn(':value 1 :key :a')}{:process 0 :type :ok :f :write :value 1 :key [1 2]}\n`
    expect(await outcomeOf(file('h.edn', mixed))).toBe(
      'input: h.edn:2: process 0 invoked an operation on key ":a" (line 1) and completed it (ok) on key "[1,2]". A completion has the key of its invocation.',
    )
  })
})
