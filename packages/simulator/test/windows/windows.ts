import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { type Failure, searchSeeds, strategies } from '../../src/index.ts'

/** What one strategy finds within so many trials: by default the one that aims at short windows. */
export function foundIn(
  protocol: ProtocolDefinition,
  bug: string | undefined,
  trials: number,
  by = 'windows',
): readonly Failure[] {
  const chosen = strategies.filter(({ name }) => name === by)
  const subject = {
    target: protocol.name,
    protocol,
    bug,
    knobs: {},
    level: 'linearizable',
    workload: register,
    settings: {},
    nodes: undefined,
    operations: 60,
  }
  const limits = {
    checkMs: millis(5_000),
    memoryBytes: 2 ** 28,
    now: () => millis(performance.now()),
    invariants: true,
  }
  const options = { first: 1, count: trials, strategies: chosen, limits, stopAtFirst: true, verifyDeterminism: false }
  return searchSeeds(subject, options).findings.map(({ failure }) => failure)
}
