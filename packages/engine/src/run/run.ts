import type { Report } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { completeRun, planRun, type RunDraft, type RunListener, type RunSpec } from '@chaosproxy/runner'
import { commandLine } from '../command-line.ts'
import type { Config } from '../config/config.ts'
import { registriesOf, withPaths } from '../config/registries.ts'
import { createRunDirectory, USUAL_OUT } from '../run-directory.ts'
import { carryOut } from './carry-out.ts'
import { type FinishedRun, writeResults } from './results.ts'

/** The user's own targets, workloads and services, and how to observe and end the run. */
export interface RunSettings extends Pick<Config, 'targets' | 'workloads' | 'services' | 'out'> {
  /**
   * When aborted, ends the run early. The run still heals its faults, performs the final reads and judges the history.
   */
  readonly signal?: AbortSignal | undefined
  readonly listener?: RunListener | undefined
}

/** A finished run. Its history, record and report are in `directory`. */
export interface Run {
  readonly spec: RunSpec
  readonly history: History
  readonly report: Report
  /** Reasons why the run proves less than it suggests. */
  readonly vacuous: readonly string[]
  /** The result of the run's expectation: 0 met, 1 violated, 2 unknown or nothing proved, 4 a problem. */
  readonly exitCode: number
  readonly directory: string
}

/**
 * Performs one run: starts the target, injects faults while clients use it, heals it, performs final reads and judges
 * the history. Defaults are those of `chaos run`: a Raft of five nodes, 20 s, partitions, kills and pauses.
 *
 * @throws UserError: usage and input for a draft that cannot be run, before anything is started; environment if the
 * target does not start, breaks, or its record cannot be written. Throws the signal's reason if the run was aborted
 * before anything was recorded.
 */
export async function run(draft: RunDraft = {}, settings: RunSettings = {}): Promise<Run> {
  const { targets, workloads, services, out = USUAL_OUT, listener, signal = new AbortController().signal } = settings
  const own = { targets, workloads, services, where: 'run', directory: '.' }
  const registries = registriesOf(own)
  const seed = Math.floor(Math.random() * 10_000)
  const spec = await completeRun(withPaths(draft, own), registries, { where: 'run', seed })
  const planned = await planRun(spec, registries, 'run')
  const startedAt = new Date()
  const directory = createRunDirectory(out, planned.target.name, startedAt)
  const again = commandLine(['npx', 'chaos', 'run', '--spec', directory.runJson])
  const finished = await carryOut(planned, { directory, startedAt, interrupted: signal, listener, again })
  if (finished === undefined) throw signal.reason
  writeResults(finished)
  return runOf(finished)
}

export const runOf = ({ run, judged, directory, exitCode }: FinishedRun): Run => ({
  spec: run.spec,
  history: judged.history,
  report: judged.report,
  vacuous: judged.summary.vacuous,
  exitCode,
  directory: directory.path,
})
