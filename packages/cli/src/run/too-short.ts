import type { Nemesis, Schedule } from '@chaos/faults'
import { type Millis, millis } from '@chaos/history'
import { planFor } from './plan.ts'
import type { RunSettings } from './settings.ts'

const STEP_MS = 500
/** So many steps have room for every fault there is, several times. */
const MOST_STEPS = 1_000

/** For whoever asks for faults that will not happen, since the run is over before: which they are, and the least time for them. */
export function tooShortText(settings: RunSettings, schedule: Schedule): string | undefined {
  const missing = missingFrom(settings, schedule)
  if (missing.length === 0) return undefined
  const names = missing.map(({ name }) => name).join(', ')
  const leastMs = leastTime(settings)
  const remedy = leastMs === undefined ? 'Ask for fewer' : `With --time ${leastMs / 1000}s they all do`
  return `This run is too short for all its faults: ${names} will not happen. ${remedy}.`
}

/** The shortest run of this seed in which every fault has a turn; in steps of half a second. */
function leastTime(settings: RunSettings): Millis | undefined {
  const first = Math.ceil(settings.timeMs / STEP_MS)
  for (let steps = first; steps <= first + MOST_STEPS; steps++) {
    const longer = { ...settings, timeMs: millis(steps * STEP_MS) }
    if (missingFrom(longer, planFor(longer)).length === 0) return longer.timeMs
  }
  return undefined
}

/** Those whose kind has no turn: what the page says at the end to have proved nothing. */
const missingFrom = ({ nemeses }: RunSettings, schedule: Schedule): readonly Nemesis[] =>
  nemeses.filter(({ kind }) => schedule.every(({ plan }) => plan.kind !== kind))
