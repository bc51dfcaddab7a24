import { millis } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { models, randomCase } from '../../../../verifier/test/histories.ts'
import { check } from '../../../src/check/check.ts'
import { proveOrders } from '../../../src/proof/orders.ts'
import { many, manyOf } from '../../many.ts'

const permutations = (rows: readonly number[]): readonly (readonly number[])[] =>
  rows.length === 0
    ? [[]]
    : rows.flatMap((row) => permutations(rows.filter((other) => other !== row)).map((rest) => [row, ...rest]))

// Weak levels, final reads and bounds of sums have proofs without an order.
const WITHOUT_ORDERS = ['weak register', 'final reads', 'counter']

describe.each(models.filter((model) => !WITHOUT_ORDERS.includes(model)))('proveOrders for the model %s', (model) => {
  test(`each order of the operations of a violation has exactly one prefix that proveOrders lists as impossible (${manyOf(100)} histories)`, () => {
    const first = inject('seed') * 10_000
    let listed = 0
    for (let seed = first; seed < first + many(100); seed++) {
      const { history, head, levels } = randomCase(model, seed)
      const checkerModel = head.model === 'list transactions' ? 'list-append' : head.model
      const report = check(history, {
        ...{ model: checkerModel, initial: head.initial, levels: [...levels], failedCas: head.failedCas },
        ...{ deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(performance.now()) },
      })
      const [level = ''] = levels
      const verdict = report.levels[level as keyof typeof report.levels]
      if (verdict?.result !== 'violated') continue
      const { orders } = proveOrders(history, level, verdict.counterexample, { ...head, model: report.model })
      if (orders.length === 0) continue
      // Skips snapshot isolation, because a transaction then has two moments. Skips an unknown initial value, because
      // the orders are then listed once for each possible value.
      if (level.includes('snapshot') || head.initial === undefined) continue
      listed++
      const named = [...new Set(orders.flatMap(({ rows }) => rows))]
      for (const order of permutations(named)) {
        const ends = orders.filter(({ rows }) => rows.every((row, at) => row === order[at]))
        expect(ends, `seed ${seed}: ${order}`).toHaveLength(1)
      }
    }
    expect(listed).toBeGreaterThan(0)
  })
})
