import { int32Array } from '@chaos/history'
import { type Encoded, NEVER } from '../encoded.ts'
import { eventCount } from './distinct/zones.ts'

/**
 * By position what happens there: i + 1 for the call of operation i, -(i + 1) for its return, 0 for nothing, and for
 * operations of unknown outcome.
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

/** How many operations are open at once at most. */
export function mostOpen(events: Int32Array): number {
  let open = 0
  let most = 0
  for (let position = 0; position < events.length; position++) {
    open += Math.sign(events[position])
    if (open > most) most = open
  }
  return most
}

/** By operation a small number, different ones for operations that are open at the same time. */
export interface Slots {
  readonly of: Int32Array
  /** How many numbers there are: as many as operations are open at once at most. */
  readonly count: number
}

export function assignSlots(events: Int32Array, length: number): Slots {
  const of = int32Array(length)
  // A stack of the numbers given before that nobody has now.
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
