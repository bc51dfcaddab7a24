import type { FaultPlan, Random, ScheduledFault } from '@chaosproxy/faults'
import { type Millis, millis, type Nanos, nanos } from '@chaosproxy/history'
import type { Disturbances } from './disturbances.ts'
import type { Reaction } from './reaction.ts'
import type { Times } from './times.ts'

/** The range of lengths of leases and timers, if none have been learned. */
const SHORTEST_MS = 20
const LONGEST_MS = 2_000

/**
 * Aims at leases that last longer than the promises on which they depend, and at promises that a restart forgets. In
 * half of the plans, the leader is cut off, and clients are busiest around the end of its lease.
 */
export function aroundExpiry(random: Random, times: Times): Disturbances {
  const ms = durationOf(random, times)
  const variant = random.next()
  if (variant < 0.25) return sleeper(random, ms)
  if (variant < 0.5) return forgetful(random, ms)
  const schedule: ScheduledFault[] = []
  const add = (fromMs: number, toMs: number, plan: FaultPlan): void => {
    schedule.push({ id: `expiry-${schedule.length + 1}`, from: atMs(fromMs), to: atMs(toMs), plan })
  }
  const lateMs = random.chance(0.5) ? ms * (0.05 + 0.45 * random.next()) : 0
  // Late answers may be in transit when the leader is cut off. They still arrive.
  const cutMs = 2 * lateMs + (lateMs > 0 ? ms / 2 : 100) * random.next()
  if (lateMs > 0) add(0, cutMs, late(lateMs))
  const overMs = cutMs + ms * (0.7 + 0.5 * random.next())
  add(cutMs, overMs + ms, { kind: 'partition', links: 'isolate-leader', mode: 'drop' })
  const busy = [millis(overMs)]
  if (random.chance(0.4)) {
    const restartMs = cutMs + (overMs - cutMs) * random.next()
    add(restartMs, restartMs + 1 + 20 * random.next(), { kind: 'kill', nodes: random.pick(RESTARTED) })
    busy.push(millis(restartMs + ms * 0.3 * random.next()))
  }
  return { schedule: schedule.sort((one, other) => one.from - other.from), reactions: [], busy }
}

/**
 * Pauses a node that has just sent a message, or whose timer has just expired, and cuts it off when the replies have
 * arrived. When the node resumes, it handles these old replies as if they were new.
 */
function sleeper(random: Random, ms: number): Disturbances {
  const fromMs = ms * random.next()
  const sleepMs = ms * (0.1 + 0.6 * random.next())
  const moment = random.pick(['sends', 'rings'] as const)
  const at = { moment, occurrence: 1 + random.integer(4), notBefore: atMs(fromMs) }
  const sleep: Reaction = { ...at, harm: 'pause', after: nanos(1), duration: atMs(sleepMs) }
  const cut: Reaction = { ...at, harm: 'isolate', after: atMs(2 + 2 * random.next()), duration: atMs(2 * ms) }
  return { schedule: [], reactions: [sleep, cut], busy: [millis(fromMs + ms * (0.7 + 0.5 * random.next()))] }
}

/**
 * Cuts off a node that has just answered clients, and restarts the others before the lease that they granted has ended.
 */
function forgetful(random: Random, ms: number): Disturbances {
  const fromMs = 2 * ms * random.next()
  const moment = random.pick(['acknowledges', 'acknowledges', 'sends'] as const)
  const at = { moment, occurrence: 1 + random.integer(2), notBefore: atMs(fromMs) }
  const cut: Reaction = { ...at, harm: 'isolate', after: nanos(1), duration: atMs(ms * (0.5 + random.next())) }
  const restartMs = ms * 0.6 * random.next() ** 3
  const restart: Reaction = {
    ...at,
    harm: 'kill-others',
    after: atMs(0.1 + restartMs),
    duration: atMs(0.3 + 2 * random.next()),
  }
  // Most operations come when the new leader begins to serve. Few come in an earlier burst, because a client that then
  // writes to the isolated node waits for a long time.
  const againMs = restartMs + 0.5 * ms * random.next()
  return {
    schedule: [],
    reactions: [cut, restart],
    busy: [millis(fromMs), ...Array<Millis>(3).fill(millis(fromMs + againMs))],
    busyMs: millis(ms),
  }
}

const RESTARTED = ['follower', 'minority', 'one'] as const

/**
 * Returns a duration: usually the takeover time (see `Times`), which leases determine; otherwise the time of a
 * timer or a random time.
 */
function durationOf(random: Random, { takeoverMs, timersMs }: Times): number {
  const choice = random.next()
  if (takeoverMs !== undefined && takeoverMs > 0 && choice < 0.6) return takeoverMs
  if (timersMs.length > 0 && choice < 0.85) return random.pick(timersMs)
  return SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** random.next()
}

const late = (latencyMs: number): FaultPlan => ({
  ...{ kind: 'latency', links: 'between-nodes', distribution: 'uniform' },
  ...{ latencyMs: millis(Math.round(latencyMs)), jitterMs: millis(0) },
})

export const atMs = (time: number): Nanos => nanos(Math.round(time * 1e6))
