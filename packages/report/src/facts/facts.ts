import { type Counterexample, type Report, type Verdict, verdictOf } from '@chaosproxy/checker'
import { type History, meaningOf, OK } from '@chaosproxy/history'
import {
  type Expectation,
  foundText,
  type RequirementResult,
  type RunSetup,
  type RunSummary,
  strongestOf,
} from '@chaosproxy/runner/result'
import { type Claims, claimsOf, type Made } from '../claims/registry.ts'
import { labelledFaults } from '../fault-labels.ts'
import { clockOfLease, leaseSentence } from '../lease-words.ts'
import { accusedLevel, counterexampleOf } from '../level-words.ts'
import type { Loss } from '../losses/loss.ts'
import { lossOf } from '../losses/registry.ts'
import { requirementText } from '../measured-words.ts'
import { databaseOfHeader } from '../race/database.ts'
import { accuses, raceOfHeader } from '../race/race-json.ts'
import { likelyCause } from './causes.ts'
import { type Headline, headlineOf } from './headline.ts'
import { anotherFault, faultMeanwhile, nearFaults } from './near-faults.ts'
import { type Violation, violationsOf } from './violations.ts'
import { type Circumstantial, NOTHING_SHOWN, unexplained, type Why, whyOf } from './why.ts'
import { wireOf } from './wire.ts'

/** What is known about a run, or about a history without a run. */
export interface FactsInput {
  readonly history: History
  /** Absent if nothing could be checked. */
  readonly report?: Report<string> | undefined
  readonly run?: RunSummary | undefined
  /** The expectation. It takes precedence over that of `run`; so do `requirements` and `vacuous`. */
  readonly expectation?: Expectation | undefined
  readonly requirements?: readonly RequirementResult[] | undefined
  readonly vacuous?: readonly string[] | undefined
  /** The setup of the run that wrote the history file, if there is no `run`. */
  readonly setup?: RunSetup | undefined
  readonly requestedLevel?: string | undefined
  /** Whether the user asked about a consistency level. Lost data are then not reported. */
  readonly isAboutLevel?: boolean | undefined
}

/**
 * All that is reported about a run or a history. Pages, lines, JSON and reporters only format these facts, so that they
 * cannot contradict each other.
 */
export interface Facts extends Circumstantial {
  readonly report: Report<string> | undefined
  readonly expectation: Expectation | undefined
  readonly requirements: readonly RequirementResult[]
  readonly vacuous: readonly string[]
  /** Whether nothing in the record could break a level. Met levels then prove nothing. */
  readonly isEmpty: boolean
  /** The level that the report is about; by default the strongest. */
  readonly requestedLevel: string | undefined
  readonly headline: Headline
  /** The expected and the found level: `promised linearizable, found eventual`. */
  readonly expected: string
  /** The counterexample that is drawn first. */
  readonly counterexample: Counterexample | undefined
  /** Whether {@link counterexample} violates a stronger level than the level of the page. */
  readonly isAside: boolean
  /** {@link counterexample}, then the other violations. There is one violation for each cause. */
  readonly violations: readonly Violation[]
  /** The claims besides the verdicts. Only confirmed claims are shown. */
  readonly claims: readonly Made[]
  readonly may: Claims['may']
  /** Why the contradiction in {@link counterexample} was possible. */
  readonly why: Why
  readonly missed: readonly string[]
}

const decided = new WeakMap<History, { readonly input: FactsInput; readonly facts: Facts }>()

/** The members of the input that determine the facts, together with the history. */
const DECIDING: Readonly<Record<Exclude<keyof FactsInput, 'history'>, true>> = {
  ...{ report: true, run: true, expectation: true, requirements: true, vacuous: true, setup: true },
  ...{ requestedLevel: true, isAboutLevel: true },
}
const deciding = Object.keys(DECIDING) as readonly (keyof typeof DECIDING)[]

export function factsOf(input: FactsInput): Facts {
  const last = decided.get(input.history)
  if (last !== undefined && deciding.every((member) => last.input[member] === input[member])) return last.facts
  const facts = decide(input)
  decided.set(input.history, { input, facts })
  return facts
}

