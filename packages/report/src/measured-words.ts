import type { Bounds, ClockCost, Staleness } from '@chaosproxy/checker'
import { count, duration, percent, plural } from '@chaosproxy/history'
import type { PhaseSummary, RequirementResult, RunViews } from '@chaosproxy/runner/result'
import { adjective } from './level-words.ts'
import { percentOf } from './words.ts'

/**
 * Returns the number of stale reads: `312 of 29,000 (1.08%)`. A read is stale if its value had certainly been
 * overwritten before the read.
 */
export function staleText({ reads }: Staleness): string {
  if (reads.measured === 0) return 'no read could be measured'
  const stale = `${reads.stale === 0 ? 'none' : count(reads.stale)} of ${count(reads.measured)}`
  const share = percentOf(reads.stale / reads.measured, reads.measured)
  return reads.stale === 0 || share === stale ? stale : `${stale} (${share})`
}

const isWithoutFaults = ({ phase }: PhaseSummary): boolean => phase === 'calm' || phase === 'healed'

export const withoutFaults = (phases: readonly PhaseSummary[]): readonly PhaseSummary[] =>
  phases.filter(isWithoutFaults)

export const underFaults = (phases: readonly PhaseSummary[]): readonly PhaseSummary[] =>
  phases.filter((phase) => !isWithoutFaults(phase) && phase.operations > 0)

export const answeredIn = (
  phases: readonly PhaseSummary[],
): { readonly requested: number; readonly answered: number } => ({
  requested: phases.reduce((sum, { operations }) => sum + operations, 0),
  answered: phases.reduce(
    (sum, { operations, availability }) => sum + (operations === 0 ? 0 : availability * operations),
    0,
  ),
})

/** Returns how far stale reads are behind: `12 ms and 1 version`. */
export function behindText(staleness: Staleness, at: 'p50' | 'p99' | 'max'): string {
  const { behindNanos, versionsBehind } = staleness
  const versions = versionsBehind === undefined ? '–' : plural(versionsBehind[at], 'version')
  return behindNanos === undefined ? versions : `${duration(behindNanos[at])} and ${versions}`
}

/** Describes the atomicity of a history, if it is known: `Δ = 640 ms, k = 5`; `Δ ≥ 640 ms` without an upper bound. */
export function atomicityText({ deltaNanos, k }: Staleness): string {
  const delta = deltaNanos === undefined || isVacuous(deltaNanos, 0) ? [] : [`Δ ${boundsText(deltaNanos, duration)}`]
  const versions = isVacuous(k, 1) ? [] : [`k ${boundsText(k, count)}`]
  return [...delta, ...versions].join(', ')
}

const isVacuous = ({ atLeast, atMost }: Bounds, least: number): boolean => atLeast === least && atMost === undefined

function boundsText({ atLeast, atMost }: Bounds, said: (value: number) => string): string {
  if (atMost === undefined) return `≥ ${said(atLeast)}`
  return atLeast === atMost ? `= ${said(atLeast)}` : `from ${said(atLeast)} to ${said(atMost)}`
}

/** Returns why some reads were not measured. */
export function unmeasuredText({ reads }: Staleness): string {
  const parts = [
    reads.ambiguous > 0 ? `${plural(reads.ambiguous, 'read')} of values with several writers` : [],
    reads.unexplained > 0 ? `${plural(reads.unexplained, 'read')} of values never written` : [],
  ].flat()
  return parts.length === 0 ? '' : `not measured: ${parts.join(', ')}`
}

export function stalenessText(staleness: Staleness): string {
  const behind =
    staleness.reads.stale === 0
      ? []
      : [`p99 ${behindText(staleness, 'p99')} behind`, `the worst ${behindText(staleness, 'max')}`]
  const unmeasured = unmeasuredText(staleness)
  const atomicity = atomicityText(staleness)
  return [
    `stale reads: ${staleText(staleness)}`,
    ...behind,
    ...(atomicity === '' ? [] : [`atomic with ${atomicity}`]),
    ...(unmeasured === '' ? [] : [unmeasured]),
  ].join('; ')
}

/**
 * Says how closely the clocks of load workers agreed, and whether the remaining uncertainty changed the verdict. The
 * text begins like this: `the clocks of 2 load workers agreed to within ±0.4 ms`.
 */
