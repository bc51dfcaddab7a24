import { type Counterexample, check, limitedTo, type Report, type Verdict, verdictOf } from '@chaosproxy/checker'
import { type NodeId, nodeNames } from '@chaosproxy/faults'
import { type Event, FLAG_FINAL, type Header, type History, type Nanos } from '@chaosproxy/history'
import { promiseOf } from '@chaosproxy/protocols'
import {
  accusedMember,
  type CodeRun,
  databaseMember,
  type ObservedDatabase,
  type Race,
  raceIn,
  raceMember,
  type SequenceStep,
  type SharedDatabase,
  sequenceColumns,
  sequenceSteps,
} from '@chaosproxy/report'
import { idleFaults, missingSuccesses, type Scenario } from '@chaosproxy/runner'
import { CHECK_STEPS, digestOf, type Failure, NO_LEVEL, type SearchedProtocol } from '@chaosproxy/simulator'
import { levelFor } from '@chaosproxy/workloads'
import type { Pool } from '../jobs/job.ts'
import { type ClientRequest, requestOf } from '../references/requests.ts'
import { limitsFor, type PlayedScenario, playedScenario, playSimulated } from '../worlds/play.ts'
import { searchedIn } from '../worlds/registry.ts'
import { subjectOf, workloadNamed } from '../worlds/subject.ts'
import { unusualText } from './delay-words.ts'
import { playJob } from './jobs.ts'
import { supervise } from './supervise.ts'
import type { PlaySpec } from './worker.ts'

export interface ScenarioPlay {
  readonly scenario: Scenario
  readonly failure: Failure | undefined
  /** Whether the level could not be decided, although the replay found no failure. */
  readonly undecided: boolean
  /** Why a replay without a failure proves less than it suggests. */
  readonly doubts: readonly string[]
  /** Faults that failed, and nodes that ended by themselves. */
  readonly trouble: readonly string[]
  readonly events: readonly Event[]
  readonly header: Header
  readonly history: History
  /** The report on the checked level, with a minimal counterexample. */
  readonly report: Report
  /** The row of the operation that contradicts the level, if one does. */
  readonly culprit: number | undefined
  readonly race: Race | undefined
  /** The lines of code that a Node program ran, if they were recorded. */
  readonly ran: CodeRun | undefined
  /** Describes the unusual delays that a Node program needs to fail; undefined if the search did not reduce them. */
  readonly delays: string | undefined
  readonly digest: string
  readonly sentence: string
  readonly columns: readonly string[]
  readonly steps: readonly SequenceStep[]
}

/**
 * The most steps that a check of a replay may take. This is twice a trial's limit, so a replay decides all that the
 * trial decided.
 */
const EXPLAIN_STEPS = 2 * CHECK_STEPS
const EXPLAIN_MEMORY_BYTES = 2 ** 30

export const showScenario = (subject: SearchedProtocol, scenario: Scenario, invariants: boolean): ScenarioPlay =>
  explain(playedHere(subject, scenario, invariants))

export const playedHere = (subject: SearchedProtocol, scenario: Scenario, invariants: boolean): PlayedScenario =>
  playedScenario(subject, scenario, playSimulated(subject, scenario, limitsFor(invariants)))

/**
 * Plays a scenario on a thread of the pool. A protocol may hang, and then the result says so. Undefined if abandoned.
 */
export async function playedSupervised(
  pool: Pool,
  { subject, scenario, invariants, follows }: PlaySpec,
  abandon: AbortSignal,
): Promise<PlayedScenario | undefined> {
  const end = await supervise(pool, playJob, { subject, scenario, invariants, follows }, { signal: abandon })
  if (end.type === 'abandoned') return undefined
  const { level } = subject
  // A subject that got stuck must not be loaded on this thread. Any other subject is loaded here, because a workload
  // has its initial values only after the subject was loaded.
  if (end.type === 'done')
    return playedScenario({ level, workload: (await subjectOf(subject)).workload }, scenario, end.value)
  const judging = { level, workload: await workloadNamed(subject.workload) }
  const { what, mistake, trace } = end
  const failure: Failure = { kind: 'broken', what, mistake, trace, stuck: true }
  return playedScenario(judging, scenario, { events: [], failure, records: [], trouble: [], log: [] })
}

