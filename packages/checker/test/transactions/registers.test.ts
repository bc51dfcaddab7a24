import { expect, inject, test } from 'vitest'
import { unlimited } from '../../src/limits/budget.ts'
import { EdgeList } from '../../src/transactions/graph/edges.ts'
import { type IsolationLevel, impliesLevel, isolationLadder } from '../../src/transactions/levels/ladder.ts'
import { readTransactions } from '../../src/transactions/record/record.ts'
import { decideRegisters } from '../../src/transactions/registers/decide.ts'
import { findSources } from '../../src/transactions/registers/sources.ts'
import { many, manyOf } from '../many.ts'
import { randomFrom } from '../random-history.ts'
import { smallHistory } from '../small-history.ts'
import { decide, eventsOf } from './brute-force.ts'
import { randomShape, randomTransactions } from './random-transactions.ts'

const baseSeed = inject('seed')

test(`every level agrees with its axioms on ${manyOf(24_000)} random histories of registers`, () => {
  const sizes: number[] = []
  for (let n = 0; n < many(24_000); n++) {
    const random = randomFrom(baseSeed + n)
    const transactions = randomTransactions(randomShape('register', random), random)
    const verdicts = decide(transactions, { kind: 'register' })
    const history = smallHistory(eventsOf(transactions, 'register'))
    const record = readTransactions(history, false)
    const sources = findSources(record, history.values.id(null))
    const registers = { record, sources, granted: new EdgeList(0) }
    const { outcomes } = decideRegisters(registers, isolationLadder.levels, unlimited)
    const isMet = (level: IsolationLevel): boolean | undefined => {
      for (const [other, { result }] of outcomes) {
        if (result === 'met' && impliesLevel(other, level)) return true
        if (result === 'violated' && impliesLevel(level, other)) return false
      }
      return undefined
    }
    for (const level of isolationLadder.levels)
      expect(isMet(level), `${level} of seed ${baseSeed + n}`).toBe(verdicts.get(level))
    for (const [level, outcome] of outcomes) {
      if (outcome.result !== 'violated' || outcome.among === undefined) continue
      expect(outcome.cycle, `${level} of seed ${baseSeed + n}`).toBeDefined()
      sizes[outcome.among.length] = (sizes[outcome.among.length] ?? 0) + 1
    }
  }
  expect(sizes[2]).toBeGreaterThan(0)
})
