import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { CommandOperation } from '../../../src/redis/answers.ts'
import { Lifetimes } from '../../../src/redis/lifetimes.ts'
import { recorded } from '../../redis/recorded.ts'
import { command } from '../../redis/redis-in-memory.ts'

type Exchanged = readonly [command: string, answer: string]

/** Returns the recorder's marks after these commands, which are sent one after another. */
function marksAfter(...all: readonly Exchanged[]): readonly string[] {
  const answers = new Map(all)
  const { ask, marks } = recorded({ answer: (words) => answers.get(words.join(' ')) })
  for (const [words] of all) ask(command(...words.split(' ')))
  return marks()
}

const GONE = ['touched x: its disappearance']
const append: Exchanged = ['APPEND x c', ':3\r\n']
const absent: Exchanged = ['GET x', '$-1\r\n']

describe('a Redis value whose time to live may predate the recording', () => {
  test('a value may have expired if it is absent after a write that kept the time to live', () => {
    expect(marksAfter(append, absent)).toEqual(GONE)
  })

  test('a value may have expired if the key is absent after a refused DEL', () => {
    expect(marksAfter(['DEL x', '-READONLY You\r\n'], append, absent)).toEqual(GONE)
  })

  test('an absent value is explained without an expiry by a DEL with an unknown outcome', () => {
    expect(marksAfter(['DEL x', '-upstream failure\r\n'], append, absent)).toEqual([])
  })

  test('a hash field that is absent after an HDEL and an HSET may have expired, because HDEL keeps the time to live', () => {
    const deleted: Exchanged = ['HDEL h f', ':1\r\n']
    expect(marksAfter(deleted, ['HSET h f 1', ':1\r\n'], ['HGET h f', '$-1\r\n'])).toEqual([
      'touched h[f]: its disappearance',
    ])
  })

  const held: Exchanged = ['GET x', '$1\r\na\r\n']

  test.each<readonly [string, readonly Exchanged[]]>([
    ['was read', [held]],
    ['was read by a command with several keys', [['MGET x y', '*2\r\n$1\r\na\r\n$-1\r\n']]],
    ['was the old value of a GETEX', [['GETEX x', '$1\r\na\r\n']]],
    ['was found by a sum', [['INCR x', ':6\r\n']]],
    ['had a value before its text was appended', [['APPEND x c', ':3\r\n']]],
  ])('a value may have expired if it %s and is absent later', (_, before) => {
    expect(marksAfter(...before, ['MGET x', '*1\r\n$-1\r\n'])).toEqual(GONE)
  })

  test.each<readonly [string, readonly Exchanged[]]>([
    [
      'it was replaced by a swap',
      [
        ['GETSET x b', '$1\r\na\r\n'],
        ['DEL x', ':1\r\n'],
      ],
    ],
    [
      'it was set only if absent',
      [
        ['SETNX x b', ':1\r\n'],
        ['DEL x', ':1\r\n'],
      ],
    ],
    ['it was never seen', []],
    ['it was absent before', [['GETEX x', '$-1\r\n']]],
    [
      'the first sum created it',
      [
        ['INCR x', ':1\r\n'],
        ['DEL x', ':1\r\n'],
      ],
    ],
    [
      'the first text that was appended created it',
      [
        ['APPEND x c', ':1\r\n'],
        ['DEL x', ':1\r\n'],
      ],
    ],
    ['its time to live was replaced', [held, ['EXPIRE x 100', ':1\r\n']]],
    ['a swap removed it', [held, ['GETDEL x', '$1\r\na\r\n']]],
    ['a compare-and-delete removed it', [held, ['DELIFEQ x a', ':1\r\n']]],
    ['a DEL without a reply may have removed it', [held, ['DEL x', '']]],
  ])('an absent value is explained without an expiry if %s', (_, before) => {
    expect(marksAfter(...before, ['MGET x', '*1\r\n$-1\r\n'])).toEqual([])
  })

  test.each<readonly [string, readonly (string | null)[], readonly string[]]>([
    ['may have expired if of two reads at the same time the first to end finds it absent', [null, 'a'], ['x']],
    ['may have expired if of two reads at the same time the last to end finds it absent', ['a', null], ['x']],
    ['has not expired if two reads at the same time find it', ['a', 'a'], []],
    ['has not expired if two reads at the same time find it absent', [null, null], []],
  ])('%s', (_, values, expired) => {
    const lifetimes = new Lifetimes()
    const parts = [{ call: { f: 'read', key: 'x', value: null, harmless: true }, interpret: () => undefined }]
    const calledAt = values.map(() => lifetimes.called(parts))
    const gone = values.flatMap((value, at) => lifetimes.ended(parts, calledAt[at]!, { type: 'ok', value }, value))
    expect(gone).toEqual(expired)
  })

  test('a value has not expired if it was deleted after the write', () => {
    expect(marksAfter(append, ['DEL x', ':1\r\n'], absent)).toEqual([])
  })

  test('a value has not expired if the key was rewritten without a time to live', () => {
    expect(marksAfter(['SET x ab', '+OK\r\n'], append, absent)).toEqual([])
  })
})

