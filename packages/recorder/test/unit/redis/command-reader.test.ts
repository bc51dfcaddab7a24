import { describe, expect, test } from 'vitest'
import { amountOf, pairsOf } from '../../../src/redis/command-reader.ts'
import { KeySpace } from '../../../src/redis/key-space.ts'
import { afterMs, lifetimeMs } from '../../../src/redis/lifetime.ts'

describe('the words of a Redis command', () => {
  test.each<readonly [readonly string[], number, unknown]>([
    [
      ['MSET', 'a', '1', 'b', '2'],
      1,
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [['HSET', 'h', 'f', '1'], 2, [['f', '1']]],
    [['MSET', 'a', '1', 'b'], 1, undefined],
    [['MSET'], 1, undefined],
    [['HSET'], 2, undefined],
  ])('pairsOf returns, for the words %j from index %i on, the pairs %j', (words, start, pairs) => {
    expect(pairsOf(words, start)).toEqual(pairs)
  })

  test.each([
    ['12', 12],
    ['-12', -12],
    ['9007199254740992', undefined],
    ['1e3', undefined],
    ['', undefined],
    [12, undefined],
    [null, undefined],
  ])('the amount %j is read as %s', (text, amount) => {
    expect(amountOf(text)).toBe(amount)
  })

  test.each([
    [1000, '10', 10_000],
    [1, '10', 10],
    [0, '10', 0],
    [1000, '0', undefined],
    [1000, '-1', undefined],
    [1000, '1e1', undefined],
    [1000, 10, undefined],
    [undefined, '10', undefined],
  ])('a time to live in units of %s ms of %j lasts %s ms', (unit, amount, ms) => {
    expect(afterMs(unit, amount)).toBe(ms)
  })

  test.each([
    ['EX', 10_000],
    ['px', 10],
    ['EXAT', 0],
    ['PXAT', 0],
    ['NX', undefined],
    [null, undefined],
  ])('the Redis option %j with the argument 10 sets a time to live of %s ms', (option, ms) => {
    expect(lifetimeMs(option, '10')).toBe(ms)
  })

  test('a new KeySpace knows no time to live of any key', () => {
    expect(new KeySpace().isLasting('x')).toBe(false)
  })
})
