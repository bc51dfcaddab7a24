import { faultsWithoutRoom, leastTimeForAll, type PlannedRun } from '@chaosproxy/runner'

/** Which of the chosen faults cannot happen because the run is too short, and the least time that has room for them. */
export function tooShortText(run: PlannedRun): string | undefined {
  const missing = faultsWithoutRoom(run)
  if (missing.length === 0) return undefined
  const names = missing.map(({ name }) => name).join(', ')
  const leastMs = leastTimeForAll(run.spec, run.target)
  const remedy = leastMs === undefined ? 'Ask for fewer' : `With --time ${leastMs / 1000}s they all do`
  return `This run is too short for all its faults: ${names} will not be injected. ${remedy}.`
}
