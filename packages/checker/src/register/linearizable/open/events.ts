import { int32Array } from '@chaosproxy/history'
import { type Encoded, NEVER } from '../../../encoding/encoded.ts'
import { eventCount } from '../distinct/zones.ts'

/**
 * By position: i + 1 for the call of operation i, -(i + 1) for its return, otherwise 0. Operations of unknown outcome
 * are left out.
 */
export function eventsByPosition(part: Encoded): Int32Array {
  const { length, calls, returns } = part
  const events = int32Array(eventCount(part))
  for (let i = 0; i < length; i++) {
    if (returns[i] === NEVER) continue
    events[calls[i]] = i + 1
    events[returns[i]] = -(i + 1)
  }
  return events
}

/** The largest number of operations open at once. */
export function mostOpen(events: Int32Array): number {
  let open = 0
  let most = 0
  for (let position = 0; position < events.length; position++) {
    open += Math.sign(events[position])
    if (open > most) most = open
  }
  return most
}

/** By operation: a small number that differs between operations open at the same time. */
export interface Slots {
  readonly of: Int32Array
  /** The number of slots: the largest number of operations open at once. */
  readonly count: number
}

export function assignSlots(events: Int32Array, length: number): Slots {
  const of = int32Array(length)
  // A stack of numbers that were given out and are free again.
  const free = int32Array(length)
  const end = events.length
  let freeCount = 0
  let count = 0
  for (let position = 0; position < end; position++) {
    const event = events[position]
    if (event > 0) of[event - 1] = freeCount === 0 ? count++ : free[--freeCount]
    else if (event < 0) free[freeCount++] = of[-event - 1]
  }
  return { of, count }
}
