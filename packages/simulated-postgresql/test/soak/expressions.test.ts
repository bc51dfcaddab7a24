import { expect, inject, test } from 'vitest'
import { compareBinaryForms, compareExpressions } from '../compared-expressions.ts'

// With CHAOS_SOAK=short, only a few thousand expressions are compared.
const EXPRESSIONS = process.env['CHAOS_SOAK'] === 'short' ? 4_000 : 60_000

test('random expressions have the type and value, or the error, that PostgreSQL returns for them', async () => {
  const seed = inject('seed')
  console.log(`seed ${seed}`)
  const { differences, planned, refused } = await compareExpressions(seed, EXPRESSIONS)
  expect(differences.slice(0, 20)).toEqual([])
  expect(planned.slice(EXPRESSIONS / 1000)).toEqual([])
  // The package may refuse expressions, but if it refused most of them, the comparison would prove little.
  expect([...refused.values()].reduce((a, b) => a + b, 0) / EXPRESSIONS).toBeLessThan(0.1)
})

test('values are sent and read in the binary form of PostgreSQL', async () => {
  await compareBinaryForms(inject('seed'), EXPRESSIONS / 10)
})
