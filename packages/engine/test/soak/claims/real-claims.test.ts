import { expect, inject, test } from 'vitest'
import { claimedOf, real } from '../../claims/claimed-runs.ts'

const short = process.env['CHAOS_SOAK'] === 'short'
/**
 * The number of runs of each supported combination of a system and a workload, if the system's servers are installed.
 */
const ROUNDS = 3

test(`no claim in the reports on ${short ? 'a few' : 'five hundred'} runs of real processes contradicts the record of its run`, async () => {
  const drafts = Array.from({ length: short ? 1 : ROUNDS }, () => real).flat()
  const { runs, refuted } = await claimedOf(drafts, inject('seed'), short ? 60 : 1)
  expect(refuted).toEqual([])
  expect(runs).toBeGreaterThan(short ? 0 : 300)
}, 10_800_000)
