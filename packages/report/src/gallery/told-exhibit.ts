/** How a trial ended: what was looked for was found, nothing was found, or it came to something else. */
type TrialOutcome = 'found' | 'clean' | 'other'

export interface ToldTrial {
  readonly seed: number
  readonly outcome: TrialOutcome
  readonly seconds: number
  /** Absent: it was ended from outside. */
  readonly exitCode?: number
  /** What the run said. */
  readonly said: string
}

/** A weakness and its cure, as they were tried. */
export interface ToldExhibit {
  readonly name: string
  readonly kind: string
  readonly system: string
  /** Absent for a pattern and for a model. */
  readonly version?: string
  readonly weakness: string
  /** An address. */
  readonly source: string
  /** The name of the level that the weakness breaks. */
  readonly breaks: string
  readonly cure: string
  /** The folder in which the commands run; absent if they run anywhere. */
  readonly folder?: string
  readonly commands: { readonly weakness: string; readonly cure: string }
  /** What is not installed here; nothing was tried then. */
  readonly lacks?: string
  /** The day of the trials, as `YYYY-MM-DD`; absent if nothing was tried. */
  readonly triedOn?: string
  readonly weaknessTrials: readonly ToldTrial[]
  readonly cureTrials: readonly ToldTrial[]
}

export type ExhibitOutcome = 'as described' | 'not as described' | 'skipped'

/** As documented: every trial of the weakness found it, and every trial of the cure was clean. */
export function exhibitOutcome({ lacks, weaknessTrials, cureTrials }: ToldExhibit): ExhibitOutcome {
  if (lacks !== undefined) return 'skipped'
  const tried = weaknessTrials.length > 0 && cureTrials.length > 0
  const found = weaknessTrials.every(({ outcome }) => outcome === 'found')
  const clean = cureTrials.every(({ outcome }) => outcome === 'clean')
  return tried && found && clean ? 'as described' : 'not as described'
}

/** `found 3 of 3, cure clean 3 of 3`. */
export function trialsText({ lacks, weaknessTrials, cureTrials }: ToldExhibit): string {
  if (lacks !== undefined) return `skipped: ${lacks}`
  return `found ${rate(weaknessTrials, 'found')}, cure clean ${rate(cureTrials, 'clean')}`
}

const rate = (trials: readonly ToldTrial[], wanted: TrialOutcome): string =>
  `${trials.filter(({ outcome }) => outcome === wanted).length} of ${trials.length}`

/** The longest trial, in seconds. */
export const longestSeconds = ({ weaknessTrials, cureTrials }: ToldExhibit): number =>
  Math.max(0, ...[...weaknessTrials, ...cureTrials].map(({ seconds }) => seconds))

/** `31 as described, 1 not as described, 2 skipped`. */
export function gallerySummary(exhibits: readonly ToldExhibit[]): string {
  const outcomes = exhibits.map(exhibitOutcome)
  const count = (outcome: ExhibitOutcome): number => outcomes.filter((each) => each === outcome).length
  return (['as described', 'not as described', 'skipped'] as const)
    .filter((outcome) => outcome === 'as described' || count(outcome) > 0)
    .map((outcome) => `${count(outcome)} ${outcome}`)
    .join(', ')
}

/** What the first trial of the weakness said, and of several trials that did not say what they should, the first. */
export const saidOf = ({ weaknessTrials, cureTrials }: ToldExhibit): string =>
  weaknessTrials.find(({ outcome }) => outcome !== 'found')?.said ??
  cureTrials.find(({ outcome }) => outcome !== 'clean')?.said ??
  weaknessTrials[0]?.said ??
  ''

/** `ioredis 6.0.0`, `embedded model of Raft`. */
export const systemOf = ({ kind, system, version }: Pick<ToldExhibit, 'kind' | 'system' | 'version'>): string =>
  kind === 'embedded model' ? `${kind} of ${system}` : [system, version].filter((word) => word !== undefined).join(' ')
