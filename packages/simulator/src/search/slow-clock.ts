import type { FaultPlan, Random, ScheduledFault } from '@chaosproxy/faults'
import { millis, nanos } from '@chaosproxy/history'
import { clockBoundsOf, type ProtocolOptions } from '@chaosproxy/protocols'
import { slowestPpm } from './clock-bounds.ts'
import type { Disturbances } from './disturbances.ts'
import { atMs } from './expiries.ts'
import type { SearchedProtocol } from './subject.ts'

/** The share of trials in which one clock is close to its drift bound throughout. */
const THROUGHOUT_PROBABILITY = 0.4
const NODES = ['one', 'leader', 'minority'] as const
const LEAST_SHARE = 0.8
/** The probability that a trial with a wrong clock makes the leader's clock slow and cuts the leader off. */
const CUT_OFF_PROBABILITY = 0.6
const SHORTEST_LEASE_MS = 20
const LONGEST_LEASE_MS = 500

/**
 * Adds a wrong clock to some plans, if the protocol declares a drift bound and the user's choices allow it. A lease
 * breaks only while its holder is slow, cut off and queried. If the user has selected no faults, some plans therefore
 * cut off a slow leader.
 */
export function withSlowClock(
  planned: Disturbances,
  { protocol, choices: { faults, clocks } = {} }: SearchedProtocol,
  {
    targetSettings,
    random,
    lengthMs,
  }: { targetSettings: ProtocolOptions['settings']; random: Random; lengthMs: number },
): Disturbances {
  const { drift } = clockBoundsOf(protocol, targetSettings)
  const isFree = clocks === undefined && (faults === undefined || faults.includes('clock'))
  if (drift === undefined || drift <= 1 || !isFree || !random.chance(THROUGHOUT_PROBABILITY)) return planned
  const ppm = Math.trunc(slowestPpm(drift) * (LEAST_SHARE + (1 - LEAST_SHARE) * random.next()))
  if (faults === undefined && random.chance(CUT_OFF_PROBABILITY)) return holderCutOff(random, lengthMs, ppm)
  const clock = wrongClock(random.pick(NODES), random.chance(0.5) ? ppm : -ppm, lengthMs)
  return { ...planned, schedule: [clock, ...planned.schedule.filter(({ plan }) => plan.kind !== 'clock')] }
}

/** Cuts the leader off. Clients send most requests around the end of its lease. */
function holderCutOff(random: Random, lengthMs: number, ppm: number): Disturbances {
  const cutMs = 10 + 90 * random.next()
  const overMs = cutMs + SHORTEST_LEASE_MS * (LONGEST_LEASE_MS / SHORTEST_LEASE_MS) ** random.next()
  const cut: FaultPlan = { kind: 'partition', links: 'isolate-leader', mode: 'drop' }
  return {
    schedule: [
      wrongClock('leader', -ppm, Math.max(lengthMs, overMs)),
      { id: 'cut-off', from: atMs(cutMs), to: atMs(overMs + 1_000), plan: cut },
    ],
    reactions: [],
    busy: [millis(overMs)],
  }
}

const wrongClock = (
  nodes: Extract<FaultPlan, { readonly kind: 'clock' }>['nodes'],
  driftPpm: number,
  lengthMs: number,
): ScheduledFault => ({
  id: 'slow-clock',
  from: nanos(0),
  to: atMs(lengthMs),
  plan: { kind: 'clock', nodes, offsetMs: millis(0), driftPpm },
})
