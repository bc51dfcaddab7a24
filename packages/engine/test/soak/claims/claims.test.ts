import { expect, inject, test } from 'vitest'
import { claimedOf, simulated } from '../../claims/claimed-runs.ts'

const short = process.env['CHAOS_SOAK'] === 'short'

test(`every claim about ${short ? 'a hundred' : 'five hundred'} simulated runs agrees with their records`, async () => {
  const { runs, refuted, said } = await claimedOf(simulated, inject('seed'), short ? 18 : 3)
  expect(refuted).toEqual([])
  expect(runs).toBeGreaterThan(short ? 90 : 500)
  const usual = ['lost', 'missing', 'handed out twice', 'slowest recovery', 'blamed on a fault', 'the settings allow']
  if (!short) expect([...said.keys()]).toEqual(expect.arrayContaining(usual))
}, 1_800_000)
