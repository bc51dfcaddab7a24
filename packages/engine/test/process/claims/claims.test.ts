import { expect, test } from 'vitest'
import { claimedOf, simulated } from '../../claims/claimed-runs.ts'

test('every claim about thirty simulated runs agrees with their records', async () => {
  const { runs, refuted } = await claimedOf(simulated, 41, 64)
  expect(refuted).toEqual([])
  expect(runs).toBeGreaterThan(25)
})
