import type { FaultPlan, ScheduledFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { clockBoundsOf, notPromisedUnder, type ProtocolOptions } from '@chaosproxy/protocols'
import type { Scenario } from '@chaosproxy/runner'
import type { SearchedProtocol } from './subject.ts'
import { type ClockStrengths, nemesesOf } from './trial-choices.ts'

/** The greatest clock deviations that the nemesis `clock` draws. */
const USUAL: { readonly driftPpm: number; readonly jumpMs: number } = { driftPpm: 50_000, jumpMs: 2_000 }
/** With this drift, a clock runs at half or at one and a half times its normal speed. */
const GREATEST_DRIFT_PPM = 500_000

/**
 * Returns the strengths of clock errors: those that the user chose or, by default, the bounds that the protocol
 * declares, because bugs occur close to a bound. Undefined if neither exists: the nemesis then draws the strengths.
 */
export function clockStrengths(
  { protocol, choices: { clocks: chosen } = {} }: SearchedProtocol,
  targetSettings: ProtocolOptions['settings'],
): ClockStrengths | undefined {
  const { drift, jumpMs } = clockBoundsOf(protocol, targetSettings)
  if (chosen === undefined && drift === undefined && jumpMs === undefined) return undefined
  return {
    driftPpm: chosen?.driftPpm ?? (drift === undefined ? undefined : slowestPpm(drift)),
    jumpMs: chosen?.jumpMs ?? (jumpMs === undefined ? undefined : millis(jumpMs)),
  }
}

/**
 * Returns the kinds of fault that a trial omits, because the protocol promises nothing under them. Never omits a kind
 * that the user selected, or clock faults with declared bounds.
 */
export function kindsLeftOut(
  { protocol, choices = {} }: SearchedProtocol,
  targetSettings: ProtocolOptions['settings'],
): readonly FaultPlan['kind'][] {
  const requested: readonly FaultPlan['kind'][] =
    choices.faults === undefined ? [] : nemesesOf(choices).map(({ kind }) => kind)
  const keepsClocks = protocol.clocks !== undefined || choices.clocks !== undefined
  return notPromisedUnder(protocol, targetSettings).filter(
    (kind) => !requested.includes(kind) && !(kind === 'clock' && keepsClocks),
  )
}

/**
 * Returns the greatest clock error in ppm at which neither the clock nor true time runs more than `drift` times as fast
 * as the other; at most `GREATEST_DRIFT_PPM`. A slow clock determines the result, because its ratio to true time
 * differs more from 1 than that of a clock that is fast by as many ppm.
 */
export const slowestPpm = (drift: number): number => Math.min(GREATEST_DRIFT_PPM, Math.trunc((1 - 1 / drift) * 1e6))

/** Scales clock faults to `strengths`, and removes clock faults that overlap. */
export function withClocksWithin(
  schedule: readonly ScheduledFault[],
  strengths: ClockStrengths | undefined,
): readonly ScheduledFault[] {
  if (strengths === undefined) return schedule
  const { driftPpm = USUAL.driftPpm, jumpMs = USUAL.jumpMs } = strengths
  const scaled = schedule.flatMap((fault) => {
    const { plan } = fault
    if (plan.kind !== 'clock') return [fault]
    const offsetMs = millis(Math.round(plan.offsetMs * (jumpMs / USUAL.jumpMs)))
    const scaledPpm = Math.round(plan.driftPpm * (driftPpm / USUAL.driftPpm))
    return offsetMs === 0 && scaledPpm === 0 ? [] : [{ ...fault, plan: { ...plan, offsetMs, driftPpm: scaledPpm } }]
  })
  return clocksApart(scaled)
}

interface ScheduleOfScenario {
  readonly scenario: Pick<Scenario, 'targetSettings'>
  readonly schedule: readonly ScheduledFault[]
}

/** Removes overlapping clock faults from a combined plan, if the clocks are bounded. */
export function withinClocks<P extends ScheduleOfScenario>(subject: SearchedProtocol, plan: P): P {
  const isBounded = clockStrengths(subject, plan.scenario.targetSettings) !== undefined
  return isBounded ? { ...plan, schedule: clocksApart(plan.schedule) } : plan
}

/** Removes clock faults that overlap an earlier one, because together they could exceed any bound. */
function clocksApart(schedule: readonly ScheduledFault[]): readonly ScheduledFault[] {
  const overlapping = new Set(overlaps(schedule.filter(({ plan }) => plan.kind === 'clock')))
  return overlapping.size === 0 ? schedule : schedule.filter((fault) => !overlapping.has(fault))
}

export function keepsToClocks(subject: SearchedProtocol, { targetSettings, faults }: Scenario): boolean {
  const strengths = clockStrengths(subject, targetSettings)
  if (strengths === undefined) return true
  const { driftPpm = USUAL.driftPpm, jumpMs = USUAL.jumpMs } = strengths
  const clocks = faults.filter(({ fault }) => fault.kind === 'clock')
  return (
    overlaps(clocks).length === 0 &&
    clocks.every(
      ({ fault }) =>
        fault.kind === 'clock' && Math.abs(fault.driftPpm) <= driftPpm && Math.abs(fault.offsetMs) <= jumpMs,
    )
  )
}

/**
 * Returns the faults to remove so that no two of the remaining faults overlap. Keeps the fault that begins first, and
 * then each fault that begins when all kept faults have ended.
 */
function overlaps<T extends { readonly from: number; readonly to: number }>(faults: readonly T[]): T[] {
  let wrongUntil = 0
  return faults
    .toSorted((one, other) => one.from - other.from)
    .filter(({ from, to }) => {
      if (from < wrongUntil) return true
      wrongUntil = to
      return false
    })
}
