import { basename } from 'node:path'
import { plural, UserError } from '@chaosproxy/history'
import { htmlOf, jsonOf, type RunSubject, type WrittenProof } from '@chaosproxy/report'
import type { JudgedRun, PlannedRun } from '@chaosproxy/runner'
import { type ExitCode, exitCodeFor, judgeExpectation } from '@chaosproxy/runner/result'
import { type RunDirectory, writeResult } from '../run-directory.ts'
import { packageVersion } from '../version.ts'
import { circumstancesOf } from './circumstances.ts'

export interface FinishedRun {
  readonly run: PlannedRun
  readonly judged: JudgedRun
  readonly directory: RunDirectory
  readonly again: string
  readonly exitCode: ExitCode
  readonly proof?: WrittenProof | undefined
}

export const exitCodeOf = ({ summary, report }: JudgedRun): ExitCode =>
  exitCodeFor({
    expectation: summary.expectation,
    found: judgeExpectation(report, Object.keys(report.levels)[0] ?? '', summary.vacuous),
    requirements: summary.requirements ?? [],
    trouble: summary.trouble,
  })

/** Returns the run as a subject for reporters. `alone` tells whether the run is the only one. */
export const runSubjectOf = (
  { run, judged, directory, again, exitCode, proof }: FinishedRun,
  alone: boolean = true,
): RunSubject => ({
  kind: 'run',
  title: `${run.target.name}, ${plural(run.spec.nodes, 'node')}${alone ? '' : `, seed ${run.spec.seed}`}`,
  summary: judged.summary,
  history: judged.history,
  directory: directory.path,
  historyFile: directory.history,
  reportFile: directory.report,
  again,
  exitCode,
  proof,
  alone,
})

/** Writes the proof of the verdicts. Adds the proof to the run, or the reason why there is none. */
export async function proved(finished: FinishedRun, target: string): Promise<FinishedRun> {
  const { run, judged, directory } = finished
  // Imported on demand, because few runs write a proof.
  const { writeProof } = await import('../written-proof.ts')
  try {
    return { ...finished, proof: writeProof(directory.history, target, { ...judged, checking: run.workload }) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const why = error.message
    const levels = Object.entries(judged.report.levels).flatMap(([level, { result }]) =>
      result === 'unknown' ? [] : [{ level, result, verdict: 'undecided' as const, why }],
    )
    return { ...finished, proof: { written: undefined, levels } }
  }
}

/** Writes `run.json` and `report.html` next to the history. */
export function writeResults(finished: FinishedRun): void {
  const { run, judged, directory } = finished
  const subject = runSubjectOf(finished)
  // The verdicts are stored in the form of `--json`. It contains no witnesses, which can be as long as the history.
  const { report: _, ...record } = judged.summary
  const result = jsonOf(subject)
  const circumstances = circumstancesOf({ declared: run.target.declared, commands: judged.commands })
  writeResult(
    directory.runJson,
    `${JSON.stringify({ ...record, again: finished.again, circumstances, result }, undefined, 2)}\n`,
  )
  writeResult(directory.report, htmlOf(subject, { version: packageVersion(), pathTo: (path) => basename(path) }))
}
