import type { ModelName } from '@chaosproxy/checker'
import { type EventInput, type Json, UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory, resultOf } from '../checking.ts'

// Values and outcomes that do not occur in random histories.

type Done = readonly [f: string, input: Json, answered: Json]

/** Operations one after another, each by a separate process. The answer `?` stands for an unknown outcome. */
function judge(model: ModelName, initial: Json, ...operations: readonly Done[]): string {
  const events = operations.flatMap(([f, value, answered], process): EventInput[] => [
    { process, type: 'invoke', f, value },
    answered === '?' ? { process, type: 'info', f, value } : { process, type: 'ok', f, value: answered },
  ])
  return resultOf(checkHistory(smallHistory(events), { model, initial, levels: ['linearizable'] }), 'linearizable')
}

describe('the sum of decimal fractions', () => {
  test('the sum of decimal fractions may be read from a counter as a decimal or as a double', () => {
    const tenths = Array.from({ length: 8 }, (): Done => ['add', 0.1, 0.1])
    expect(judge('counter', null, ...tenths, ['read', null, 0.8])).toBe('met')
    // Adding 0.1 eight times in doubles gives this sum.
    expect(judge('counter', null, ...tenths, ['read', null, 0.7999999999999999])).toBe('met')
    expect(judge('counter', null, ...tenths, ['read', null, 0.7])).toBe('violated')
    expect(judge('counter', 0.7, ['add', 0.1, 0.1], ['add', 0.2, 0.2], ['read', null, 1])).toBe('met')
    expect(judge('counter', 0.7, ['add', 0.1, 0.1], ['add', 0.2, 0.2], ['read', null, 0.9])).toBe('violated')
  })

  test('the balances of a bank are computed without rounding errors', () => {
    const deposits = [0.1, 0.2].map((amount): Done => ['deposit', { account: 'a', amount }, null])
    const withdrawal: Done = ['withdraw', { account: 'a', amount: 0.3 }, null]
    expect(judge('bank', null, ...deposits, ['read', null, { a: 0.3 }])).toBe('met')
    expect(judge('bank', null, ...deposits, withdrawal, ['read', null, { a: 0 }])).toBe('met')
    expect(judge('bank', null, ...deposits, withdrawal, withdrawal)).toBe('violated')
  })
})

describe('a drain of unknown outcome', () => {
  const put = (value: number): Done => ['enqueue', value, value]
  const drain: Done = ['drain', null, '?']
  const nothing: Done = ['dequeue', null, null]

  test.each(['queue', 'bag'] as const)(
    'a drain of unknown outcome may have taken all, some or none of the messages of a %s',
    (model) => {
      expect(judge(model, null, put(1), put(2), drain, nothing)).toBe('met')
      expect(judge(model, null, put(1), put(2), drain, ['dequeue', null, 2], nothing)).toBe('met')
      expect(judge(model, null, put(1), drain, ['dequeue', null, 1], nothing)).toBe('met')
      expect(judge(model, [1, 2], drain, nothing)).toBe('met')
      expect(judge(model, null, put(1), put(2), nothing)).toBe('violated')
      expect(judge(model, null, put(1), nothing, drain)).toBe('violated')
    },
  )

  test('a drain of unknown outcome may have taken messages of a queue, but only in the order of the queue', () => {
    expect(judge('queue', null, put(1), put(2), drain, ['dequeue', null, 1])).toBe('met')
    expect(judge('queue', null, put(1), put(2), drain, ['dequeue', null, 2], ['dequeue', null, 1])).toBe('violated')
  })
})

test('two JSON objects are equal whatever the order of their members, even in the initial value', () => {
  const first = { b: 1, a: 2 }
  const same = { a: 2, b: 1 }
  expect(judge('queue', [first], ['dequeue', null, same])).toBe('met')
  expect(judge('bag', [first], ['dequeue', null, same])).toBe('met')
  expect(judge('set', [first, same], ['read', null, [same]])).toBe('met')
  expect(judge('set', [first], ['contains', same, true])).toBe('met')
  expect(judge('list-append', [first], ['read', null, [same]])).toBe('met')
  expect(judge('log', [first], ['read', null, [same]])).toBe('met')
})

test('a bank account may have any name, such as __proto__', () => {
  for (const account of ['constructor', '__proto__', 'toString', '']) {
    const read = (balance: number): Done => ['read', null, JSON.parse(`{${JSON.stringify(account)}:${balance}}`)]
    const deposit: Done = ['deposit', { account, amount: 2 }, null]
    expect(judge('bank', null, deposit, read(2)), account).toBe('met')
    expect(judge('bank', null, deposit, read(3)), account).toBe('violated')
  }
})

describe('check', () => {
  test('check refuses an operation named like a member of every JavaScript object, and names its line', () => {
    for (const model of ['register', 'queue', 'bank'] as const) {
      const calling = (): string => judge(model, null, ['toString', 1, 1])
      expect(calling).toThrow(UserError)
      expect(calling).toThrow(/line 1: the \w+ model does not know the operation "toString"/)
    }
  })

  test('check refuses null as a message, because a dequeue from an empty queue returns null', () => {
    for (const model of ['queue', 'bag'] as const) {
      for (const initial of [null, [1]]) {
        expect(() => judge(model, initial, ['enqueue', null, null])).toThrow(/line 1: .*null is no message/)
      }
    }
  })

  test.each([
    ['queue', 'drain', 5],
    ['queue', 'drain', 'ab'],
    ['queue', 'drain', null],
    ['bag', 'drain', { a: 1 }],
    ['set', 'read', 'ab'],
    ['list-append', 'read', 5],
    ['counter', 'read', 'ab'],
    ['bank', 'read', { a: 'x' }],
  ] as const)('check refuses a %s whose %s returns another type: %j', (model, f, answer) => {
    expect(() => judge(model, null, [f, null, answer])).toThrow(/line 1: a \w+ (returns|must return) .*, not/)
  })

  test('check refuses a text read from a counter, even if the counter may decrease', () => {
    const counted = [3, -1].map((amount): Done => ['add', amount, amount])
    expect(() => judge('counter', null, ...counted, ['read', null, 'ab'])).toThrow(
      /line 5: a read must return a number/,
    )
  })

  test('check refuses a lock whose initial holder is not a process', () => {
    expect(() => judge('lock', { a: 1 }, ['acquire', null, null])).toThrow(/the initial value of the lock is \{"a":1\}/)
    expect(judge('lock', 7, ['acquire', null, null])).toBe('violated')
  })

  test('check refuses a bank with a negative initial balance', () => {
    expect(() => judge('bank', { a: -1 })).toThrow(
      /the initial value of the bank is \{"a":-1\}, which is not a set of balances/,
    )
  })
})
