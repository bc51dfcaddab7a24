import { expect, test } from 'vitest'
import { claimedOf } from './simulated-runs.ts'

test('what is claimed of some thirty simulated runs is borne out by their records', async () => {
  const { runs, refuted } = await claimedOf(41, 64)
  expect(refuted).toEqual([])
  expect(runs).toBeGreaterThan(25)
})
