import { expect, test } from 'vitest'
import { claimedOf, simulated } from '../../claims/claimed-runs.ts'

test('the records of thirty simulated runs confirm every claim about them', async () => {
  const { runs, refuted } = await claimedOf(simulated, 41, 64)
  expect(refuted).toEqual([])
  expect(runs).toBeGreaterThan(25)
})
