import type { Nemesis } from '@chaosproxy/faults'
import { type Millis, millis, usageError } from '@chaosproxy/history'
import type { Target } from '../ports/target.ts'
import { type PlannedFaults, planFaults, type Scheduling } from './plan-faults.ts'

const STEP_MS = 500
/** Maximum number of steps to try; so many steps have room for several faults of every kind. */
const MOST_STEPS = 1_000

export interface Shortage {
  /** The chosen faults of a kind that never occurs in the run. The run proves nothing about these faults. */
  readonly missing: readonly Nemesis[]
  /** The shortest time in which all chosen faults occur; undefined if no time suffices. */
  readonly leastMs: Millis | undefined
}

/** Returns undefined for a run with enough time for every chosen kind of fault. */
export function shortageOf(spec: Scheduling, target: Target, planned: PlannedFaults): Shortage | undefined {
  const missing = faultsWithoutRoom(planned)
  return missing.length === 0 ? undefined : { missing, leastMs: leastTimeForAll(spec, target) }
}

const faultsWithoutRoom = ({ nemeses, schedule }: PlannedFaults): readonly Nemesis[] =>
  nemeses.filter(({ kind }) => schedule.every(({ plan }) => plan.kind !== kind))

/**
 * Returns the shortest time of a run in which every chosen fault occurs with this seed, in steps of half a second from
 * the time of the spec; undefined if no time suffices.
 *
 * @throws UserError (usage, input) for faults that cannot be planned; messages begin with the target's name.
 */
export function leastTimeForAll(spec: Scheduling, target: Target): Millis | undefined {
  const refuse = (problem: string): never => {
    throw usageError(`${target.name}: ${problem}`)
  }
  const first = Math.ceil(spec.timeMs / STEP_MS)
  for (let steps = first; steps <= first + MOST_STEPS; steps++) {
    const timeMs = millis(steps * STEP_MS)
    const planned = planFaults({ ...spec, timeMs }, { target, where: target.name, refuse })
    if (faultsWithoutRoom(planned).length === 0) return timeMs
  }
  return undefined
}
