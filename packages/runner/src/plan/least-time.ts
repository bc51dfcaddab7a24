import type { Nemesis } from '@chaosproxy/faults'
import { type Millis, millis, usageError } from '@chaosproxy/history'
import type { Target } from '../ports/target.ts'
import { type PlannedFaults, planFaults, type Scheduling } from './plan-faults.ts'

const STEP_MS = 500
/** Maximum number of steps to try. A run with this number of steps has room for several faults of every kind. */
const MOST_STEPS = 1_000

export interface Shortage {
  /** The chosen faults that never occur in the run. The run therefore proves nothing about them. */
  readonly missing: readonly Nemesis[]
  /** The shortest time in which all chosen faults occur; undefined if no time suffices. */
  readonly leastMs: Millis | undefined
}

/**
 * Returns the chosen faults that do not occur, and the shortest time of a run in which all chosen faults occur. Returns
 * undefined if every chosen kind of fault occurs.
 */
export function shortageOf(spec: Scheduling, target: Target, planned: PlannedFaults): Shortage | undefined {
  const missing = faultsWithoutRoom(planned)
  return missing.length === 0 ? undefined : { missing, leastMs: leastTimeForAll(spec, target) }
}

const faultsWithoutRoom = ({ nemeses, schedule }: PlannedFaults): readonly Nemesis[] =>
  nemeses.filter(({ kind }) => schedule.every(({ plan }) => plan.kind !== kind))

/**
 * Returns the shortest time, in steps of half a second, in which every chosen fault occurs with this seed.
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
