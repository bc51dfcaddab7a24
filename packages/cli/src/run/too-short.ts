import type { Nemesis, Schedule } from '@chaosproxy/faults'
import { type Millis, millis } from '@chaosproxy/history'
import { type PlannedRun, scheduleFor } from '@chaosproxy/runner'

const STEP_MS = 500
/** Enough steps for every kind of fault several times over. */
const MOST_STEPS = 1_000

/** Which of the chosen faults cannot happen because the run is too short, and the least time that has room for them. */
export function tooShortText(run: PlannedRun): string | undefined {
  const missing = missingFrom(run, run.schedule)
  if (missing.length === 0) return undefined
  const names = missing.map(({ name }) => name).join(', ')
  const leastMs = leastTime(run)
  const remedy = leastMs === undefined ? 'Ask for fewer' : `With --time ${leastMs / 1000}s they all do`
  return `This run is too short for all its faults: ${names} will not be injected. ${remedy}.`
}

/** The shortest run of this seed in which every chosen fault happens, in steps of half a second. */
function leastTime(run: PlannedRun): Millis | undefined {
  const first = Math.ceil(run.spec.timeMs / STEP_MS)
  for (let steps = first; steps <= first + MOST_STEPS; steps++) {
    const timeMs = millis(steps * STEP_MS)
    if (missingFrom(run, scheduleFor(run, timeMs)).length === 0) return timeMs
  }
  return undefined
}

/** The nemeses whose kind of fault does not happen, which the page would report at the end as having proved nothing. */
const missingFrom = ({ nemeses }: PlannedRun, schedule: Schedule): readonly Nemesis[] =>
  nemeses.filter(({ kind }) => schedule.every(({ plan }) => plan.kind !== kind))
