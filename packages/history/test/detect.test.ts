import { describe, expect, test } from 'vitest'
import { detectFormat } from '../src/codecs/detect.ts'

const detect = (text: string): string | undefined => detectFormat('notes.txt', new TextEncoder().encode(text))
const formats =
  'Formats: chaos JSONL, Jepsen EDN, history.txt and jepsen.log, JSON with one operation per line, Porcupine etcd and key-value logs. Force one with --format.'

describe('the format is known by the first bytes:', () => {
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
    test(JSON.stringify(text), () => expect(detect(text)).toBe(format))
  }
})

describe('refuses with a helpful message:', () => {
  test('prose', () => {
    expect(() => detect('Dear diary\ntoday')).toThrow(
      `notes.txt: line 1 is neither JSON nor EDN nor a Porcupine log ("Dear diary").\n${formats}`,
    )
    expect(() => detect(`\n\n${'long '.repeat(50)}`)).toThrow(/^notes\.txt: line 3 is neither [^\n]{80,130}…"\)\.\n/)
  })

  test('a binary file', () => {
    expect(() => detectFormat('a.out', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]))).toThrow(
      `a.out: this is a binary file (byte 8 is 0), not a history.\n${formats}`,
    )
  })

  test('one JSON array', () => {
    expect(() => detect('[\n {"process":0}]')).toThrow(
      "notes.txt: this is one JSON array; a history has one JSON object per line. Convert it: jq -c '.[]' notes.txt",
    )
  })
})
