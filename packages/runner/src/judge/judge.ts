import {
  type CheckOptions,
  check,
  decidedByStart,
  entryOf,
  levelsOf,
  overwrittenNotes,
  type Report,
  verdictOf,
} from '@chaosproxy/checker'
import { faultName } from '@chaosproxy/faults'
import { type History, type Millis, plural, withRequestedValues } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'
import { type PlannedRun, type RequestedFault, requestedFaults } from '../plan/plan-run.ts'
import type { Answers, JudgedRun, Judging, RunStore } from '../ports/run-options.ts'
import type { RunOutcome, Settled } from '../ports/run-outcome.ts'
import { judgeHeldTo, judgeRequirements, type RunExpectation } from '../result/requirements/judge-requirements.ts'
import { parseRequirement } from '../result/requirements/requirement.ts'
import type { FaultRecord, RunSummary, RunViews } from '../result/run-summary.ts'
import { specWithoutSecrets } from '../result/secrets.ts'
import { standstillsOf, standstillText } from '../result/standstills.ts'
import { countOperations } from '../result/statistics.ts'
import type { RunListener } from '../run-event.ts'
import { summarizeNodes, summarizePhases, withRecoveries } from './phases.ts'
import { strongerSettings } from './stronger-settings.ts'
import { doubts, findDoubts, idleNotes, notesOf } from './vacuity.ts'

interface SummaryInput
  extends Pick<
    RunSummary,
    'version' | 'spec' | 'startedAt' | 'tier' | 'weakness' | 'stronger' | 'strongerPromise' | 'schedule'
  > {
  readonly requestedFaults: readonly RequestedFault[]
  readonly history: History
  /** The workload determines what a history must contain to prove anything. */
  readonly workload?: Workload | undefined
  readonly outcome: RunOutcome
  /** Whether the nodes may be replicas of each other. False for observed clients, whose servers are unknown. */
  readonly isGroup: boolean
  readonly marks: boolean
  readonly report: Report<string>
  /** The verdict on the history that the proxy recorded between itself and the nodes. */
  readonly backend?: Report<string> | undefined
  readonly checkMs: Millis
  readonly expect: RunExpectation | undefined
  readonly checking?: CheckOptions<string> | undefined
  readonly answers?: Answers | undefined
}

interface RunJudging {
  readonly store: RunStore
  readonly judging: Judging
  readonly answers: Answers | undefined
  readonly listener?: RunListener | undefined
}

const CHECK_MEMORY_BYTES = 2_000_000_000

/** Reads the record back from the store and judges it, so the verdict is about what was stored. */
export async function judge(
  run: PlannedRun,
  outcome: RunOutcome,
  { store, judging: { version, startedAt, now }, answers, listener }: RunJudging,
): Promise<JudgedRun> {
  const { spec, target, workload, schedule, expect } = run
  const recorded = await store.read()
  const history = entryOf(workload.model).isOwn === true ? withRequestedValues(recorded) : recorded
  listener?.({ type: 'checking', operations: history.operations.length })
  const checkStarted = now()
  const checking: CheckOptions<string> = {
    model: workload.model,
    initial: workload.initial,
    levels: levelsOf(workload.model, history),
    staleness: true,
    deadlineMs: spec.checkMs,
    memoryBytes: CHECK_MEMORY_BYTES,
    now,
  }
  const report = check(history, { ...checking, proven: outcome.violation }) as Report
  const checkMs = (now() - checkStarted) as Millis
  const backend = await store.readBackend()
  const summary = summarize({
    ...{ version, spec, startedAt, schedule, history, workload, outcome, report, checkMs, expect, checking, answers },
    tier: target.tier,
    weakness: weaknessOf(run),
    ...strongerSettings(run, report),
    requestedFaults: requestedFaults(run),
    isGroup: target.clients !== 'observed',
    marks: target.marks,
    backend: backend && (check(backend, checking) as Report),
  })
  return { history, report, summary, commands: outcome.commands, recall: outcome.recall }
}

