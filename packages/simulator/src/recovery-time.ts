import { type Millis, millis } from '@chaosproxy/history'
import type { ProtocolDefinition, ProtocolOptions } from '@chaosproxy/protocols'

/** The shortest recovery time. It is enough for any protocol that answers within its clients' timeout. */
const LEAST_MS = 10_000
/**
 * The recovery time is enough for this many attempts: elections may fail repeatedly, and a transaction may wait for
 * several locks.
 */
const TRIES = 20
/**
 * The maximum time for all attempts together. A timer so long that `TRIES` attempts would exceed this time usually does
 * not limit an attempt, but serves another purpose.
 */
const LONGEST_TRIES_MS = 60_000
/** After healing, up to this many long timers may still have to expire: a lease, and another timer. */
const WAITS = 2

/**
 * Returns the longest time from healing to a protocol's first answer. If a clock has jumped back by `jumpedMs`, a timed
 * promise such as a lease may last longer by this time.
 */
export const recoveryMs = (longestWaitMs: number, jumpedMs: number): Millis =>
  millis(LEAST_MS + Math.min(LONGEST_TRIES_MS, TRIES * longestWaitMs) + WAITS * (longestWaitMs + jumpedMs))

/** Returns the longest time among the protocol's settings named `…-ms` or `…Ms`. */
export function longestSettingMs(protocol: ProtocolDefinition, targetSettings: ProtocolOptions['settings']): Millis {
  let longest = 0
  for (const { name, default: usual } of timesAmong(protocol)) {
    const value = targetSettings[name] ?? usual
    if (typeof value === 'number') longest = Math.max(longest, value)
  }
  return millis(longest)
}

/** Returns the settings that are times. They are cached, because every trial needs them. */
function timesAmong(protocol: ProtocolDefinition): ProtocolDefinition['settings'] {
  const before = known.get(protocol)
  if (before !== undefined) return before
  const times = protocol.settings.filter(({ name }) => IN_MILLISECONDS.test(name))
  known.set(protocol, times)
  return times
}

const known = new WeakMap<ProtocolDefinition, ProtocolDefinition['settings']>()

const IN_MILLISECONDS = /(?:-ms|Ms)$/
