import { expect, inject, test } from 'vitest'
import { claimedOf, simulated } from '../../claims/claimed-runs.ts'

const short = process.env['CHAOS_SOAK'] === 'short'

test(`no claim in the reports on ${short ? 'a hundred' : 'five hundred'} simulated runs contradicts the record of its run`, async () => {
  const { runs, refuted, said } = await claimedOf(simulated, inject('seed'), short ? 18 : 3)
  expect(refuted).toEqual([])
  expect(runs).toBeGreaterThan(short ? 90 : 500)
  const usual = ['lost', 'missing', 'handed out twice', 'slowest recovery', 'blamed on a fault', 'the settings allow']
  if (!short) expect([...said.keys()]).toEqual(expect.arrayContaining(usual))
}, 1_800_000)
