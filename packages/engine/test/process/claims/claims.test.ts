import { expect, test } from 'vitest'
import { claimedOf, simulated } from '../../claims/claimed-runs.ts'

test('no claim in the reports on thirty simulated runs contradicts the record of its run', async () => {
  const { runs, refuted } = await claimedOf(simulated, 41, 64)
  expect(refuted).toEqual([])
  expect(runs).toBeGreaterThan(25)
})
