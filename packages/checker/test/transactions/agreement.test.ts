import { historyFromEvents } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { unlimited } from '../../src/limits/budget.ts'
import { judgeVersions } from '../../src/transactions/levels/judge.ts'
import { impliesLevel, isolationLadder } from '../../src/transactions/levels/ladder.ts'
import { inferFromLists } from '../../src/transactions/lists/infer.ts'
import { readTransactions } from '../../src/transactions/record/record.ts'
import { decide, eventsOf, type Transaction } from './brute-force.ts'
import { randomShape, randomTransactions } from './random-transactions.ts'

/** By level: whether it is met; undefined if unknown. */
function judged(transactions: readonly Transaction[]): Map<string, boolean | undefined> {
  const record = readTransactions(historyFromEvents(eventsOf(transactions, 'list')), true)
  const { versions, findings } = inferFromLists(record)
  const { outcomes } = judgeVersions(record, versions, findings, unlimited)
  return new Map(
    isolationLadder.levels.map((level) => {
      const all = [...outcomes]
      const isMet = all.some(([other, { result }]) => result === 'met' && impliesLevel(other, level))
      const isViolated = all.some(([other, { result }]) => result === 'violated' && impliesLevel(level, other))
      if (isMet && isViolated) throw new Error(`${level} is both met and violated`)
      return [level, isMet ? true : isViolated ? false : undefined]
    }),
  )
}

const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

test('every level of random list histories is decided as by brute force', () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seeded(seed)
    const transactions = randomTransactions(randomShape('list', random, 5), random)
    const ours = judged(transactions)
    const differing = [...decide(transactions, { kind: 'list' })].filter(([level, isMet]) => ours.get(level) !== isMet)
    expect(differing, `seed ${seed}`).toEqual([])
  }
})
