import { type Counterexample, type Report, verdictOf } from '@chaosproxy/checker'
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

/** What is known of a run, or of a history without one. */
export interface FactsInput {
  readonly history: History
  /** Absent if nothing could be checked. */
  readonly report?: Report<string> | undefined
  readonly run?: RunSummary | undefined
  /** For a file. A run's summary has its own; likewise `requirements` and `vacuous`. */
  readonly expectation?: Expectation | undefined
  readonly requirements?: readonly RequirementResult[] | undefined
  readonly vacuous?: readonly string[] | undefined
  /** For a file of which the run is known. A run's summary says as much. */
  readonly setup?: RunSetup | undefined
  /** The level asked about, if none is expected. */
  readonly asked?: string | undefined
  /** Whether the reader asked about the level itself, rather than about what was lost. */
  readonly isAboutLevel?: boolean | undefined
}

/**
 * What is said of a run or a history, decided once: pages, lines, JSON, explanations and reporters only word and draw
 * it, so that no two of them can contradict each other.
 */
export interface Facts {
  readonly report: Report<string> | undefined
  readonly expectation: Expectation | undefined
  readonly requirements: readonly RequirementResult[]
  readonly vacuous: readonly string[]
  /** Whether the record lacks what could have broken a level, so that what it meets is no news. */
  readonly isEmpty: boolean
  readonly setup: RunSetup | undefined
  /** The level that it is about; undefined for the strongest. */
  readonly asked: string | undefined
  readonly headline: Headline
  /** `promised linearizable, found eventual`; empty if nothing was expected. */
  readonly expected: string
  /** The counterexample that is drawn first. */
  readonly shown: Counterexample | undefined
  /** Whether {@link shown} breaks a stronger level than the page is about. */
  readonly isAside: boolean
  /** {@link shown}, and what else broke levels, each cause once. */
  readonly violations: readonly Violation[]
  /** The faults that were in force, by start. */
  readonly spans: readonly FaultSpan[]
  /** The faults that matter to {@link shown}, most telling first. */
  readonly near: readonly NearFault[]
  /** Messages between nodes meanwhile, where that was recorded. */
  readonly wire: Wire | undefined
  /** Of a lock that was for some time only: whether that had passed. Empty if that explains nothing. */
  readonly lease: string
  /** The change of a clock that may have ended such a lock too early. */
  readonly leaseClock: FaultSpan | undefined
  /** Of a simulated program that broke {@link shown}: the await that was overtaken, if one was. */
  readonly race: Race | undefined
  /** Of a simulated program: where all nodes keep their data. */
  readonly database: SharedDatabase | undefined
  /** What was claimed besides levels. Only what the record bears out is said. */
  readonly claims: readonly Made[]
  /** Whether a further claim may be said. */
  readonly may: Claims['may']
  /** Why {@link shown} was possible; without text if nothing is shown. */
  readonly why: Why
  /** The requirements that are not met, as sentences. */
  readonly missed: readonly string[]
}

/** The facts decided last of each history: its reporters ask for them one after the other. */
const decided = new WeakMap<History, { readonly input: FactsInput; readonly facts: Facts }>()

/** All that they are decided by. */
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

/** Of a run it is known what it lacks; a file lacks any result that could be wrong. */
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

/** In place of the levels of a record that is empty. */
export const PROVES_NONE = 'No level is confirmed: this record shows too little.'

const NOTHING_SHOWN: Why = { text: '', certainty: 'unknown' }

/** What became of the level that the page is about. */
const resultAsked = (report: Report<string>, asked: string | undefined) =>
  verdictOf(report, asked ?? strongestOf(report)).result

/** What users lost, if the level that the page is about is violated. */
function lossIn(
  history: History,
  report: Report<string>,
  { asked, may }: Pick<Facts, 'asked' | 'may'>,
): Loss | undefined {
  // Where the level is undecided, what was lost is news all the same.
  const level = resultAsked(report, asked) === 'unknown' ? 'eventual' : (asked ?? strongestOf(report))
  const counterexample = counterexampleOf(report, level)
  return counterexample === undefined ? undefined : lossOf({ history, report, counterexample }, { may })
}

/** A level that is met, but vacuously, must not read like the level that was expected. */
function expectedText({ expectation, report, vacuous }: Pick<Facts, 'expectation' | 'report' | 'vacuous'>): string {
  if (expectation === undefined) return ''
  const isDoubtful = expectation.met === 'unknown' && vacuous.length > 0
  const found = report === undefined ? 'nothing checked' : isDoubtful ? 'inconclusive' : `found ${foundText(report)}`
  return `${expectation.promised ? 'promised' : 'expected'} ${expectation.level}, ${found}`
}
