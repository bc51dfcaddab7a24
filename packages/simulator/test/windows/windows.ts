import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { type Failure, searchSeeds, strategies } from '../../src/index.ts'

/** Returns the failures that the strategy `by` finds in `trials` trials. The default strategy aims at short windows. */
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
    targetSettings: {},
    level: 'linearizable',
    workload: register,
    settings: {},
    nodes: undefined,
    operations: 60,
  }
  const limits = {
    memoryBytes: 2 ** 28,
    now: () => millis(performance.now()),
    invariants: true,
  }
  const options = { strategies: chosen, limits, verifyDeterminism: false }
  if (bug === undefined)
    return searchSeeds(subject, { ...options, first: 1, count: trials, stopAtFirst: true }).findings.map(
      ({ failure }) => failure,
    )
  for (let first = 1; first <= trials; first += AT_ONCE) {
    const { findings } = searchSeeds(subject, { ...options, first, count: AT_ONCE, stopAtFirst: false })
    // In a leased register, each candidate counts its own ticks to determine its turn. Even without the bug, the turns
    // of candidates may coincide for ever. No operation is then answered, and the run fails with `unrecovered`. Such a
    // failure does not show the bug.
    const found = findings.find(({ failure }) => failure.kind !== 'unrecovered')
    if (found !== undefined) return [found.failure]
  }
  return []
}

const AT_ONCE = 50
