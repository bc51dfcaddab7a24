import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { smallHistory } from '../../../../testing/src/small-history.ts'
import { isolationLadder } from '../../../src/transactions/levels/ladder.ts'
import { checkHistory } from '../../checking.ts'
import { many, manyOf } from '../../many.ts'
import { decide, eventsOf, type Transaction } from '../../transactions/brute-force.ts'
import { randomShape, randomTransactions } from '../../transactions/random-transactions.ts'

const judged = (transactions: readonly Transaction[]) =>
  checkHistory(smallHistory(eventsOf(transactions, 'list')), {
    model: 'list-append',
    levels: isolationLadder.levels as never,
  }).levels as unknown as { readonly [level: string]: { readonly result: string } }

const append = (process: number, type: 'ok' | 'info', value: number): Transaction => ({
  ...{ process, type, call: 10 * process, return: 10 * process + 1 },
  operations: [{ f: 'w', key: 'x', value }],
})

const read = (process: number, value: readonly number[]): Transaction => ({
  ...{ process, type: 'ok', call: 10 * process, return: 10 * process + 1 },
  operations: [{ f: 'r', key: 'x', value }],
})

test('several attempts of an append count as one append if reads show its element once', () => {
  const all = [append(0, 'info', 1), append(1, 'info', 1), append(2, 'ok', 1), read(3, [1])]
  expect(judged(all)['strict-serializable']!.result).toBe('met')
})

test.each([
  ['were both acknowledged', [append(0, 'ok', 1), append(1, 'ok', 1), read(2, [1])]],
  ['both had no answer', [append(0, 'info', 1), append(1, 'info', 1), read(2, [1])]],
  ['are both read', [append(0, 'info', 1), append(1, 'ok', 1), read(2, [1, 1])]],
])('strict-serializable is unknown if two appends of one element %s', (_, all) => {
  expect(judged(all)['strict-serializable']!.result).toBe('unknown')
})

test(`an unanswered extra attempt of an append does not change which levels are met, in ${manyOf(4_000)} cases`, () => {
  const found = { met: 0, violated: 0, unknown: 0 }
  const first = inject('seed') * 1_000_000
  for (let seed = first; seed < first + many(4_000); seed++) {
    const random = randomFrom(seed)
    const transactions = randomTransactions({ ...randomShape('list', random, 4), info: 0 }, random)
    const writes = transactions.flatMap(({ type, operations }) =>
      type === 'ok' ? operations.filter(({ f }) => f === 'w') : [],
    )
    const again = writes[Math.floor(random() * writes.length)]
    if (again === undefined) continue
    const tried: Transaction = { process: 99, type: 'info', call: -1, return: -1, operations: [again] }
    const levels = judged([tried, ...transactions])
    for (const [level, isMet] of decide(transactions, { kind: 'list' })) {
      const { result } = levels[level]!
      expect(result === 'met', `${level} of seed ${seed}`).toBe(isMet)
      found[result as keyof typeof found]++
    }
  }
  expect(found.met).toBeGreaterThan(100)
  expect(found.violated).toBeGreaterThan(0)
})
