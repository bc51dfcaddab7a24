import { doubtsOf, type Result, type SearchEnd, type SearchSpec } from '@chaosproxy/engine'
import { isolationOfService, isService, parseServiceReference } from '@chaosproxy/engine/references'
import { commandLine, type ExitCode, fileWord } from '@chaosproxy/engine/run'
import { searchedIn } from '@chaosproxy/engine/worlds'
import { type Json, millis } from '@chaosproxy/history'
import { type FoundFailure, raceJson, type SearchSubject, type Size, tellingOfHistory } from '@chaosproxy/report'
import type { Scenario } from '@chaosproxy/runner'
import { RESULT_FORM } from '@chaosproxy/runner/result'
import { causeOf, type Failure, NO_LEVEL } from '@chaosproxy/simulator'
import { given } from '../arguments/declare.ts'
import { printSettings } from '../arguments/names.ts'
import { broughtTarget, broughtWorkload, repeating } from '../trust/brought.ts'
import { seedAgain } from './again.ts'
import type { FuzzSettings } from './use.ts'

/** Describes the subject of a search, for example `raft with the bug stale-read`. */
export const subjectText = ({ name, subject: { bug } }: SearchSpec): string =>
  bug === undefined ? name : `${name} with the bug ${bug}`

/**
 * Lists what the search added because the bug needs it, as in `with the settings its bug needs: pre-vote=false; faults
 * lose-reply; workload bank`. Empty if nothing was added.
 */
export function takenText({ taken: { targetSettings, besides, workload } }: FuzzSettings): string {
  const parts = [
    printSettings(targetSettings),
    besides.length === 0 ? [] : [`also the faults ${besides.join(', ')}`],
    workload === undefined ? [] : [`workload ${workload}`],
  ]
  const text = parts.filter((part) => part.length > 0).map((part) => part.join(', '))
  return text.length === 0 ? '' : `with the settings its bug needs: ${text.join('; ')}`
}

/** The isolation level required of SQL transactions, or `none`; undefined without a simulated PostgreSQL. */
export const isolationOf = ({ subject: { target } }: SearchSpec): string | undefined =>
  isService(target) ? isolationOfService(parseServiceReference(target)) : undefined

/** Returns the number of SQL assertions that a simulated service declares. */
export const assertionsOf = ({ subject: { target } }: SearchSpec): number =>
  isService(target)
    ? Object.values(parseServiceReference(target).postgres ?? {}).flatMap(({ assert = [] }) => assert).length
    : 0

export const subjectOf = (
  settings: FuzzSettings,
  { outcome, results, shrinkMs }: SearchEnd,
  exitCode: ExitCode,
): SearchSubject & { readonly exitCode: ExitCode } => ({
  kind: 'search',
  summary: {
    subject: subjectText(settings.search),
    taken: takenText(settings),
    level: settings.search.subject.level === NO_LEVEL ? undefined : settings.search.subject.level,
    isolation: isolationOf(settings.search),
    trials: outcome.trials,
    steps: outcome.steps,
    elapsedMs: outcome.elapsedMs,
    shrinkMs,
    tried: outcome.tried,
    doubts: doubtsOf(outcome),
    failures: results.map((result) => failureOf(settings.search, result)),
  },
  json: jsonOf(settings.search, { outcome, results, shrinkMs }),
  exitCode,
})

const failureOf = (settings: SearchSpec, { finding, times, play, files }: Result): FoundFailure => ({
  title: titleOfFailure(finding.failure, settings.subject.target),
  sentence: play?.sentence ?? sentenceOf(finding.failure),
  trace: traceOf(play?.failure ?? finding.failure),
  telling: tellingOfFailure(play, settings.subject.bug),
  seed: finding.seed,
  strategy: finding.strategy,
  after: finding.after,
  times,
  found: sizeOf(finding.scenario),
  shrunk: play && sizeOf(play.scenario),
  steps: play?.steps ?? [],
  columns: play?.columns ?? [],
  race: play?.race,
  delays: play?.delays,
  file: files?.replay,
  again:
    files === undefined
      ? seedAgain(settings, finding.seed)
      : commandLine(['npx', 'chaos', 'replay', fileWord(files.replay), ...ownFiles(settings)]),
})

