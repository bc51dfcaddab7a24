import { type Millis, millisToNanos } from '@chaosproxy/history'
import type { NodeId } from '../definition/link.ts'
import { outageNanos, RESTART_NANOS } from '../schedule/outage.ts'
import type { PlannedFault } from '../schedule/schedule.ts'

/**
 * A mix of this many kinds shows how a system lives with faults, so it leaves a majority up for most of the time: a
 * system that never has one can only refuse. Fewer kinds are chosen for what they do.
 */
const KINDS_IN_A_MIX = 3
/** The share of a run that a mix may leave without a majority, and the least time, in which one power failure fits. */
const OUTAGE_SHARE = 0.1
const LEAST_OUTAGE_MS = 1_000 as Millis
/** With fewer nodes every fault leaves no majority. */
const FEWEST_NODES = 3

/** How long a schedule may still leave no majority of the nodes up and connected. */
export interface OutageBudget {
  /** Whether these faults, which begin no earlier than the last ones, fit in. */
  allows(faults: readonly PlannedFault[]): boolean
  spend(faults: readonly PlannedFault[]): void
}

interface OutageBudgetOptions {
  readonly kinds: number
  readonly nodes: readonly NodeId[]
  readonly durationMs: Millis
}

export function createOutageBudget({ kinds, nodes, durationMs }: OutageBudgetOptions): OutageBudget {
  if (kinds < KINDS_IN_A_MIX || nodes.length < FEWEST_NODES) return { allows: () => true, spend() {} }
  let left = millisToNanos(Math.max(LEAST_OUTAGE_MS, durationMs * OUTAGE_SHARE) as Millis) as number
  let recent: readonly PlannedFault[] = []
  const overlapping = (faults: readonly PlannedFault[]): readonly PlannedFault[] => {
    const from = Math.min(...faults.map((fault) => fault.from))
    return recent.filter(({ to }) => to + RESTART_NANOS > from)
  }
  const cost = (faults: readonly PlannedFault[]): number => {
    const others = overlapping(faults)
    return outageNanos([...others, ...faults], nodes) - outageNanos(others, nodes)
  }
  return {
    allows: (faults) => cost(faults) <= Math.max(0, left),
    spend(faults) {
      left -= cost(faults)
      recent = [...overlapping(faults), ...faults]
    },
  }
}
