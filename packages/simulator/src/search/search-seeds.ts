import type { Reason } from '@chaosproxy/checker'
import { createRandom } from '@chaosproxy/faults'
import { type History, UserError } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import { withoutConcurrency } from '@chaosproxy/workloads'
import { firstDifference } from '../replay/difference.ts'
import { withinClocks } from './clock-bounds.ts'
import { type Coverage, createCoverage } from './coverage.ts'
import { type Plan, planTrial, TIMEOUTS_MS } from './plan.ts'
import type { Strategy } from './strategy.ts'
import { hurried, machineOf, type SearchedProtocol } from './subject.ts'
import { type Failure, runPlan, type Trial, type TrialLimits } from './trial.ts'

export interface SearchOptions {
  readonly first: number
  readonly count: number
  readonly strategies: readonly Strategy[]
  readonly limits: TrialLimits
  readonly stopAtFirst: boolean
  /** Whether each trial is run twice to check that both runs give the same bytes; false by default. */
  readonly verifyDeterminism?: boolean | undefined
  /** The coverage of earlier ranges of seeds. States that they reached are not new. */
  readonly learnt?: Coverage | undefined
  /**
   * The coverage of all searches of this thread, which this search extends. Its trials thus depend on earlier searches.
   */
  readonly reached?: Coverage | undefined
  readonly stopped?: (() => boolean) | undefined
  readonly begins?: ((seed: number) => void) | undefined
}

export interface SeedFailure {
  readonly seed: number
  readonly strategy: string
  readonly failure: Failure
  readonly scenario: Scenario
  /** The broken invariant that led to the failure, if any. */
  readonly after?: string | undefined
}

export interface Evidence {
  /**
   * The evidence that is missing in the history of every trial, as a text such as `no read succeeded`. Without the
   * evidence, a search without a finding proves nothing. Undefined before the first history.
   */
  readonly missing: readonly string[] | undefined
  readonly undecided: number
  /** The first reasons for undecided histories, each with its first seed. */
  readonly reasons: readonly UndecidedSeed[]
  /**
   * By function: the number of trials in which clients gave up on all its operations. If there are many such trials,
   * the remaining ones prove little.
   */
  readonly unanswered?: { readonly [f: string]: number } | undefined
}

export interface UndecidedSeed {
  readonly seed: number
  readonly reason: Reason
}

export const noEvidence: Evidence = { missing: undefined, undecided: 0, reasons: [] }

/** The maximum number of `Evidence.reasons`. It is limited, because every trial may have a different reason. */
const MOST_REASONS = 3

export const sumOfEvidence = (one: Evidence, other: Evidence): Evidence => ({
  missing: inBoth(one.missing, other.missing),
  undecided: one.undecided + other.undecided,
  reasons: firstReasons([...one.reasons, ...other.reasons]),
  ...unansweredMember([one, other].flatMap(({ unanswered = {} }) => Object.entries(unanswered))),
})

function unansweredMember(counts: readonly (readonly [f: string, trials: number])[]): Pick<Evidence, 'unanswered'> {
  if (counts.length === 0) return {}
  const unanswered: { [f: string]: number } = {}
  for (const [f, trials] of counts) unanswered[f] = (unanswered[f] ?? 0) + trials
  return { unanswered }
}

function givenUpIn({ functions, operations, errorOf }: History): readonly string[] {
  const givenUp = new Map<string, boolean>()
  for (let row = 0; row < operations.length; row++) {
    const f = functions[operations.f[row] ?? -1]
    if (f === undefined) continue
    const isGivenUp = errorOf(row)?.startsWith('timeout after ') === true
    givenUp.set(f, isGivenUp && givenUp.get(f) !== false)
  }
  return [...givenUp].flatMap(([f, isGivenUp]) => (isGivenUp ? [f] : []))
}

/** Returns a text with a remedy for each function that had no answer in most trials. */
export const unansweredTexts = ({ unanswered = {} }: Pick<Evidence, 'unanswered'>, trials: number): readonly string[] =>
  Object.entries(unanswered)
    .filter(([, silent]) => silent > trials / 2)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([f, silent]) =>
        `in ${silent} of ${trials} trials no ${f} was answered before its client gave up, after ${PATIENCE}: shorten the delays of the program (with --env, for example), or give the clients of a single run more time: chaos run --sim --timeout 10s`,
    )

