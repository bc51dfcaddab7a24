import { expect, test } from 'vitest'
import { claimedOf } from './simulated-runs.ts'

test('the records of thirty simulated runs bear out every claim about them', async () => {
  const { runs, refuted } = await claimedOf(41, 64)
  expect(refuted).toEqual([])
  expect(runs).toBeGreaterThan(25)
})