function decide({ history, report, run, isAboutLevel = false, ...own }: FactsInput): Facts {
  const expectation = own.expectation ?? run?.expectation
  const requirements = own.requirements ?? run?.requirements ?? []
  const vacuous = own.vacuous ?? run?.vacuous ?? []
  const setup = own.setup ?? run
  const requestedLevel = expectation?.level ?? own.requestedLevel
  const spans = labelledFaults(history, run)
  const { made, may } = claimsOf({
    ...{ history, faults: spans, spec: setup?.spec },
    ...{ durationNanos: run?.durationNanos, heard: run?.heard },
    promised: expectation?.promised === true ? expectation.level : undefined,
  })
  const loss = report === undefined || isAboutLevel ? undefined : lossIn(history, report, { requestedLevel, may })
  const counterexample =
    report && (counterexampleOf(report, loss?.level) ?? counterexampleOf(report, accusedLevel(report, requestedLevel)))
  const wire = wireOf(history, counterexample, run?.heard)
  const near = counterexample === undefined ? [] : nearFaults(history, counterexample, { spans, may }, wire)
  const another = counterexample && anotherFault(history, counterexample, spans)
  const meanwhile = counterexample && faultMeanwhile(history, counterexample, spans)
  const lease = counterexample === undefined ? '' : leaseSentence(history, counterexample)
  const leaseClock = counterexample && clockOfLease(history, counterexample, spans)
  const isAccused = counterexample !== undefined && accuses(history, counterexample)
  const race = isAccused ? raceOfHeader(history.header) : undefined
  const kept = counterexample && databaseOfHeader(history.header)
  const database = kept === undefined || isAccused ? kept : { ...kept, told: undefined }
  const why =
    counterexample === undefined
      ? NOTHING_SHOWN
      : whyOf({
          ...{ near, wire, lease, leaseClock, race, database, story: counterexample.story },
          ...{ spans, another, meanwhile, setup },
        })
  const isUnexplained = report !== undefined && counterexample !== undefined && why.text === unexplained(meanwhile).text
  const likely = isUnexplained
    ? likelyCause({ report, history, counterexample, near, leaseClock, race, wire, database })
    : undefined
  return {
    report,
    expectation,
    requirements,
    vacuous,
    isEmpty: report !== undefined && isEmpty(history, report, { vacuous, run }),
    setup,
    requestedLevel,
    headline:
      report === undefined
        ? { mood: 'unsure', title: 'Not checked', verdict: 'Not checked', beside: '' }
        : headlineOf(report, {
            requestedLevel,
            isVacuous: vacuous.length > 0,
            isInterrupted: run?.interrupted === true,
            requirements,
            loss,
          }),
    expected: expectedText({ expectation, report, vacuous }),
    counterexample,
    isAside:
      counterexample !== undefined && report !== undefined && requestedResult(report, requestedLevel) !== 'violated',
    violations: report === undefined ? [] : violationsOf(history, report, counterexample),
    spans,
    ...{ near, wire, lease, leaseClock, race, database, may, claims: made },
    why:
      likely === undefined
        ? why
        : { ...why, text: `${why.text} It looks as if ${likely.charAt(0).toLowerCase()}${likely.slice(1)}` },
    missed: requirements.filter(({ met }) => met !== true).map(requirementText),
  }
}

/** Whether the record contains too little to contradict any level, so that it also confirms none. */
const isEmpty = (
  history: History,
  { levels }: Report<string>,
  { vacuous, run }: Pick<FactsInput, 'run'> & { readonly vacuous: readonly string[] },
): boolean =>
  vacuous.length > 0 &&
  (run === undefined ? !hasResult(history) : run.lacks?.includes('successes') === true) &&
  Object.values(levels).every(({ result }) => result !== 'violated')

function hasResult({ functions, operations }: History): boolean {
  const hasAnswer = functions.map((f) => {
    const { takes, answers } = meaningOf(f) ?? {}
    return takes === undefined || takes === 'pair' || answers === 'value' || answers === 'receipt'
  })
  for (let row = 0; row < operations.length; row++)
    if (operations.outcome[row] === OK && hasAnswer[operations.f[row] ?? 0] === true) return true
  return false
}

/** This text replaces the levels if the record is too small to confirm any. */
export const PROVES_NONE = 'No level is confirmed: this record shows too little.'

/** Returns the result of the level that the page is about. */
export const requestedResult = (report: Report<string>, requestedLevel: string | undefined): Verdict['result'] =>
  verdictOf(report, requestedLevel ?? strongestOf(report)).result

/** Returns what users lost, if the level that the page is about is not met. */
function lossIn(
  history: History,
  report: Report<string>,
  { requestedLevel, may }: Pick<Facts, 'requestedLevel' | 'may'>,
): Loss | undefined {
  // If the requested level is undecided, look for lost data in the counterexample to the level `eventual` instead.
  const level =
    requestedResult(report, requestedLevel) === 'unknown' ? 'eventual' : (requestedLevel ?? strongestOf(report))
  const counterexample = counterexampleOf(report, level)
  return counterexample && lossOf({ history, report, counterexample }, { may })
}

/**
 * Returns the expected and the found level. A vacuous result is called `inconclusive`, because the name of a level
 * would look like a confirmation.
 */
function expectedText({ expectation, report, vacuous }: Pick<Facts, 'expectation' | 'report' | 'vacuous'>): string {
  if (expectation === undefined) return ''
  const isDoubtful = expectation.met === 'unknown' && vacuous.length > 0
  const found = report === undefined ? 'nothing checked' : isDoubtful ? 'inconclusive' : `found ${foundText(report)}`
  return `${expectation.promised ? 'promised' : 'expected'} ${expectation.level}, ${found}`
}
