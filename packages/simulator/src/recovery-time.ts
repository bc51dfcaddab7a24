import { type Millis, millis } from '@chaosproxy/history'
import type { ProtocolDefinition, ProtocolOptions } from '@chaosproxy/protocols'

/** Enough for any protocol that answers within the patience of its clients. */
const LEAST_MS = 10_000
/** Elections may fail many times in a row, and transactions wait for the locks of several others. */
const TRIES = 20
/** Trying again and again is not allowed more than this, since long timers are for other things. */
const LONGEST_TRIES_MS = 60_000
/** A lease, or whatever else a long timer is for, may have begun right before healing. */
const WAITS = 2

/**
 * How long a protocol may honestly take from healing to its first answer, by the longest time that it waits for
 * anything. A clock that jumped back may keep what was promised until a time alive for as long again.
 */
export const recoveryMs = (longestWaitMs: number, jumpedMs: number): Millis =>
  millis(LEAST_MS + Math.min(LONGEST_TRIES_MS, TRIES * longestWaitMs) + WAITS * (longestWaitMs + jumpedMs))

/** The longest time among a protocol's settings: what the names of knobs say is in milliseconds. */
export function longestSettingMs(protocol: ProtocolDefinition, knobs: ProtocolOptions['knobs']): Millis {
  let longest = 0
  for (const { name, default: usual } of timesAmong(protocol)) {
    const value = knobs[name] ?? usual
    if (typeof value === 'number') longest = Math.max(longest, value)
  }
  return millis(longest)
}

/** Found once for each protocol: every trial asks. */
function timesAmong(protocol: ProtocolDefinition): ProtocolDefinition['knobs'] {
  const before = known.get(protocol)
  if (before !== undefined) return before
  const times = protocol.knobs.filter(({ name }) => IN_MILLISECONDS.test(name))
  known.set(protocol, times)
  return times
}

const known = new WeakMap<ProtocolDefinition, ProtocolDefinition['knobs']>()

const IN_MILLISECONDS = /(?:-ms|Ms)$/
