import { millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBudget } from '../../src/limits/budget.ts'
import { createUsage, NOTHING_USED } from '../../src/search/usage.ts'

const budgetOf = (memoryBytes: number) =>
  createBudget({ deadlineMs: millis(1_000), memoryBytes, now: () => millis(performance.now()) })

const CLASSES = 4
const uses = fc.array(fc.nat(CLASSES - 1), { maxLength: 12 })

test('createUsage assigns the same number to two sequences exactly if both contain each class equally often', () => {
  fc.assert(
    fc.property(fc.array(uses, { minLength: 2, maxLength: 20 }), (sequences) => {
      const usage = createUsage(CLASSES, budgetOf(1e6))
      const numbers = sequences.map((classes) => classes.reduce((used, c) => usage.after(used, c), NOTHING_USED))
      const counts = sequences.map((classes) =>
        Array.from({ length: CLASSES }, (_, c) => classes.filter((each) => each === c).length),
      )
      numbers.forEach((number, i) => {
        expect(Array.from({ length: CLASSES }, (_, c) => usage.count(number, c))).toEqual(counts[i])
        expect(usage.total(number)).toBe(sequences[i]?.length)
        numbers.forEach((other, j) => {
          expect(number === other).toBe(`${counts[i]}` === `${counts[j]}`)
          const isAtMost = counts[i]?.every((count, c) => count <= (counts[j]?.[c] ?? 0))
          expect(usage.isAtMost(number, other)).toBe(isAtMost)
        })
      })
    }),
  )
})

test('a usage counter returns -1 when memory runs out, and its memory can be released', () => {
  const budget = budgetOf(4_000)
  const usage = createUsage(2, budget)
  let used = NOTHING_USED
  for (let n = 0; used !== -1 && n < 1_000; n++) used = usage.after(used, n % 2)
  expect(used).toBe(-1)
  usage.release()
  expect(budget.take(4_000)).toBe(true)
})
