import { type Counterexample, type Report, type Verdict, verdictOf } from '@chaosproxy/checker'
import { type History, meaningOf, OK } from '@chaosproxy/history'
import {
  type Expectation,
  type FaultSpan,
  foundText,
  type RequirementResult,
  type RunSetup,
  type RunSummary,
  strongestOf,
} from '@chaosproxy/runner/result'
import { type Claims, claimsOf, type Made } from '../claims/registry.ts'
import { clockOfLease, leaseSentence } from '../lease-words.ts'
import { accusedLevel, counterexampleOf } from '../level-words.ts'
import type { Loss } from '../losses/loss.ts'
import { lossOf } from '../losses/registry.ts'
import { requirementText } from '../measured-words.ts'
import type { Race } from '../race/code-run.ts'
import { databaseOfHeader, type SharedDatabase } from '../race/database.ts'
import { accuses, raceOfHeader } from '../race/race-json.ts'
import { shownFaults } from '../shown-faults.ts'
import { likelyCause } from './causes.ts'
import { type Headline, headlineOf } from './headline.ts'
import { anotherFault, type NearFault, nearFaults } from './near-faults.ts'
import { type Violation, violationsOf } from './violations.ts'
import { UNAIDED, type Why, whyOf } from './why.ts'
import { type Wire, wireOf } from './wire.ts'

/** What is known about a run, or about a history without a run. */
export interface FactsInput {
  readonly history: History
  /** Absent if nothing could be checked. */
  readonly report?: Report<string> | undefined
  readonly run?: RunSummary | undefined
  /** The expectation, if no run summary has it. `requirements` and `vacuous` likewise. */
  readonly expectation?: Expectation | undefined
  readonly requirements?: readonly RequirementResult[] | undefined
  readonly vacuous?: readonly string[] | undefined
  /** The setup of the run that wrote the history file, if there is no `run`. */
  readonly setup?: RunSetup | undefined
  readonly asked?: string | undefined
  /** Whether the reader asked about the level instead of losses. */
  readonly isAboutLevel?: boolean | undefined
}

/**
 * All that is reported about a run or a history, decided in one place. Pages, lines, JSON and reporters only format it,
 * so that they cannot contradict each other.
 */
export interface Facts {
  readonly report: Report<string> | undefined
  readonly expectation: Expectation | undefined
  readonly requirements: readonly RequirementResult[]
  readonly vacuous: readonly string[]
  /** Whether nothing in the record could break a level. Met levels then prove nothing. */
  readonly isEmpty: boolean
  readonly setup: RunSetup | undefined
  /** The level that the report is about; by default the strongest. */
  readonly asked: string | undefined
  readonly headline: Headline
  /** The expected and the found level: `promised linearizable, found eventual`. */
  readonly expected: string
  /** The counterexample that is drawn first. */
  readonly shown: Counterexample | undefined
  /** Whether {@link shown} violates a stronger level than the level of the page. */
  readonly isAside: boolean
  /** {@link shown}, then the other violations. There is one violation for each cause. */
  readonly violations: readonly Violation[]
  /** The faults that were in force, ordered by start. */
  readonly spans: readonly FaultSpan[]
  readonly near: readonly NearFault[]
  /** The messages between nodes around {@link shown}. */
  readonly wire: Wire | undefined
  /** A sentence about the expired lease of a lock. Empty if the lease explains nothing. */
  readonly lease: string
  /** The clock fault that may have ended a lease early. */
  readonly leaseClock: FaultSpan | undefined
  /** The race in a simulated program that explains {@link shown}. */
  readonly race: Race | undefined
  readonly database: SharedDatabase | undefined
  /** The claims besides the verdicts. Only confirmed claims are shown. */
  readonly claims: readonly Made[]
  readonly may: Claims['may']
  /** Why {@link shown} was possible. */
  readonly why: Why
  readonly missed: readonly string[]
}

const decided = new WeakMap<History, { readonly input: FactsInput; readonly facts: Facts }>()

