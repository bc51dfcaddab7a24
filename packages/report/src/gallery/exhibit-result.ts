/** What a trial found: the weakness (`found`), nothing (`clean`), or something else. */
type TrialOutcome = 'found' | 'clean' | 'other'

export interface TrialResult {
  readonly seed: number
  readonly outcome: TrialOutcome
  readonly seconds: number
  /** Exit code of the run, unless it was killed from outside. */
  readonly exitCode?: number
  readonly said: string
}

/** A weakness, its cure, and the trials of both. */
export interface ExhibitResult {
  readonly name: string
  readonly kind: string
  readonly system: string
  /** The version of the system; patterns and models have none. */
  readonly version?: string
  readonly weakness: string
  /** An address. */
  readonly source: string
  readonly breaks: string
  readonly cure: string
  /** The folder in which the commands must run; absent if any folder will do. */
  readonly folder?: string
  readonly commands: { readonly weakness: string; readonly cure: string }
  /** The missing software that prevented the trials. */
  readonly lacks?: string
  /** The day of the trials, as `YYYY-MM-DD`. */
  readonly triedOn?: string
  readonly weaknessTrials: readonly TrialResult[]
  readonly cureTrials: readonly TrialResult[]
}

type ExhibitOutcome = 'as described' | 'not as described' | 'skipped'

/** Returns `as described` if all trials of the weakness found it, and those of the cure were clean. */
export function exhibitOutcome({ lacks, weaknessTrials, cureTrials }: ExhibitResult): ExhibitOutcome {
  if (lacks !== undefined) return 'skipped'
  const tried = weaknessTrials.length > 0 && cureTrials.length > 0
  const found = weaknessTrials.every(({ outcome }) => outcome === 'found')
  const clean = cureTrials.every(({ outcome }) => outcome === 'clean')
  return tried && found && clean ? 'as described' : 'not as described'
}

/** Counts the trials with the expected outcome: `found 3 of 3, cure clean 3 of 3`. */
export function trialsText({ lacks, weaknessTrials, cureTrials }: ExhibitResult): string {
  if (lacks !== undefined) return `skipped: ${lacks}`
  return `found ${rate(weaknessTrials, 'found')}, cure clean ${rate(cureTrials, 'clean')}`
}

const rate = (trials: readonly TrialResult[], wanted: TrialOutcome): string =>
  `${trials.filter(({ outcome }) => outcome === wanted).length} of ${trials.length}`

/** Returns the duration of the longest trial, in seconds. */
export const longestSeconds = ({ weaknessTrials, cureTrials }: ExhibitResult): number =>
  Math.max(0, ...[...weaknessTrials, ...cureTrials].map(({ seconds }) => seconds))

/** Counts exhibits by their outcome: `31 as described, 1 not as described, 2 skipped`. */
export function gallerySummary(exhibits: readonly ExhibitResult[]): string {
  const outcomes = exhibits.map(exhibitOutcome)
  const count = (outcome: ExhibitOutcome): number => outcomes.filter((each) => each === outcome).length
  return (['as described', 'not as described', 'skipped'] as const)
    .filter((outcome) => outcome === 'as described' || count(outcome) > 0)
    .map((outcome) => `${count(outcome)} ${outcome}`)
    .join(', ')
}

/** Returns the output of the first deviating trial, or else of the first trial. */
export const trialOutputOf = ({ weaknessTrials, cureTrials }: ExhibitResult): string =>
  weaknessTrials.find(({ outcome }) => outcome !== 'found')?.said ??
  cureTrials.find(({ outcome }) => outcome !== 'clean')?.said ??
  weaknessTrials[0]?.said ??
  ''

/** Names the system of an exhibit: `ioredis 6.0.0`, `embedded model of Raft`. */
export const systemOf = ({ kind, system, version }: Pick<ExhibitResult, 'kind' | 'system' | 'version'>): string =>
  kind === 'embedded model' ? `${kind} of ${system}` : [system, version].filter((word) => word !== undefined).join(' ')