/** Operations on one key, by their names in scenarios. */
const OPERATIONS: { readonly [name: string]: Partial<CommandOperation> & Pick<CommandOperation, 'call'> } = {
  read: { call: { f: 'read', key: 'x', value: null, harmless: true } },
  field: { call: { f: 'read', key: 'x', value: null, harmless: true }, isField: true },
  swap: { call: { f: 'cas', key: 'x', value: '2' }, keepsTimeToLive: true },
  take: { call: { f: 'cas', key: 'x', value: [null] }, keepsTimeToLive: true },
  append: { call: { f: 'write', key: 'x', value: '2' }, keepsTimeToLive: true },
  set: { call: { f: 'write', key: 'x', value: '2' } },
}

/**
 * Returns the steps whose answers show that the key disappeared. `read1` calls an operation, and `read1 null` ends it.
 */
function disappearances(scenario: string): string {
  const lifetimes = new Lifetimes()
  const calledAt = new Map<string, number>()
  const gone = scenario.split('; ').filter((step) => {
    const [name = '', answer] = step.split(' ')
    if (name === 'timed') return lifetimes.timed('x')
    const operation = OPERATIONS[name.slice(0, -1)]
    if (operation === undefined) throw new Error(name)
    const parts = [{ interpret: () => undefined, ...operation }]
    if (answer === undefined) return void calledAt.set(name, lifetimes.called(parts))
    const isLost = answer === 'fail' || answer === 'info'
    const completion = isLost
      ? ({ type: answer, error: 'why' } as const)
      : ({ type: 'ok', value: JSON.parse(answer) as Json } as const)
    return lifetimes.ended(parts, calledAt.get(name) ?? 0, completion, null).length > 0
  })
  return gone.join('; ')
}

test.each([
  ['swap0; read1; swap0 ["1","2"]; timed; read1 null', 'read1 null'],
  ['take0; take0 ["1",null]; field1; field1 null', ''],
  ['read0; read0 "1"; swap1; swap1 [null,"2"]', 'swap1 [null,"2"]'],
  ['field0; field0 null; swap1; swap1 ["2"]; take2; field3; take2 info; field3 "1"', ''],
  ['swap0; field1; swap2; field1 "1"; swap0 [null,"2"]; swap2 ["1","2"]', ''],
  ['set0; set0 fail; field1; read2; read2 "1"; field1 null', ''],
  ['append0; append0 "2"; read1; take2; take2 fail; read1 null; take3; take3 info', ''],
])('in the scenario %s of concurrent operations, these show that the key disappeared: %s', (scenario, gone) => {
  expect(disappearances(scenario)).toBe(gone)
})