const PATIENCE = [...new Set(TIMEOUTS_MS)].map((ms) => `${ms} ms`).join(' or ')

/** Returns the reasons of the first seeds, each text once. The order in which results are combined does not matter. */
function firstReasons(all: readonly UndecidedSeed[]): readonly UndecidedSeed[] {
  if (all.length === 0) return all
  const inOrder = all.toSorted((one, other) => one.seed - other.seed)
  const texts = inOrder.map(({ reason }) => uncounted(reason.text))
  return inOrder.filter((_, i) => texts.indexOf(texts[i] ?? '') === i).slice(0, MOST_REASONS)
}

/** Removes the error counts in parentheses, which differ from trial to trial. */
const uncounted = (what: string): string => what.replace(/ \(\d+ of \d+: .*\)$/s, '')

const inBoth = (one: Evidence['missing'], other: Evidence['missing']): Evidence['missing'] =>
  one === undefined || other === undefined
    ? (one ?? other)
    : one.flatMap((what) => {
        const also = other.find((each) => uncounted(each) === uncounted(what))
        // The texts may differ in their counts (see `uncounted`). Keeps the lesser text, so that the order of
        // `one` and `other` does not matter.
        return also === undefined ? [] : [what < also ? what : also]
      })

/** Adds a trial to the evidence. Once no evidence is missing, later histories are not examined. */
const withTrial = (
  evidence: Evidence,
  { workload }: SearchedProtocol,
  seed: number,
  { history, undecided, unmet }: Trial,
): Evidence =>
  sumOfEvidence(evidence, {
    missing:
      evidence.missing?.length === 0
        ? []
        : [...workload.vacuous(history), ...withoutConcurrency(history, workload), ...unmet],
    undecided: undecided === undefined ? 0 : 1,
    reasons: undecided === undefined ? [] : [{ seed, reason: undecided }],
    ...unansweredMember(givenUpIn(history).map((f) => [f, 1] as const)),
  })

export interface SearchResult {
  readonly trials: number
  readonly evidence: Evidence
  readonly steps: number
  readonly findings: readonly SeedFailure[]
  /** By strategy: the number of its trials, and the number of failed ones. */
  readonly tried: { readonly [strategy: string]: { readonly trials: number; readonly found: number } }
  /** The seeds whose unvaried trials reached new states. Empty if no strategy varies trials. */
  readonly interesting: readonly number[]
}

/**
 * A trial whose seed is a multiple of this number runs with and without the subject's `Shortcut`, to compare the
 * results.
 */
const COMPARED_SEEDS = 25

/** The probability that a trial is new instead of a variation. The seed alone determines a new trial. */
const NEW_PROBABILITY = 0.25

/** Programs have no state machine, and report their own coverage. */
const watchedMachine = (subject: SearchedProtocol) =>
  subject.start === undefined ? machineOf(subject, subject.targetSettings) : undefined

/**
 * Returns the coverage of these seeds' trials. Searches of ranges of seeds can start with this coverage. Undefined if
 * no strategy varies trials.
 */
export function learnFrom(
  subject: SearchedProtocol,
  seeds: readonly number[],
  { strategies, limits }: Pick<SearchOptions, 'strategies' | 'limits'>,
): Coverage | undefined {
  if (!strategies.some(({ varies }) => varies)) return undefined
  const coverage = createCoverage(watchedMachine(subject))
  for (const seed of seeds) {
    const strategy = strategies[seed % strategies.length]
    if (strategy === undefined) throw new RangeError('a search needs a strategy')
    const watched = { ...limits, observe: coverage.observe }
    coverage.learn(hurriedTrial(subject, planTrial(subject, strategy, seed), watched))
  }
  return coverage
}

/**
 * Runs one trial for each seed of a range. The result depends only on the arguments. Adds the states that the trials
 * reached to `options.reached`; changes nothing else.
 */
