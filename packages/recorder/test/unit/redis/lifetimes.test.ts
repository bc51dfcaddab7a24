import { describe, expect, test } from 'vitest'
import { recorded } from '../../redis/recorded.ts'
import { command } from '../../redis/redis-in-memory.ts'

type Exchanged = readonly [command: string, answer: string]

/** What the recorder marks after these commands, one after the other. */
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
  test('may have expired if it is absent after a write that kept the time to live', () => {
    expect(marksAfter(append, absent)).toEqual(GONE)
  })

  test('may have expired if the key is absent after a refused DEL', () => {
    expect(marksAfter(['DEL x', '-READONLY You\r\n'], append, absent)).toEqual(GONE)
  })

  test('need not have expired if the key is absent after a DEL of unknown outcome', () => {
    expect(marksAfter(['DEL x', '-upstream failure\r\n'], append, absent)).toEqual([])
  })

  test('a hash field that is absent after an HDEL and an HSET may have expired, because HDEL keeps the time to live', () => {
    const deleted: Exchanged = ['HDEL h f', ':1\r\n']
    expect(marksAfter(deleted, ['HSET h f 1', ':1\r\n'], ['HGET h f', '$-1\r\n'])).toEqual([
      'touched h[f]: its disappearance',
    ])
  })

  test('has not expired if it was deleted after the write', () => {
    expect(marksAfter(append, ['DEL x', ':1\r\n'], absent)).toEqual([])
  })

  test('has not expired if the key was rewritten without a time to live', () => {
    expect(marksAfter(['SET x ab', '+OK\r\n'], append, absent)).toEqual([])
  })
})
