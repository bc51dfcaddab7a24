import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { smallHistory } from '../../../../testing/src/small-history.ts'
import { isolationLadder } from '../../../src/transactions/levels/ladder.ts'
import { checkHistory } from '../../checking.ts'
import { many, manyOf } from '../../many.ts'
import { decide, eventsOf, type MicroOperation, type Transaction } from '../../transactions/brute-force.ts'
import { randomShape, randomTransactions } from '../../transactions/random-transactions.ts'

/**
 * Returns the histories in which some reads saw the initial values of their keys. The brute force takes null for the
 * initial value.
 */
function startsOf(transactions: readonly Transaction[]): (readonly Transaction[])[] {
  const keys = [...new Set(transactions.flatMap(({ operations }) => operations.map(({ key }) => key)))]
  let ways: (readonly Transaction[])[] = [transactions]
  for (const key of keys) {
    const reads = transactions.flatMap(({ type, operations }) =>
      type !== 'ok'
        ? []
        : operations.filter((each) => each.f === 'r' && each.key === key).map(({ value }) => value as number | null),
    )
    // If a read returned null, the initial value was null. Otherwise, it may be any value that was read.
    const values = reads.includes(null) ? [] : [...new Set(reads)]
    ways = ways.flatMap((way) => [way, ...values.flatMap((value) => someNull(way, key, value))])
  }
  return ways
}

/**
 * Returns a copy of the history for each nonempty set of the first four reads that returned `value`. In the copy, the
 * reads of this set return null.
 */
function someNull(way: readonly Transaction[], key: string, value: number | null): (readonly Transaction[])[] {
  const isOne = (each: MicroOperation): boolean => each.f === 'r' && each.key === key && each.value === value
  const count = way.flatMap(({ operations }) => operations.filter(isOne)).length
  return Array.from({ length: 2 ** Math.min(count, 4) - 1 }, (_, choice) => {
    let at = 0
    return way.map((transaction) => ({
      ...transaction,
      operations: transaction.operations.map((each) =>
        isOne(each) && (((choice + 1) >> at++) & 1) === 1 ? { ...each, value: null } : each,
      ),
    })) as readonly Transaction[]
  })
}

const judged = (transactions: readonly Transaction[], initial: number | string | null) =>
  checkHistory(smallHistory(eventsOf(transactions, 'register')), {
    model: 'rw-register',
    initial,
    levels: isolationLadder.levels as never,
  }).levels as unknown as { readonly [level: string]: { readonly result: string } }

test(`registers with an unknown initial value are violated only if no initial value explains them, in ${manyOf(6_000)} histories`, () => {
  const found = { met: 0, violated: 0, unknown: 0 }
  const first = inject('seed') * 1_000_000
  for (let seed = first; seed < first + many(6_000); seed++) {
    const random = randomFrom(seed)
    const shape = { ...randomShape('register', random, 4), keys: 2, operations: 2 }
    const transactions = randomTransactions(shape, random)
    const verdicts = startsOf(transactions).map((way) => decide(way, { kind: 'register' }))
    const levels = judged(transactions, 'unknown')
    for (const level of isolationLadder.levels) {
      const { result } = levels[level]!
      const isMet = verdicts.some((each) => each.get(level))
      expect(result, `${level} of seed ${seed}`).not.toBe(isMet ? 'violated' : 'met')
      found[result as keyof typeof found]++
    }
  }
  expect(found.met).toBeGreaterThan(found.unknown)
  expect(found.violated).toBeGreaterThan(found.unknown)
})

const one = (process: number, ...operations: readonly MicroOperation[]): Transaction => ({
  ...{ process, type: 'ok', call: 2 * process, return: 2 * process + 1, operations },
})

test('a transaction that reads null has read the initial value of the register', () => {
  const transactions = [one(0, { f: 'r', key: 'x', value: null }), one(1, { f: 'r', key: 'x', value: 5 })]
  expect(judged(transactions, 5)['strict-serializable']!.result).toBe('met')
  expect(judged(transactions, 6)['read-committed']!.result).toBe('violated')
})

test('a value that was read before it was written may be an unknown initial value', () => {
  const transactions = [one(0, { f: 'r', key: 'x', value: 1 }), one(1, { f: 'w', key: 'x', value: 1 })]
  expect(judged(transactions, 'unknown')['strict-serializable']!.result).toBe('unknown')
  expect(judged(transactions, null)['strict-serializable']!.result).toBe('violated')
})

test('a lost update violates serializable even if the initial value is unknown', () => {
  const read: MicroOperation = { f: 'r', key: 'x', value: 1 }
  const transactions = [
    one(1, read, { f: 'w', key: 'x', value: 2 }),
    one(2, read, { f: 'w', key: 'x', value: 3 }),
    one(3, { f: 'r', key: 'x', value: 3 }),
  ]
  expect(judged(transactions, 'unknown')['serializable']!.result).toBe('violated')
})
