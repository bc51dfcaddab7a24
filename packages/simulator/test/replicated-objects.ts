import { type Millis, millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import type { Workload } from '@chaosproxy/workloads'
import { type SeedFailure, searchSeeds, usualStrategies } from '../src/index.ts'

const limits = {
  memoryBytes: 2 ** 28,
  now: (): Millis => millis(performance.now()),
  // It is clients who are to notice.
  invariants: false,
}

/** What a search of a protocol finds that replicates what the workload asks for, with the knobs that promise most. */
export function searchFor(
  workload: Workload,
  name: string,
  bug: string | undefined,
  count: number,
): readonly SeedFailure[] {
  const protocol = findProtocol(name)!
  const knobs = protocol.strictest ?? {}
  return searchSeeds(
    {
      target: name,
      protocol,
      bug,
      knobs,
      nodes: undefined,
      operations: 60,
      level: 'linearizable',
      workload,
      settings: {},
    },
    { first: 1, count, strategies: usualStrategies, limits, stopAtFirst: bug !== undefined, verifyDeterminism: false },
  ).findings
}
