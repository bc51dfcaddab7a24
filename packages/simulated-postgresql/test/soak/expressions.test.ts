import { expect, inject, test } from 'vitest'
import { compareBinaryForms, compareExpressions } from '../compared-expressions.ts'

// CHAOS_SOAK=short does a few thousand.
const EXPRESSIONS = process.env['CHAOS_SOAK'] === 'short' ? 4_000 : 60_000

test('random expressions have the type and value, or the error, that PostgreSQL returns for them', async () => {
  const seed = inject('seed')
  console.log(`seed ${seed}`)
  const { differences, planned, refused } = await compareExpressions(seed, EXPRESSIONS)
  expect(differences.slice(0, 20)).toEqual([])
  expect(planned.slice(EXPRESSIONS / 1000)).toEqual([])
  // Refusals are honest, but a comparison of nothing proves nothing.
  expect([...refused.values()].reduce((a, b) => a + b, 0) / EXPRESSIONS).toBeLessThan(0.1)
})

test('values are sent and read in the binary form of PostgreSQL', async () => {
  await compareBinaryForms(inject('seed'), EXPRESSIONS / 10)
})