export function clocksText({ clocks, withinNanos: { max, p50 }, unordered, cramped, undecided }: ClockCost): string {
  const whose = clocks === 1 ? 'the clock of 1 load worker' : `the clocks of ${count(clocks)} load workers`
  const known =
    max === null
      ? `${clocks === 1 ? whose : `at least one of ${whose}`} exceeded its error bound, so some times are unknown`
      : `${whose} agreed to within ±${duration(max)}${p50 === null ? '' : ` (median ±${duration(p50)})`}`
  const open = plural(
    unordered,
    'real-time order between operations is unknown',
    'real-time orders between operations are unknown',
  )
  const short =
    cramped === 0 ? '' : `, ${plural(cramped, 'operation')} took less time than the uncertainty of the clocks`
  const effect = undecided.length === 0 ? 'changed nothing' : `leaves ${undecided.join(' and ')} undecided`
  return `${known}; ${open}${short}, which ${effect}`
}

/**
 * Describes the verdict on the answers that clients got, and the verdict on the answers that nodes sent. Adds the
 * differences between these answers.
 */
export function viewsTexts({ client, backend, said }: RunViews): readonly string[] {
  const [got, sent] = [client, backend.headline].map((text) => (/\bunknown: /.test(text) ? 'undecided' : text))
  const text = `the answers that clients got are ${got}; the answers that nodes sent, including lost ones, are ${sent}`
  return [got === sent ? `${text} too` : text, ...said]
}

/** Describes a requirement and the value found: `availability >= 99.5%: found 61.20%`. */
export const requirementText = ({ requirement, met, found, why }: RequirementResult): string =>
  [
    `${requirement}:`,
    met === 'unknown' ? `unknown, ${why}${found === '' ? '' : ` (at least ${found})`}` : `found ${found}`,
  ].join(' ')

/** Returns the strongest level that was violated in the phase. This is `linearizable` if the phase has a stale read. */
export const brokenLevel = ({ violated = [], staleReads = 0 }: PhaseSummary): string | undefined =>
  staleReads > 0 ? 'linearizable' : violated[0]

export const isBroken = (phase: PhaseSummary): boolean => brokenLevel(phase) !== undefined

/** Renames the phase `healed` to `at the end` if no phase has a fault. */
export const namedPhases = (phases: readonly PhaseSummary[]): readonly PhaseSummary[] =>
  phases.every(({ phase }) => phase === 'calm' || phase === 'healed')
    ? phases.map((each) => (each.phase === 'healed' ? { ...each, phase: 'at the end' } : each))
    : phases

type PhaseMood = 'bad' | 'short' | 'good' | 'faint' | 'plain'

export interface PhaseColumn {
  readonly title: string
  readonly brief?: string
  /** Returns the text of the column's cell for a phase; undefined if the figure was not measured. */
  readonly text: (phase: PhaseSummary) => string | undefined
  readonly mood?: (phase: PhaseSummary) => PhaseMood
}

type Named = 'share' | 'operations' | 'availability' | 'up' | 'p50' | 'p99' | 'recovery' | 'stale' | 'broken'

const measured = (of: (phase: PhaseSummary) => string) => (phase: PhaseSummary) =>
  phase.operations === 0 ? undefined : of(phase)

export const phaseColumns: { readonly [name in Named]: PhaseColumn } = {
  share: { title: 'share of the run', brief: 'share', text: ({ share }) => percent(share, 0) },
  operations: { title: 'operations', brief: 'ops', text: ({ operations }) => count(operations) },
  availability: {
    title: 'availability',
    text: measured(({ availability, operations }) => percentOf(availability, operations)),
    mood: ({ availability, operations }) => (operations === 0 ? 'faint' : availability < 1 ? 'short' : 'good'),
  },
  up: { title: 'of nodes up', text: ({ upAvailability: share }) => (share === undefined ? '' : percent(share)) },
  p50: { title: 'p50', text: ({ p50Nanos: nanos }) => (nanos === undefined ? undefined : duration(nanos)) },
  p99: { title: 'p99', text: ({ p99Nanos: nanos }) => (nanos === undefined ? undefined : duration(nanos)) },
  recovery: {
    title: 'slowest recovery',
    text: ({ slowestRecoveryNanos: nanos }) => (nanos === undefined ? '' : duration(nanos)),
  },
  stale: {
    title: 'stale reads',
    brief: 'stale',
    text: measured(({ staleReads = 0 }) => count(staleReads)),
    mood: ({ staleReads = 0 }) => (staleReads > 0 ? 'bad' : 'faint'),
  },
  broken: {
    title: 'violation seen',
    text(phase) {
      const level = brokenLevel(phase)
      return level && adjective(level)
    },
    mood: (phase) => (isBroken(phase) ? 'bad' : 'faint'),
  },
}
