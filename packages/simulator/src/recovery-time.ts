import { type Millis, millis } from '@chaosproxy/history'
import type { ProtocolDefinition, ProtocolOptions } from '@chaosproxy/protocols'

/** The minimum recovery time, enough for any protocol that answers within its clients' timeout. */
const LEAST_MS = 10_000
/** The number of attempts: elections may fail repeatedly, and transactions may wait for the locks of several others. */
const TRIES = 20
/**
 * The maximum time for all attempts together. Long timers, which serve other purposes, would otherwise prolong this
 * time too much.
 */
const LONGEST_TRIES_MS = 60_000
/** The number of long waits that may have begun just before healing: a lease, and another wait with a long timer. */
const WAITS = 2

/**
 * Returns the time that a protocol may need from healing to its first answer, given its longest wait. A clock that
 * jumped back may prolong a timed promise by its jump.
 */
export const recoveryMs = (longestWaitMs: number, jumpedMs: number): Millis =>
  millis(LEAST_MS + Math.min(LONGEST_TRIES_MS, TRIES * longestWaitMs) + WAITS * (longestWaitMs + jumpedMs))

/** Returns the longest time among those settings of a protocol whose names end in `-ms` or `Ms`. */
export function longestSettingMs(protocol: ProtocolDefinition, targetSettings: ProtocolOptions['settings']): Millis {
  let longest = 0
  for (const { name, default: usual } of timesAmong(protocol)) {
    const value = targetSettings[name] ?? usual
    if (typeof value === 'number') longest = Math.max(longest, value)
  }
  return millis(longest)
}

/** Returns the settings that are times, cached per protocol: every trial needs them. */
function timesAmong(protocol: ProtocolDefinition): ProtocolDefinition['settings'] {
  const before = known.get(protocol)
  if (before !== undefined) return before
  const times = protocol.settings.filter(({ name }) => IN_MILLISECONDS.test(name))
  known.set(protocol, times)
  return times
}

const known = new WeakMap<ProtocolDefinition, ProtocolDefinition['settings']>()

const IN_MILLISECONDS = /(?:-ms|Ms)$/
