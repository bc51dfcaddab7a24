import type { PlannedRun } from '@chaosproxy/runner'
import { namesOf } from '../arguments/names.ts'

/** Returns a text if the run is too short for some faults. It names these faults and the shortest sufficient time. */
export function tooShortText({ shortage }: PlannedRun): string | undefined {
  const short = shortage()
  if (short === undefined) return undefined
  const names = namesOf(short.missing).join(', ')
  const remedy =
    short.leastMs === undefined ? 'Ask for fewer' : `With --time ${short.leastMs / 1000}s, all faults are injected`
  return `This run is too short for all its faults: ${names} will not be injected. ${remedy}.`
}