/** Describes a violation for users: its consequences and the next step. */
export function tellingOfFailure(play: Result['play'], bug: string | undefined): FoundFailure['telling'] {
  if (play?.failure?.kind !== 'violation') return undefined
  const telling = tellingOfHistory(play.history, play.report, play.failure.level, play.race)
  if (bug === undefined) return telling
  // The text under "Next" names the planted bug as the cause.
  const next = `This is what the planted bug ${bug} does. Without it the search should find nothing.`
  return { ...telling, answers: [['Next', next]] }
}

/** The user's files, which must be named again: a replay file does not contain their code. */
const ownFiles = ({ subject: { target, workload } }: SearchSpec): readonly string[] =>
  [...broughtTarget(target), ...broughtWorkload(workload)].flatMap(repeating)

/** Returns the evidence for a failure: lines of the protocol's code, or the trace of a broken invariant. */
export const traceOf = (failure: Failure | undefined): readonly string[] =>
  failure?.kind === 'broken' ? failure.trace : failure?.kind === 'invariant' ? (failure.evidence ?? []) : []

/** Returns the lines of `traceOf` as a member of `--json`. */
export const traceMemberOf = (failure: Failure | undefined): { readonly [member: string]: Json } =>
  failure?.kind === 'broken'
    ? { trace: failure.trace }
    : failure?.kind === 'invariant' && failure.evidence !== undefined
      ? { evidence: failure.evidence }
      : {}

/** Returns members of `--json`: the race, with the await at which it occurred, and the delays of the run. */
export const raceMembersOf = ({
  race,
  delays,
}: Partial<Pick<FoundFailure, 'race' | 'delays'>>): { readonly [member: string]: Json } =>
  given({ race: race && raceJson(race), delays })

const sentenceOf = (failure: Failure): string => (failure.kind === 'violation' ? failure.sentence : failure.what)

/** The title of a failure on the pages of searches and replays. */
export function titleOfFailure(failure: Failure, target: string): string {
  switch (failure.kind) {
    case 'violation':
      return causeOf(failure)
    case 'invariant':
      // The name of an invariant is a full sentence: `a write replaces what its node had`.
      return `broken: ${failure.name}`
    case 'unrecovered':
      return causeOf(failure)
    case 'broken':
      return `the ${searchedIn(target).noun} does not work`
    default:
      return failure satisfies never
  }
}

const sizeOf = ({ operations, faults, nodes }: Scenario): Size => ({
  operations: operations.length,
  faults: faults.length,
  nodes,
})

function jsonOf(settings: SearchSpec, { outcome, results, shrinkMs }: SearchEnd): Json {
  const { target, bug, targetSettings, level, workload } = settings.subject
  const toldOf = (play: Result['play']): { readonly [member: string]: Json } => {
    const { what = '', answers = [] } = tellingOfFailure(play, bug) ?? {}
    const named = answers.map(([name, text]) => [name === 'Next' ? 'next' : 'why', text])
    return { ...(what === '' ? {} : { title: what }), ...Object.fromEntries(named) }
  }
  return {
    chaos: RESULT_FORM,
    target,
    ...given({ bug }),
    settings: targetSettings,
    workload,
    level,
    found: results.length > 0,
    trials: outcome.trials,
    steps: outcome.steps,
    strategies: outcome.tried,
    vacuous: doubtsOf(outcome),
    timing: { searchMs: millis(Math.round(outcome.elapsedMs)), shrinkMs: millis(Math.round(shrinkMs)) },
    failures: results.map(({ finding, times, play: shown, files }) => ({
      kind: finding.failure.kind,
      cause: causeOf(finding.failure),
      sentence: shown?.sentence ?? sentenceOf(finding.failure),
      ...toldOf(shown),
      ...traceMemberOf(shown?.failure ?? finding.failure),
      seed: finding.seed,
      strategy: finding.strategy,
      ...given({ after: finding.after }),
      times,
      found: { ...sizeOf(finding.scenario) },
      ...(shown && { shrunk: { ...sizeOf(shown.scenario) }, digest: shown.digest }),
      ...raceMembersOf({ ...shown }),
      ...files,
    })),
  }
}
