import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { type Failure, searchSeeds, strategies } from '../../src/index.ts'

/** The failures that one strategy finds in this many trials; by default the strategy that aims at short windows. */
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
    // In a leased register, each candidate determines its turn by counting its own ticks. So the turns of candidates
    // can coincide for ever, even without the bug, and nothing is answered. A failure of the kind `unrecovered`
    // therefore does not count as finding the bug.
    const found = findings.find(({ failure }) => failure.kind !== 'unrecovered')
    if (found !== undefined) return [found.failure]
  }
  return []
}

const AT_ONCE = 50
