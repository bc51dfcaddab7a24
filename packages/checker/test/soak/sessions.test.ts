import { expect, inject, test } from 'vitest'
import { agree, agreeUnnamed, noCounts } from '../session-agreement.ts'

// Tests histories in which one client has several processes. The verdicts must agree with the definitions.
// CHAOS_SOAK=short judges a few thousand histories.
const HISTORIES = process.env['CHAOS_SOAK'] === 'short' ? 5_000 : 50_000

const baseSeed = inject('seed')

test(`verdicts on each level agree with their definitions for clients with concurrent operations, on ${HISTORIES} histories`, () => {
  const counts = noCounts()
  for (let n = 0; counts.judged < HISTORIES; n++) agree(baseSeed + n, counts)
  expect(counts.overlapping).toBeGreaterThan(HISTORIES * 0.5)
})

test(`the verdicts on operations without client names hold for every assignment to clients, on ${HISTORIES / 5} histories`, () => {
  const counts = noCounts()
  for (let n = 0; counts.judged < HISTORIES / 5; n++) agreeUnnamed(baseSeed + 500_000_000 + n, counts)
  expect(counts.violated['sequential']).toBeGreaterThan(HISTORIES / 100)
})
