import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { judgeAnswer } from '../../src/client-answers.ts'

const judged = (f: string, value: Json, answer: unknown) => judgeAnswer({ f, value }, answer)

describe("the answer of a user's client", () => {
  test.each(['write', 'put', 'append', 'add', 'subtract', 'remove', 'enqueue', 'transfer', 'release'])(
    'the answer of a client to %s is ignored, and the result is the requested value',
    (f) => {
      expect([undefined, 'OK', 7].map((answer) => judged(f, 3, answer))).toEqual(
        new Array(3).fill({ type: 'ok', value: 3 }),
      )
    },
  )

  test.each(['increment', 'decrement', 'deposit', 'withdraw', 'publish'])(
    'the result of %s is the requested value if the client returns undefined, and the returned value otherwise',
    (f) => {
      expect(judged(f, 3, undefined)).toEqual({ type: 'ok', value: 3 })
      expect(judged(f, 3, 7)).toEqual({ type: 'ok', value: 7 })
    },
  )

  test.each([
    ['read', 'a read'],
    ['acquire', 'an acquire'],
    ['send', 'a send'],
    ['invent', 'an invent'],
  ])('the answer of a client to %s is refused if it is undefined', (f, named) => {
    expect(judged(f, null, undefined)).toEqual({
      type: 'broken',
      why: `the client answered ${named} with nothing. Return the result, or null if there is no value`,
    })
  })

  test('the answer of a client is refused if JSON cannot represent it, such as the answer 1n to an acquire', () => {
    expect(judged('acquire', null, 1n)).toEqual({
      type: 'broken',
      why: 'the client answered an acquire with 1n, which JSON cannot represent',
    })
  })

  test.each([
    [true, { type: 'ok', value: [1, 2] }],
    [undefined, { type: 'ok', value: [1, 2] }],
    [false, { type: 'fail', error: 'mismatch', answered: true }],
  ])('the answer of a client decides the outcome of a cas: %s', (answer, judgement) => {
    expect(judged('cas', [1, 2], answer)).toEqual(judgement)
  })
})
