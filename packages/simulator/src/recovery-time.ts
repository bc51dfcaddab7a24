import { type Millis, millis } from '@chaosproxy/history'
import type { ProtocolDefinition, ProtocolOptions } from '@chaosproxy/protocols'

/** Enough for any protocol that answers within its clients' timeout. */
const LEAST_MS = 10_000
/** Elections may fail many times in a row, and transactions may wait for the locks of several others. */
const TRIES = 20
/** The most allowed for repeated attempts, since long timers serve other purposes. */
const LONGEST_TRIES_MS = 60_000
/** A lease, or any other wait with a long timer, may have begun just before healing. */
const WAITS = 2

/**
 * How long a protocol may take from healing to its first answer, given the longest time that it waits for anything. A
 * clock that jumped back may keep a timed promise alive for as long again.
 */
export const recoveryMs = (longestWaitMs: number, jumpedMs: number): Millis =>
  millis(LEAST_MS + Math.min(LONGEST_TRIES_MS, TRIES * longestWaitMs) + WAITS * (longestWaitMs + jumpedMs))

/** The longest time among a protocol's settings whose names say that they are in milliseconds. */
export function longestSettingMs(protocol: ProtocolDefinition, targetSettings: ProtocolOptions['settings']): Millis {
  let longest = 0
  for (const { name, default: usual } of timesAmong(protocol)) {
    const value = targetSettings[name] ?? usual
    if (typeof value === 'number') longest = Math.max(longest, value)
  }
  return millis(longest)
}

/** Cached per protocol: every trial asks. */
function timesAmong(protocol: ProtocolDefinition): ProtocolDefinition['settings'] {
  const before = known.get(protocol)
  if (before !== undefined) return before
  const times = protocol.settings.filter(({ name }) => IN_MILLISECONDS.test(name))
  known.set(protocol, times)
  return times
}

const known = new WeakMap<ProtocolDefinition, ProtocolDefinition['settings']>()

const IN_MILLISECONDS = /(?:-ms|Ms)$/