export function explain(played: PlayedScenario): ScenarioPlay {
  const { level, workload, scenario, history, events, log, trouble } = played
  const report = check(history, {
    model: workload.model,
    initial: workload.initial,
    levels: level === NO_LEVEL ? [] : [level],
    memoryBytes: EXPLAIN_MEMORY_BYTES,
    ...limitedTo(EXPLAIN_STEPS),
  })
  const verdict = level === NO_LEVEL ? undefined : verdictOf(report, level)
  const counterexample = verdict?.result === 'violated' ? verdict.counterexample : undefined
  const violation: Failure | undefined =
    counterexample === undefined ? undefined : { kind: 'violation', level, sentence: counterexample.sentence }
  const failure = withRequests(played.failure, history) ?? violation ?? played.otherwise
  const race = isFromOutside(failure) ? undefined : raceOf(played, counterexample)
  const database =
    played.ran?.database && databaseExplanationIn(played.ran.database, history, counterexample, workload.model)
  const isExplained = counterexample !== undefined && (race ?? database) !== undefined
  const accused = isExplained ? accusedMember(counterexample, history) : {}
  const members = { ...databaseMember(database), ...accused }
  const extra = { ...raceMember(race), ...members }
  const { model, initial } = workload
  const header: Header = {
    ...{ chaos: 1, model: typeof model === 'string' ? model : model.name, initial },
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
  return {
    scenario,
    failure,
    undecided: failure === undefined && verdict?.result === 'unknown',
    doubts: failure === undefined ? doubtsOf(played, verdict) : [],
    trouble,
    events,
    header,
    // The member `race` already shows the race, so this header leaves it out.
    history: database === undefined ? history : { ...history, header: { ...header, extra: members } },
    report,
    culprit: counterexample?.culprit,
    race,
    ran: played.ran,
    delays: unusualText(scenario),
    digest: digestOf(events),
    sentence: sentenceOf(failure, counterexample?.sentence) ?? keptSentence(played, verdict),
    columns: sequenceColumns([...nodeNames(scenario.nodes), ...(scenario.besides ?? [])]),
    steps: sequenceSteps({
      history,
      operations: counterexample === undefined ? plannedRows(played, failure) : rowsToShow(counterexample, played),
      culprit: counterexample?.culprit,
      faults: scenario.faults,
      log,
      broken: brokenAt(failure),
    }),
  }
}

/**
 * In a failure's evidence, replaces the names of requests by operations, such as `p0's cas`. Readers of the report know
 * the operations, but not the names.
 */
function withRequests(failure: Failure | undefined, history: History): Failure | undefined {
  if (failure?.kind !== 'invariant' || failure.evidence === undefined) return failure
  const named = namingRequests(history)
  return { ...failure, what: named(failure.what), evidence: failure.evidence.map(named) }
}

/**
 * Models whose elements do not affect each other. An explanation of what happened to one element does not explain a
 * violation by another element.
 */
const OF_ELEMENTS: ReadonlySet<unknown> = new Set(['queue', 'unique-ids'])

/**
 * Returns the hosts of the database and, as `told`, the story that explains the contradiction; undefined if no story
 * explains it. If there is no contradiction, `told` is the first story.
 */
function databaseExplanationIn(
  { hosts, stories }: ObservedDatabase,
  history: History,
  counterexample: Counterexample | undefined,
  model: SearchedProtocol['workload']['model'],
): SharedDatabase {
  const about = new Set(requestsAbout(counterexample, history).map(({ name }) => name))
  const own = new Set(counterexample?.operations.map(({ operation }) => requestOf(history, operation).name))
  const related = stories.filter(
    ({ requests }) => counterexample === undefined || requests.some((request) => about.has(request)),
  )
  const story =
    related.find(({ requests }) => requests.every((request) => own.has(request))) ??
    (counterexample !== undefined && OF_ELEMENTS.has(model) ? undefined : related[0])
  return { hosts, told: story && { cause: namingRequests(history)(story.cause), remedy: story.remedy } }
}

/** Returns the requests that concern objects in the contradiction. Without a contradiction, returns all requests. */
function requestsAbout(counterexample: Counterexample | undefined, history: History): readonly ClientRequest[] {
  const { key, process } = history.operations
  const keys = counterexample && new Set(counterexample.operations.map(({ operation }) => key[operation]))
  return Array.from(process, (_, row) => requestOf(history, row)).filter(({ row }) => keys?.has(key[row]) ?? true)
}

function namingRequests(history: History): (line: string) => string {
  const names = new Map(
    Array.from(history.operations.process, (_, row) => {
      const { name, process, f } = requestOf(history, row)
      return [name, `${process}'s ${f}`] as const
    }),
  )
  return (line) => line.replace(/\bprocess-\d+-\d+\b/g, (name) => names.get(name) ?? name)
}

/**
 * Returns the race that explains the contradiction. Considers only requests that concern the contradiction's objects.
 */
function raceOf(
  { ran, history, scenario, workload }: PlayedScenario,
  counterexample: Counterexample | undefined,
): Race | undefined {
  if (ran === undefined) return undefined
  const accused = new Set(
    (counterexample?.operations ?? []).flatMap(({ operation, role }): number[] => (role === 'core' ? [operation] : [])),
  )
  const planned = Math.min(scenario.operations.length, history.operations.length)
  const requests = requestsAbout(counterexample, history).flatMap((request) =>
    request.row >= planned && !accused.has(request.row)
      ? []
      : [{ ...request, changes: !workload.reads.includes(request.f), accused: accused.has(request.row) }],
  )
  return raceIn(ran, requests)
}

const isFromOutside = (failure: Failure | undefined): boolean =>
  failure?.kind === 'invariant' && failure.fromOutside === true

function brokenAt(failure: Failure | undefined): { at: Nanos; node: NodeId; text: string } | undefined {
  if (failure?.kind === 'invariant') return { at: failure.at, node: failure.node, text: failure.name }
  if (failure?.kind !== 'broken' || failure.where === undefined) return undefined
  return { ...failure.where, text: 'goes wrong' }
}

/**
 * Returns the reasons to doubt a played scenario. Doubts about whole runs do not apply, because a scenario has few
 * operations, which need not overlap.
 */
const doubtsOf = ({ level, workload, history, records }: PlayedScenario, verdict: Verdict | undefined): string[] => [
  ...(verdict?.result === 'unknown' ? [`whether it is ${level} is not known: ${verdict.reason.text}`] : []),
  ...missingSuccesses(history, workload),
  ...idleFaults(records).map((name) => `no ${name} took effect`),
]

/** The largest scenario that is shown in full. */
const FEW_OPERATIONS = 12

/**
 * Returns the operations to show: those that contradict the level. If the scenario is small, adds its other operations,
 * because a minimised scenario needs each of them. If the level is about final reads, adds the final reads of the same
 * objects.
 */
function rowsToShow({ level, operations }: Counterexample, { scenario, history }: PlayedScenario): number[] {
  const { flags, key, length } = history.operations
  const accused = operations.map(({ operation }): number => operation)
  const isWhole = scenario.operations.length <= FEW_OPERATIONS
  const keys = new Set(accused.map((row) => key[row]))
  const isAboutFinalReads = level === 'eventual' || level === 'convergent'
  const isShown = (row: number) =>
    (isWhole && row < scenario.operations.length) ||
    (isAboutFinalReads && ((flags[row] ?? 0) & FLAG_FINAL) !== 0 && keys.has(key[row]))
  const others = Array.from({ length }, (_, row) => row).filter(isShown)
  return [...new Set([...accused, ...others])].sort((a, b) => a - b)
}

/**
 * Returns the rows to show if nothing contradicts the level: those of the scenario's operations. If the system stopped
 * answering, also returns the rows of the first operations after healing.
 */
function plannedRows({ scenario, history }: PlayedScenario, failure: Failure | undefined): number[] {
  const { length } = history.operations
  const planned = Math.min(scenario.operations.length, length)
  const more = failure?.kind === 'unrecovered' ? UNANSWERED_SHOWN : 0
  return Array.from({ length: Math.min(planned + more, length) }, (_, row) => row)
}

const UNANSWERED_SHOWN = 3

function sentenceOf(failure: Failure | undefined, explained: string | undefined): string | undefined {
  switch (failure?.kind) {
    case undefined:
      return undefined
    case 'violation':
      return explained ?? failure.sentence
    case 'invariant':
      return explained === undefined ? failure.what : `${failure.what}. ${explained}`
    case 'unrecovered':
    case 'broken':
      return failure.what
    default:
      return failure satisfies never
  }
}

const keptSentence = ({ level, scenario: { target } }: PlayedScenario, verdict: Verdict | undefined): string =>
  verdict === undefined
    ? `${subjectNamed(target)} kept its invariants.`
    : verdict.result === 'unknown'
      ? `Whether ${subjectNamed(target)} kept its history ${level} is not known.`
      : `${subjectNamed(target)} kept its history ${level}.`

/** Returns the level; undefined if it is the level that the protocol promises, because a replay assumes that level. */
export const unpromisedLevel = ({ level, protocol, targetSettings, workload }: SearchedProtocol): string | undefined =>
  level === levelFor(workload, promiseOf(protocol, targetSettings, workload.object)) ? undefined : level

const subjectNamed = (target: string): string => searchedIn(target).title(target)
