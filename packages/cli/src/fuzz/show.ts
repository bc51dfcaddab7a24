import { type Counterexample, check, type Level, type Report } from '@chaos/checker'
import { nodeNames } from '@chaos/faults'
import { type Event, type History, millis } from '@chaos/history'
import { type SequenceStep, sequenceColumns, sequenceSteps } from '@chaos/report'
import type { Scenario } from '@chaos/runner'
import { digestOf, type Failure, type LogLine, runScenario, type Subject } from '@chaos/simulator'
import { limitsFor } from './worker.ts'

/** A scenario played once more, with everything a person wants to see of it. */
export interface Shown {
  readonly scenario: Scenario
  readonly failure: Failure | undefined
  readonly events: readonly Event[]
  readonly history: History
  /** Of the level it is held to, with a counterexample cut down as far as it goes. */
  readonly report: Report
  readonly digest: string
  readonly sentence: string
  readonly columns: readonly string[]
  readonly steps: readonly SequenceStep[]
}

const EXPLAIN_MS = millis(10_000)
const EXPLAIN_MEMORY_BYTES = 2 ** 30

/** Plays it in the simulator, and explains what came of it. */
export function showScenario(subject: Subject, scenario: Scenario, invariants: boolean): Shown {
  const log: LogLine[] = []
  const { history, events, failure } = runScenario(subject, scenario, {
    ...limitsFor(invariants),
    log: (line) => log.push(line),
  })
  return explain({ level: subject.level, scenario, history, events, log, failureOf: () => failure })
}

export interface Played {
  readonly level: Level
  readonly scenario: Scenario
  readonly history: History
  readonly events: readonly Event[]
  readonly log: readonly LogLine[]
  /** What went wrong, given what the history itself shows of it. */
  readonly failureOf: (counterexample: Counterexample | undefined) => Failure | undefined
}

/** Everything a person wants to see of a scenario that was played, in whichever world. */
export function explain({ level, scenario, history, events, log, failureOf }: Played): Shown {
  const report = check(history, {
    model: 'register',
    initial: null,
    levels: [level],
    failedCas: 'drop',
    deadlineMs: EXPLAIN_MS,
    memoryBytes: EXPLAIN_MEMORY_BYTES,
    now: () => millis(performance.now()),
  })
  const verdict = report.levels[level]
  const counterexample = verdict.result === 'violated' ? verdict.counterexample : undefined
  const failure = failureOf(counterexample)
  return {
    scenario,
    failure,
    events,
    history,
    report,
    digest: digestOf(events),
    sentence: sentenceOf(failure, counterexample?.sentence),
    columns: sequenceColumns(nodeNames(scenario.nodes)),
    steps: sequenceSteps({
      history,
      operations: counterexample?.operations.map(({ operation }) => operation) ?? plannedRows(scenario, history),
      culprit: counterexample?.culprit,
      faults: scenario.faults,
      log,
      broken: failure?.kind === 'invariant' ? { at: failure.at, node: failure.node, text: failure.name } : undefined,
    }),
  }
}

/** Where no history shows what went wrong, what clients asked; not the reads made at the end. */
const plannedRows = (scenario: Scenario, history: History): number[] =>
  Array.from({ length: Math.min(scenario.operations.length, history.operations.length) }, (_, row) => row)

function sentenceOf(failure: Failure | undefined, explained: string | undefined): string {
  switch (failure?.kind) {
    case undefined:
      return 'Nothing went wrong.'
    case 'violation':
      return explained ?? failure.sentence
    case 'invariant':
      return explained === undefined ? failure.what : `${failure.what}. ${explained}`
    case 'broken':
      return failure.what
    default:
      return failure satisfies never
  }
}
