import { type CheckOptions, decidedByStart, type Report } from '@chaosproxy/checker'
import { type FaultKind, nodeNames, type Schedule } from '@chaosproxy/faults'
import type { History, Millis } from '@chaosproxy/history'
import {
  countOperations,
  type Expectation,
  type FaultRecord,
  judgeRequirements,
  type ProbeAnswer,
  parseRequirement,
  type RunConfig,
  type RunSummary,
  specWithoutSecrets,
} from '@chaosproxy/report'
import type { Workload } from '@chaosproxy/workloads'
import { summarizeNodes, summarizePhases, withRecoveries } from './phases.ts'
import type { RunOutcome } from './run-outcome.ts'
import { findVacuity, notesOf } from './vacuity.ts'
import { compareViews } from './views.ts'

interface JudgeInput {
  readonly version: string
  readonly spec: RunConfig
  readonly startedAt: string
  readonly tier: RunSummary['tier']
  readonly schedule: Schedule
  readonly requestedFaults: readonly FaultKind[]
  readonly history: History
  /** The workload that was run; it knows which histories prove nothing. */
  readonly workload?: Workload | undefined
  readonly outcome: RunOutcome
  /** Whether the target marks the point at which its mistake makes a difference. */
  readonly marks: boolean
  readonly report: Report<string>
  /** The verdict on the nodes' side of the exchange, if the proxy recorded it. */
  readonly backend?: Report<string> | undefined
  readonly checkMs: Millis
  readonly expect: RunExpectation | undefined
  /** How the history was checked. */
  readonly checking?: CheckOptions<string> | undefined
  /** What probes answered. */
  readonly answers?: ReadonlyMap<string, ProbeAnswer> | undefined
}

/** The level that a run must meet: the one requested, or the target's promise. */
export interface RunExpectation {
  readonly level: string
  readonly promised: boolean
}

/** Summarises a run from its history, its faults and the checker's findings. */
export function judgeRun(input: JudgeInput): RunSummary {
  const { history, outcome, report } = input
  const faults = withRecoveries(history, outcome.faults)
  const vacuous = [
    ...findVacuity(history, input.requestedFaults, faults, input.workload, outcome.recovery),
    ...untried(input),
    ...(input.checking === undefined ? [] : decidedByStart(history, input.checking)),
    ...(outcome.doubts ?? []),
  ]
  return {
    chaos: 1,
    version: input.version,
    spec: specWithoutSecrets(input.spec),
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
    notes: notesOf(history, faults, input.workload),
    trouble: outcome.trouble,
    convergedAfterHealNanos: outcome.convergedAfter,
    report,
    views:
      input.backend === undefined || outcome.settled === undefined
        ? undefined
        : compareViews(report, input.backend, outcome.settled),
    expectation: input.expect === undefined ? undefined : judgeHeldTo(input.expect, report, vacuous),
    requirements: judgeRequired(input, faults),
    timing: { checkMs: input.checkMs },
  }
}

function judgeRequired(
  { spec, history, report, outcome, checking, answers }: JudgeInput,
  faults: readonly FaultRecord[],
) {
  if (spec.require === undefined || spec.require.length === 0) return undefined
  return judgeRequirements(
    spec.require.map((text) => parseRequirement(text, 'require')),
    {
      history,
      report,
      faults: faults.map(({ fault: { kind }, from, to }) => ({ kind, from, to })),
      convergedAfterHealNanos: outcome.convergedAfter,
      checking,
      answers,
    },
  )
}

const judgeHeldTo = (
  { level, promised }: RunExpectation,
  report: Report<string>,
  vacuous: readonly string[],
): Expectation => ({
  ...judgeExpectation(report, level, vacuous),
  ...(promised ? { promised } : {}),
})

/** If the mistake made no difference, the run does not show whether the tool can find it. */
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

/** A level met vacuously is unknown, not met. A violation stands, however little was tried. */
export function judgeExpectation(report: Report<string>, level: string, vacuous: readonly string[]): Expectation {
  const result = report.levels[level]?.result
  if (result === 'violated') return { level, met: false }
  return { level, met: result === 'met' && vacuous.length === 0 ? true : 'unknown' }
}
