import { drive, heal, type RunHandle, type RunOptions, type RunOutcome, readLast } from '@chaosproxy/runner'

/** Performs a whole run, from the first operation through the final reads. */
export function startRun(options: RunOptions, ended: (outcome: RunOutcome) => void): RunHandle {
  const driven = drive(options, (why) => heal(driven, why, (healed) => readLast(healed, ended)))
  return driven.handle
}
