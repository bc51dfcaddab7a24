import { describe, expect, test } from 'vitest'
import { detectFormat } from '../../src/codecs/detect.ts'

const detect = (text: string): string | undefined => detectFormat('notes.txt', new TextEncoder().encode(text))
const formats =
  'Formats: JSON with one operation per line, chaos JSONL, Porcupine key-value logs, DBCop JSON, Jepsen EDN, Porcupine etcd logs, history.txt and jepsen.log, Plume and PolySI text, AWDIT text, CSV and TSV with a header. Force one with --format, or name members with --map.'

describe('format detection', () => {
  const cases: readonly [text: string, format: string | undefined][] = [
    ['{"process":0}', 'jsonl'],
    ['\uFEFF\n  { "chaos":1}', 'jsonl'],
    ['{:process 0, :type :invoke, :f :read}', 'edn'],
    ['[{:process 0}]', 'edn'],
    ['(\n {:type :ok}', 'edn'],
    ['[]', 'edn'],
    ['; comment\n{:a 1}', 'edn'],
    ['#jepsen.history.Op{:index 0}', 'edn'],
    ['[#jepsen.history.Op{:index 0}', 'edn'],
    ['{:process 0, :type :invoke, :f :get, :key "0", :value nil}', 'porcupine-kv'],
    ['INFO  jepsen.util - 0\t:invoke\t:read\tnil', 'porcupine-etcd'],
    ['some preamble\nINFO  jepsen.util - 0   :invoke :cas [1 2]', 'porcupine-etcd'],
    [' \n\t\n', undefined],
    ['', undefined],
  ]
  for (const [text, format] of cases) {
    test(`format detection recognises the format of ${JSON.stringify(text)}`, () => expect(detect(text)).toBe(format))
  }
})

describe('the detection of an unknown format', () => {
  test('format detection refuses prose with a list of the known formats', () => {
    expect(() => detect('Dear diary\ntoday')).toThrow(
      `notes.txt: line 1 is of no known format ("Dear diary").\n${formats}`,
    )
    expect(() => detect(`\n\n${'long '.repeat(50)}`)).toThrow(/^notes\.txt: line 3 is of [^\n]{70,130}…"\)\.\n/)
  })

  test('format detection refuses a binary file, and the error names the type of the file', () => {
    expect(() => detectFormat('a.out', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]))).toThrow(
      `a.out: this is a program (ELF).\n${formats}`,
    )
  })

  test('format detection refuses a JSON array, and names a command that converts it to lines', () => {
    expect(() => detect('[\n {"process":0}]')).toThrow(
      "notes.txt: this is one JSON array; a history has one JSON object per line. Convert it: jq -c '.[]' notes.txt",
    )
  })
})
