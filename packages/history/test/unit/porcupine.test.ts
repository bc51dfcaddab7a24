import { FAIL, INFO, inputOf, OK, outputOf } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { read, readInChunks } from '../reading.ts'

describe("Porcupine's etcd log", () => {
  const log = [
    'INFO  jepsen.util - 0\t:invoke\t:read\tnil',
    'INFO  jepsen.util - 1   :invoke :cas    [3 2]',
    'INFO  jepsen.core - Worker 2 starting',
    'INFO  jepsen.util - :nemesis\t:info\t:start\tnil',
    'INFO  jepsen.util - 2\t:invoke\t:write\t4',
    'INFO  jepsen.util - 1\t:fail\t:cas\t[3 2]',
    'INFO  jepsen.util - 0\t:info\t:read\t:timed-out',
    'INFO  jepsen.util - 3\t:invoke\t:read\tnil',
    'INFO  jepsen.util - 3\t:ok\t:read\t4',
    'INFO  jepsen.util - 2\t:info\t:write\t:timed-out',
    '',
  ].join('\n')

  test("Porcupine's etcd log is read in chunks of any size, and a timeout leaves the outcome unknown", () => {
    for (const sizes of [[], Array.from({ length: log.length }, () => 1)]) {
      const history = readInChunks(new TextEncoder().encode(log), sizes, { format: 'porcupine-etcd' })
      expect(Array.from(history.operations.outcome)).toEqual([INFO, FAIL, INFO, OK])
      expect([0, 1, 2, 3].map((row) => inputOf(history, row))).toEqual([null, [3, 2], 4, null])
      expect([0, 1, 2, 3].map((row) => outputOf(history, row))).toEqual([null, [3, 2], 4, 4])
      expect([0, 1, 2, 3].map(history.errorOf)).toEqual(['timed-out', undefined, 'timed-out', undefined])
      expect(Array.from(history.operations.callLine)).toEqual([1, 2, 5, 8])
      expect(history.nemesis.map(({ process, f }) => [process, f])).toEqual([['nemesis', 'start']])
      expect(history.warnings).toEqual([])
    }
  })

  test("Porcupine's etcd log is refused if it has an unknown type or a bad value", () => {
    expect(() => read('INFO  jepsen.util - 0 :okay :read nil\n', { format: 'porcupine-etcd' })).toThrow(
      'h.edn:1: unknown type "okay". A type is invoke, ok, fail or info.',
    )
    expect(() => read('INFO  jepsen.util - 0 :invoke :cas [3 2\n', { format: 'porcupine-etcd' })).toThrow(
      'h.edn:1: bad value in "INFO  jepsen.util - 0 :invoke :cas [3 2"',
    )
  })

  test("Porcupine's etcd log is refused if no line describes an operation", () => {
    expect(() => read('INFO  jepsen.core - Worker 2 starting\n', { format: 'porcupine-etcd' })).toThrow(
      'h.edn: this log has no line with an operation, such as "INFO  jepsen.util - 0 :invoke :read nil".',
    )
  })

  test("the values of Porcupine's etcd log are split into key and value if reads are invoked with a key", () => {
    const keyed = [
      ':invoke\t:write\t["x" 1]',
      ':ok\t:write\t["x" 1]',
      ':invoke\t:read\t["x" nil]',
      ':ok\t:read\t["x" 1]',
    ]
    const text = keyed.map((line) => `INFO  jepsen.util - 0\t${line}\n`).join('')
    const history = read(text, { format: 'porcupine-etcd' })
    expect(history.keys).toEqual(['x'])
    expect([inputOf(history, 0), outputOf(history, 1)]).toEqual([1, 1])
  })

  test("Porcupine's etcd log is read without its last line if that line is cut off", () => {
    const history = read(`${log}INFO  jepsen.util - 1 :invoke :cas [3`, { format: 'porcupine-etcd' })
    expect(history.operations.length).toBe(4)
    expect(history.warnings).toEqual(['h.edn:11: the last line is cut off and is left out.'])
  })
})

test("the keys of a Porcupine key-value log have the initial value ''", () => {
  const history = read('{:process 0, :type :invoke, :f :get, :key "0", :value nil}\n', { format: 'porcupine-kv' })
  expect(history.header?.initial).toBe('')
})

test('a key-value log of Porcupine is read with its keys', () => {
  const history = read(
    '{:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}\n{:process 1, :type :invoke, :f :get, :key "0", :value nil}\n' +
      '{:process 0, :type :ok, :f :append, :key "0", :value "x 0 0 y"}\n{:process 1, :type :ok, :f :get, :key "0", :value "x 0 0 y"}\n',
    { format: 'porcupine-kv' },
  )
  expect(history.keys).toEqual(['0'])
  expect(history.functions).toEqual(['append', 'get'])
  expect(outputOf(history, 1)).toBe('x 0 0 y')
})
