import { expect, test } from 'vitest'
import { agree, agreeUnnamed, noCounts, weakLevels } from './session-agreement.ts'

// Clients of several processes: what returned before another of the same client was called precedes it. The seed changes
// with each run; a failure names it.

const baseSeed = Date.now() % 1_000_000_000

test.each([0, 1])('each level agrees with its definition where clients overlap with themselves (part %i)', (part) => {
  const counts = noCounts()
  for (let n = 0; counts.judged < 1_500; n++) agree(baseSeed + part * 100_000_000 + n, counts)
  expect(counts.overlapping).toBeGreaterThan(counts.judged * 0.5)
  for (const level of ['sequential', ...weakLevels] as const) {
    expect(counts.met[level], level).toBeGreaterThan(counts.judged * 0.04)
    expect(counts.violated[level], level).toBeGreaterThan(counts.judged * 0.04)
  }
})

test('where nothing named a client, no level that rests on its order is met by itself, and what is violated is so however clients are told apart', () => {
  const counts = noCounts()
  for (let n = 0; counts.judged < 1_000; n++) agreeUnnamed(baseSeed + 500_000_000 + n, counts)
  for (const level of ['sequential', ...weakLevels] as const) {
    expect(counts.met[level], level).toBeGreaterThan(counts.judged * 0.02)
    expect(counts.violated[level], level).toBeGreaterThan(counts.judged * 0.02)
  }
})
