import { millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { createBudget } from '../../src/limits/budget.ts'
import { EdgeList } from '../../src/transactions/graph/edges.ts'
import { readTransactions } from '../../src/transactions/record/record.ts'
import { findExample } from '../../src/transactions/registers/example.ts'
import { RegisterJudge } from '../../src/transactions/registers/judge.ts'
import { findSources } from '../../src/transactions/registers/sources.ts'
import { many, manyOf } from '../many.ts'
import { randomFrom } from '../random-history.ts'
import { smallHistory } from '../small-history.ts'
import { bases, decide, eventsOf, levelName, strengths } from './brute-force.ts'
import { randomShape, randomTransactions } from './random-transactions.ts'

const baseSeed = inject('seed')
const orderings = { plain: 'none', session: 'sessions', 'real-time': 'real time' } as const

test(`every level agrees with its axioms on ${manyOf(24_000)} random histories of registers`, () => {
  const sizes: number[] = []
  for (let n = 0; n < many(24_000); n++) {
    const random = randomFrom(baseSeed + n)
    const transactions = randomTransactions(randomShape('register', random), random)
    const verdicts = decide(transactions, { kind: 'register' })
    const history = smallHistory(eventsOf(transactions, 'register'))
    const record = readTransactions(history, false)
    const sources = findSources(record, history.values.id(null))
    const judge = new RegisterJudge(record, sources)
    for (const strength of strengths)
      for (const base of bases) {
        const budget = createBudget({ deadlineMs: millis(60_000), memoryBytes: 1e9, now: () => millis(0) })
        const decision = judge.decide(base, orderings[strength], budget)
        const level = levelName(base, strength)
        expect(decision.result, `${level} of seed ${baseSeed + n}`).toBe(verdicts.get(level) ? 'met' : 'violated')
        if (n % 10 !== 0 || decision.result !== 'violated' || decision.why.by !== 'orders') continue
        const { suspects } = decision.why
        const example = findExample(
          { record, sources, granted: new EdgeList(0) },
          base,
          orderings[strength],
          suspects,
          budget,
        )
        expect(example.standsAlone, `${level} of seed ${baseSeed + n}`).toBe(true)
        expect(example.cycle, `${level} of seed ${baseSeed + n}`).toBeDefined()
        sizes[example.transactions.length] = (sizes[example.transactions.length] ?? 0) + 1
      }
  }
  expect(sizes[2]).toBeGreaterThan(0)
})
