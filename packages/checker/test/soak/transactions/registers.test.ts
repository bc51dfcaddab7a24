import { expect, inject, test } from 'vitest'
import { agreeOnRegisters } from '../../transactions/register-agreement.ts'

// CHAOS_SOAK=short judges a quarter of the histories.
const HISTORIES = process.env['CHAOS_SOAK'] === 'short' ? 5_000 : 20_000

const baseSeed = inject('seed')

test(`the verdict on each level agrees with its axioms on ${HISTORIES} random histories of registers`, () => {
  const sizes = new Map<number, number>()
  for (let n = 0; n < HISTORIES; n++)
    for (const size of agreeOnRegisters(baseSeed + 1_000_000 + n)) sizes.set(size, (sizes.get(size) ?? 0) + 1)
  // Most violations need only two transactions.
  expect(sizes.get(2)).toBeGreaterThan(HISTORIES / 10)
})