/** The members of the input on which the facts depend. */
const DECIDING: Readonly<Record<Exclude<keyof FactsInput, 'history'>, true>> = {
  ...{ report: true, run: true, expectation: true, requirements: true, vacuous: true, setup: true },
  ...{ asked: true, isAboutLevel: true },
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
  const asked = expectation?.level ?? own.asked
  const spans = shownFaults(history, run)
  const { made, may } = claimsOf({
    ...{ history, faults: spans, spec: setup?.spec },
    ...{ durationNanos: run?.durationNanos, heard: run?.heard },
    promised: expectation?.promised === true ? expectation.level : undefined,
  })
  const loss = report === undefined || isAboutLevel ? undefined : lossIn(history, report, { asked, may })
  const shown =
    report === undefined
      ? undefined
      : (counterexampleOf(report, loss?.level) ?? counterexampleOf(report, accusedLevel(report, asked)))
  const wire = wireOf(history, shown, run?.heard)
  const near = shown === undefined ? [] : nearFaults(history, shown, { spans, may }, wire)
  const another = shown === undefined ? undefined : anotherFault(history, shown, spans)
  const lease = shown === undefined ? '' : leaseSentence(history, shown)
  const leaseClock = shown === undefined ? undefined : clockOfLease(history, shown, spans)
  const isTold = shown !== undefined && accuses(history, shown)
  const race = isTold ? raceOfHeader(history.header) : undefined
  const kept = shown === undefined ? undefined : databaseOfHeader(history.header)
  const database = kept === undefined || isTold ? kept : { ...kept, told: undefined }
  const why =
    shown === undefined
      ? NOTHING_SHOWN
      : whyOf({ near, wire, lease, leaseClock, race, database, story: shown.story, spans, another, setup })
  const isUnaided = report !== undefined && shown !== undefined && why.text === UNAIDED
  const likely = isUnaided
    ? likelyCause({ report, history, counterexample: shown, near, leaseClock, race, wire, database })
    : undefined
  return {
    report,
    expectation,
    requirements,
    vacuous,
    isEmpty: report !== undefined && isEmpty(history, report, { vacuous, run }),
    setup,
    asked,
    headline:
      report === undefined
        ? { mood: 'unsure', title: 'Not checked', verdict: 'Not checked', beside: '' }
        : headlineOf(report, {
            asked,
            isVacuous: vacuous.length > 0,
            isInterrupted: run?.interrupted === true,
            requirements,
            loss,
          }),
    expected: expectedText({ expectation, report, vacuous }),
    shown,
    isAside: shown !== undefined && report !== undefined && resultAsked(report, asked) !== 'violated',
    violations: report === undefined ? [] : violationsOf(history, report, shown),
    spans,
    ...{ near, wire, lease, leaseClock, race, database, may, claims: made },
    why:
      likely === undefined
        ? why
        : { ...why, text: `${why.text} It looks as if ${likely.charAt(0).toLowerCase()}${likely.slice(1)}` },
    missed: requirements.filter(({ met }) => met !== true).map(requirementText),
  }
}

/** Whether the record is too small to break any level. */
const isEmpty = (
  history: History,
  { levels }: Report<string>,
  { vacuous, run }: Pick<FactsInput, 'run'> & { readonly vacuous: readonly string[] },
): boolean =>
  vacuous.length > 0 &&
  (run === undefined ? !hasResult(history) : run.lacks?.includes('successes') === true) &&
  Object.values(levels).every(({ result }) => result !== 'violated')

function hasResult({ functions, operations }: History): boolean {
  const says = functions.map((f) => {
    const { takes, answers } = meaningOf(f) ?? {}
    return takes === undefined || takes === 'pair' || answers === 'value' || answers === 'receipt'
  })
  for (let row = 0; row < operations.length; row++)
    if (operations.outcome[row] === OK && says[operations.f[row] ?? 0] === true) return true
  return false
}

/** Shown instead of levels if the record is too small. */
export const PROVES_NONE = 'No level is confirmed: this record shows too little.'

const NOTHING_SHOWN: Why = { text: '', certainty: 'unknown' }

/** Returns the result of the level that the page is about. */
export const resultAsked = (report: Report<string>, asked: string | undefined): Verdict['result'] =>
  verdictOf(report, asked ?? strongestOf(report)).result

/** Returns what users lost, if the level that the page is about is not met. */
function lossIn(
  history: History,
  report: Report<string>,
  { asked, may }: Pick<Facts, 'asked' | 'may'>,
): Loss | undefined {
  // If the level is undecided, show a loss that violates at least `eventual`.
  const level = resultAsked(report, asked) === 'unknown' ? 'eventual' : (asked ?? strongestOf(report))
  const counterexample = counterexampleOf(report, level)
  return counterexample === undefined ? undefined : lossOf({ history, report, counterexample }, { may })
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
