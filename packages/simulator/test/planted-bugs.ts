import { millis } from '@chaosproxy/history'
import {
  type SearchedProtocol,
  type SeedFailure,
  searchSeeds,
  type TrialLimits,
  usualStrategies,
} from '../src/index.ts'

// Code that the long tests of all planted bugs share.

const MOST_TRIALS = 20_000
const BETWEEN_STARTS = 1_000_000

export const limits: TrialLimits = {
  memoryBytes: 2 ** 28,
  // The CPU time of this process, which does not include waits for other processes.
  now: () => millis(process.cpuUsage().user / 1_000),
  invariants: true,
}

/** Returns the first failure from this starting seed on. Starting seeds are numbered from 0, and lie far apart. */
export function findingFrom(subject: SearchedProtocol, start: number): SeedFailure {
  const first = 1 + start * BETWEEN_STARTS
  const search = { first, count: MOST_TRIALS, strategies: usualStrategies, stopAtFirst: true, verifyDeterminism: false }
  const [finding] = searchSeeds(subject, { ...search, limits }).findings
  if (finding === undefined) throw new Error(`${subject.target} ${subject.bug} is not found from seed ${first}`)
  return finding
}