function summarize(input: SummaryInput): RunSummary {
  const { history, outcome, report } = input
  const faults = withRecoveries(history, outcome.faults)
  const found = [
    ...findDoubts(history, input.requestedFaults, faults, input.workload, outcome.recovery),
    ...doubts('faults', untried(input)),
    ...doubts('record', input.checking === undefined ? [] : decidedByStart(history, input.checking)),
    ...doubts('record', outcome.doubts ?? []),
  ]
  const vacuous = found.map(({ text }) => text)
  return {
    chaos: 1,
    version: input.version,
    spec: specWithoutSecrets(input.spec),
    startedAt: input.startedAt,
    tier: input.tier,
    ...(input.weakness === undefined ? {} : { weakness: input.weakness }),
    ...(input.stronger === undefined ? {} : { stronger: input.stronger }),
    ...(input.strongerPromise === undefined ? {} : { strongerPromise: input.strongerPromise }),
    durationNanos: outcome.endedAt,
    interrupted: outcome.interrupted,
    schedule: input.schedule,
    faults,
    operations: countOperations(history),
    phases: summarizePhases(history, faults, {
      nodes: input.isGroup ? outcome.nodes : [],
      healedAt: outcome.healedAt,
      endedAt: outcome.endedAt,
      report,
    }),
    nodes: summarizeNodes(history, outcome.healedAt),
    vacuous,
    lacks: [...new Set(found.map(({ lacks }) => lacks))],
    notes: [
      ...standstillsOf(history).map(standstillText),
      ...idleNotes(input.requestedFaults, faults),
      ...notesOf(history, faults, input.workload),
      // The recorder's doubts already report overwritten updates and name a remedy. If there are doubts, the notes on
      // overwritten updates are therefore left out.
      ...((outcome.doubts ?? []).length > 0 ? [] : overwrittenNotes(history)),
      ...(outcome.notes ?? []),
    ],
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

function judgeRequired({ spec, history, report, outcome, answers }: SummaryInput, faults: readonly FaultRecord[]) {
  if (spec.require === undefined || spec.require.length === 0) return undefined
  return judgeRequirements(
    spec.require.map((text) => parseRequirement(text, 'require')),
    {
      history,
      report,
      faults: faults.map(({ fault, from, to, inDoubt }) => ({
        ...{ kind: fault.kind, name: faultName(fault), from, to },
        ...(inDoubt === undefined ? {} : { perhapsUntil: inDoubt.until ?? outcome.endedAt }),
      })),
      convergedAfterHealNanos: outcome.convergedAfter,
      answers,
    },
  )
}

/** If the planted bug took no effect, the run does not show whether the tool can find it. */
const untried = ({
  spec: {
    target: { bug },
  },
  marks,
  outcome,
}: SummaryInput): string[] =>
  bug === undefined || !marks || outcome.marked.length > 0
    ? []
    : [`the bug ${bug} was never exercised: no node reached a point where it makes a difference`]

/**
 * Compares the answers that clients got with those that nodes gave. If the verdicts differ, clients got wrong answers
 * from correct nodes, or did not notice the nodes' violation.
 */
function compareViews(client: Report<string>, backend: Report<string>, settled: Settled): RunViews {
  return {
    client: client.headline,
    backend,
    settled,
    said: [...differenceOf(client, backend), ...deliveryDifferences(settled)],
  }
}

function differenceOf(client: Report<string>, backend: Report<string>): string[] {
  const [strongest = ''] = Object.keys(backend.levels)
  const seen = verdictOf(client, strongest).result
  const kept = verdictOf(backend, strongest).result
  if (seen === 'violated' && kept === 'met') return ['the nodes kept their promise; the clients got wrong answers']
  if (seen === 'met' && kept === 'violated') return ['the nodes broke their promise; no client was told of it']
  return []
}

function deliveryDifferences({ neverLeft, untold }: Settled): string[] {
  return [
    ...(untold === 0
      ? []
      : [`${plural(untold, 'answer')} ${untold === 1 ? 'was' : 'were'} sent by a node but never reached the client`]),
    ...(neverLeft === 0
      ? []
      : [
          `${plural(neverLeft, 'request')} ${neverLeft === 1 ? 'was' : 'were'} never sent, so ${neverLeft === 1 ? 'it' : 'they'} certainly had no effect`,
        ]),
  ]
}

/** Returns the effect of the planted bug or, without a bug, the guarantee that the settings sacrifice. */
const weaknessOf = ({ target, targetSettings, workload, faultKinds, spec }: PlannedRun): string | undefined =>
  target.bugs.find(({ name }) => name === spec.target.bug)?.summary ??
  target.weakness?.({
    ...{ object: workload.object, settings: targetSettings, faults: faultKinds, nodes: spec.nodes },
  })
