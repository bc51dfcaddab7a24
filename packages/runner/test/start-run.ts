import { drive, heal, type RunHandle, type RunOptions, type RunOutcome, readLast } from '@chaosproxy/runner'

/** Performs a run from the first operation to the last final read. */
export function startRun(options: RunOptions, ended: (outcome: RunOutcome) => void): RunHandle {
  const driven = drive(options, (why) => heal(driven, why, (healed) => readLast(healed, ended)))
  return driven.handle
}
