import type { FaultPlan } from '@chaosproxy/faults'
import { clockBoundsOf, notPromisedUnder, type ProtocolDefinition, type ProtocolOptions } from '@chaosproxy/protocols'
import { slowestPpm } from './clock-bounds.ts'
import { nemesesOf, type TrialChoices } from './trial-choices.ts'

/** A fault that the user selected although the protocol promises nothing under it. */
export interface Unpromised {
  /** A text such as `commit-wait promises nothing under corrupt`. */
  readonly what: string
  /** What the user must add: the level for the check, or the strengths of clock errors. */
  readonly lacks: 'level' | 'strengths'
}

/**
 * Returns the first selected fault under which the protocol promises nothing. Clock errors within the protocol's bounds
 * do not count.
 */
export function unpromisedOf(
  protocol: ProtocolDefinition,
  targetSettings: ProtocolOptions['settings'],
  choices: TrialChoices = {},
): Unpromised | undefined {
  const kinds = notPromisedUnder(protocol, targetSettings)
  const chosen = choices.faults === undefined ? [] : nemesesOf(choices)
  const other = chosen.find(({ kind }) => kind !== 'clock' && kinds.includes(kind))
  if (other !== undefined) return { what: `${protocol.name} promises nothing under ${other.name}`, lacks: 'level' }
  const isClockChosen = choices.clocks !== undefined || chosen.some(({ kind }) => kind === 'clock')
  return isClockChosen ? unpromisedClocks(protocol, targetSettings, kinds, choices) : undefined
}

function unpromisedClocks(
  protocol: ProtocolDefinition,
  targetSettings: ProtocolOptions['settings'],
  kinds: readonly FaultPlan['kind'][],
  { clocks }: TrialChoices,
): Unpromised | undefined {
  const { name } = protocol
  if (protocol.clocks === undefined)
    return kinds.includes('clock')
      ? { what: `${name} promises nothing if clocks are wrong`, lacks: 'level' }
      : undefined
  const { drift, jumpMs } = clockBoundsOf(protocol, targetSettings)
  const mostPpm = drift === undefined ? Number.POSITIVE_INFINITY : slowestPpm(drift)
  const mostMs = jumpMs ?? Number.POSITIVE_INFINITY
  if (clocks === undefined && mostPpm === 0 && mostMs === 0)
    return { what: `${name} promises nothing if clocks are wrong, with these settings`, lacks: 'strengths' }
  const { driftPpm = 0, jumpMs: chosenMs = 0 } = clocks ?? {}
  if (driftPpm > mostPpm)
    return { what: `${name} promises nothing if clocks drift by more than ${inPercent(mostPpm)}`, lacks: 'level' }
  if (chosenMs > mostMs)
    return { what: `${name} promises nothing if clocks jump by more than ${mostMs} ms`, lacks: 'level' }
  return undefined
}

/** `0%`, `20%`, `1.96%`. */
const inPercent = (ppm: number): string => `${Math.round(ppm / 100) / 100}%`