export function searchSeeds(subject: SearchedProtocol, options: SearchOptions): SearchResult {
  const { first, count, strategies, limits, stopAtFirst } = options
  const findings: SeedFailure[] = []
  const interesting: number[] = []
  const tried: { [strategy: string]: SearchResult['tried'][string] } = {}
  // Coverage costs time, so it is measured only if a strategy uses it.
  const coverage = options.reached ?? options.learnt?.copy(watchedMachine(subject)) ?? learnFrom(subject, [], options)
  let trials = 0
  let steps = 0
  let evidence = noEvidence
  for (let seed = first; seed < first + count && options.stopped?.() !== true; seed++) {
    const strategy = strategies[seed % strategies.length]
    if (strategy === undefined) throw new RangeError('a search needs a strategy')
    options.begins?.(seed)
    const planned = planTrial(subject, strategy, seed)
    const varies = strategy.varies === true && !createRandom(`new ${seed}`).chance(NEW_PROBABILITY)
    const plan =
      varies && coverage ? withinClocks(subject, coverage.vary(planned, createRandom(`vary ${seed}`))) : planned
    const watched = coverage === undefined ? limits : { ...limits, observe: coverage.observe }
    const trial = hurriedTrial(subject, plan, watched, { isCompared: seed % COMPARED_SEEDS === 0 })
    if (coverage?.learn(trial) === true && !varies) interesting.push(seed)
    trials++
    steps += trial.steps
    evidence = withTrial(evidence, subject, seed, trial)
    const failure = unrepeatable(subject, plan, trial, options) ?? trial.failure
    const before = tried[strategy.name] ?? { trials: 0, found: 0 }
    tried[strategy.name] = { trials: before.trials + 1, found: before.found + (failure === undefined ? 0 : 1) }
    if (failure === undefined) continue
    findings.push({ seed, strategy: strategy.name, failure, scenario: trial.scenario() })
    if (stopAtFirst) break
  }
  return { trials, steps, evidence, findings, tried, interesting }
}

/**
 * Runs a failed trial again, unless the protocol is broken. With `verifyDeterminism`, also runs every other trial
 * again. Returns a failure if the two runs differ.
 */
function unrepeatable(
  subject: SearchedProtocol,
  plan: Plan,
  { events, failure }: Trial,
  { limits, verifyDeterminism }: SearchOptions,
): Failure | undefined {
  if (failure?.kind === 'broken' || (failure === undefined && verifyDeterminism !== true)) return undefined
  const difference = firstDifference(events, runPlan(subject, plan, limits).events)
  if (difference === undefined) return undefined
  const mistake = 'the protocol is not deterministic'
  return { kind: 'broken', what: `${mistake}: run again with the same seed, ${difference}`, mistake, trace: [] }
}

/** Returns a text that identifies a failure's cause. A smaller scenario must fail with the same text. */
export function causeOf(failure: Failure): string {
  switch (failure.kind) {
    case 'violation':
      return `not ${failure.level}`
    case 'unrecovered':
      return 'never recovers'
    case 'invariant':
      return failure.name
    case 'broken':
      return failure.mistake
    default:
      return failure satisfies never
  }
}

/**
 * Runs a trial with the subject's shortcut (see `Shortcut`), if there is one. If the trial fails or is refused, or
 * `isCompared` is set, runs the trial again without the shortcut and returns the second run.
 */
function hurriedTrial(
  subject: SearchedProtocol,
  plan: Plan,
  limits: TrialLimits,
  { isCompared }: { readonly isCompared: boolean } = { isCompared: false },
): Trial {
  const { shortcut } = subject
  if (shortcut === undefined) return runPlan(subject, plan, limits)
  const trial = unlessRefused(hurried(subject), plan, limits)
  if (trial !== undefined && trial.failure === undefined && !isCompared) return trial
  // If the trial is stuck, the shortcut may be the cause: the state that the shortcut keeps between trials may fill the
  // memory.
  const hasEnded = trial !== undefined && !(trial.failure?.kind === 'broken' && trial.failure.stuck === true)
  if (!hasEnded) shortcut.distrust()
  const sure = runPlan(subject, plan, limits)
  if (hasEnded && firstDifference(trial.events, sure.events) !== undefined) shortcut.distrust()
  return sure
}

/**
 * Runs a trial with the subject's shortcut (see `Shortcut`). Undefined if a UserError refuses the run, because the
 * shortcut may be the cause.
 */
function unlessRefused(subject: SearchedProtocol, plan: Plan, limits: TrialLimits): Trial | undefined {
  try {
    return runPlan(subject, plan, limits)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
