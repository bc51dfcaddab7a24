import type { Nemesis, Schedule } from '@chaosproxy/faults'
import { type Millis, millis } from '@chaosproxy/history'
import { type PlannedRun, scheduleOfRun } from '@chaosproxy/runner'

const STEP_MS = 500
/** So many steps have room for every fault there is, several times. */
const MOST_STEPS = 1_000

/** For whoever asks for faults that will not happen, since the run is over before: which they are, and the least time for them. */
export function tooShortText(run: PlannedRun): string | undefined {
  const missing = missingFrom(run, run.schedule)
  if (missing.length === 0) return undefined
  const names = missing.map(({ name }) => name).join(', ')
  const leastMs = leastTime(run)
  const remedy = leastMs === undefined ? 'Ask for fewer' : `With --time ${leastMs / 1000}s they all do`
  return `This run is too short for all its faults: ${names} will not happen. ${remedy}.`
}

/** The shortest run of this seed in which every fault has a turn; in steps of half a second. */
function leastTime(run: PlannedRun): Millis | undefined {
  const first = Math.ceil(run.spec.timeMs / STEP_MS)
  for (let steps = first; steps <= first + MOST_STEPS; steps++) {
    const timeMs = millis(steps * STEP_MS)
    if (missingFrom(run, scheduleOfRun({ ...run.spec, timeMs }, run.nemeses, '')).length === 0) return timeMs
  }
  return undefined
}

/** Those whose kind has no turn: what the page says at the end to have proved nothing. */
const missingFrom = ({ nemeses }: PlannedRun, schedule: Schedule): readonly Nemesis[] =>
  nemeses.filter(({ kind }) => schedule.every(({ plan }) => plan.kind !== kind))
