import { expect } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { unlimited } from '../../src/limits/budget.ts'
import { EdgeList } from '../../src/transactions/graph/edges.ts'
import { type IsolationLevel, impliesLevel, isolationLadder } from '../../src/transactions/levels/ladder.ts'
import { readTransactions } from '../../src/transactions/record/record.ts'
import { decideRegisters } from '../../src/transactions/registers/entry.ts'
import { findSources, initialValues } from '../../src/transactions/registers/sources.ts'
import { decide, eventsOf } from './brute-force.ts'
import { randomShape, randomTransactions } from './random-transactions.ts'

/**
 * Checks that the verdict on each level of a random history is the same as by brute force. Returns the number of
 * transactions in each example of a violation (see `Example`).
 */
export function agreeOnRegisters(seed: number): readonly number[] {
  const random = randomFrom(seed)
  const transactions = randomTransactions(randomShape('register', random), random)
  const verdicts = decide(transactions, { kind: 'register' })
  const history = smallHistory(eventsOf(transactions, 'register'))
  const record = readTransactions(history, false)
  const sources = findSources(record, initialValues(record, history.values.id(null)))
  const registers = { record, sources, granted: new EdgeList(0) }
  const { outcomes } = decideRegisters(registers, isolationLadder.levels, unlimited)
  const isMet = (level: IsolationLevel): boolean | undefined => {
    for (const [other, { result }] of outcomes) {
      if (result === 'met' && impliesLevel(other, level)) return true
      if (result === 'violated' && impliesLevel(level, other)) return false
    }
    return undefined
  }
  for (const level of isolationLadder.levels) {
    const isRight = isMet(level) === verdicts.get(level)
    if (!isRight) expect(isMet(level), `${level} of seed ${seed}`).toBe(verdicts.get(level))
  }
  return [...outcomes].flatMap(([level, outcome]) => {
    if (outcome.result !== 'violated' || outcome.among === undefined) return []
    if (outcome.cycle === undefined) expect(outcome.cycle, `${level} of seed ${seed}`).toBeDefined()
    return [outcome.among.length]
  })
}
