import type { Level, Report } from '@chaos/checker'
import { type FaultKind, nodeNames, type Schedule } from '@chaos/faults'
import type { History, Millis } from '@chaos/history'
import { countOperations, type Expectation, type RunConfig, type RunSummary } from '@chaos/report'
import type { Workload } from '@chaos/workloads'
import { summarizeNodes, summarizePhases, withRecoveries } from './phases.ts'
import type { RunOutcome } from './run.ts'
import { findVacuity } from './vacuity.ts'
import { compareViews } from './views.ts'

interface JudgeInput {
  readonly version: string
  readonly spec: RunConfig
  readonly startedAt: string
  readonly tier: RunSummary['tier']
  readonly schedule: Schedule
  readonly requestedFaults: readonly FaultKind[]
  readonly history: History
  /** What the clients did: says what makes a history of it prove nothing. */
  readonly workload?: Workload | undefined
  readonly outcome: RunOutcome
  /** Whether the target says when its mistake made a difference. */
  readonly marks: boolean
  readonly report: Report
  /** Of what the nodes were asked and answered, where the proxy kept a record of that. */
  readonly backend?: Report | undefined
  readonly checkMs: Millis
  readonly expect: RunExpectation | undefined
}

/** The level that a run is held to: asked for, or what the target promises. */
export interface RunExpectation {
  readonly level: Level
  readonly promised: boolean
}

/** Sums a run up from its history, what its nemesis did, and what the checker found. */
export function judgeRun(input: JudgeInput): RunSummary {
  const { history, outcome, report } = input
  const faults = withRecoveries(history, outcome.faults)
  const vacuous = [...findVacuity(history, input.requestedFaults, faults, input.workload), ...untried(input)]
  return {
    chaos: 1,
    version: input.version,
    spec: input.spec,
    startedAt: input.startedAt,
    tier: input.tier,
    durationNanos: outcome.endedAt,
    interrupted: outcome.interrupted,
    schedule: input.schedule,
    faults,
    operations: countOperations(history),
    phases: summarizePhases(history, faults, {
      nodes: nodeNames(input.spec.nodes),
      healedAt: outcome.healedAt,
      endedAt: outcome.endedAt,
    }),
    nodes: summarizeNodes(history, outcome.healedAt),
    vacuous,
    trouble: outcome.trouble,
    convergedAfterHealNanos: outcome.convergedAfter,
    report,
    views:
      input.backend === undefined || outcome.settled === undefined
        ? undefined
        : compareViews(report, input.backend, outcome.settled),
    expectation: input.expect === undefined ? undefined : judgeHeldTo(input.expect, report, vacuous),
    timing: { checkMs: input.checkMs },
  }
}

const judgeHeldTo = ({ level, promised }: RunExpectation, report: Report, vacuous: readonly string[]): Expectation => ({
  ...judgeExpectation(report, level, vacuous),
  ...(promised ? { promised } : {}),
})

/** A mistake that made no difference says nothing of whether it can be found. */
const untried = ({
  spec: {
    target: { bug },
  },
  marks,
  outcome,
}: JudgeInput): string[] =>
  bug === undefined || !marks || outcome.marked.length > 0
    ? []
    : [`the mistake ${bug} was never exercised: no node came to where it makes a difference`]

/** A level met vacuously is not met: it is unknown. A violation is a violation, however little was tried. */
export function judgeExpectation(report: Report<string>, level: string, vacuous: readonly string[]): Expectation {
  const result = report.levels[level]?.result
  if (result === 'violated') return { level, met: false }
  return { level, met: result === 'met' && vacuous.length === 0 ? true : 'unknown' }
}
