import { type Encoded, NEVER } from '../encoded.ts'
import { eventCount } from './zones.ts'

/**
 * By position what happens there: i + 1 for the call of operation i, -(i + 1) for its return, 0 for nothing, and for
 * operations of unknown outcome.
 */
export function eventsByPosition(part: Encoded): Int32Array {
  const { length, calls, returns } = part
  const events = new Int32Array(eventCount(part))
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

/** Gives operations that are open at the same time different small numbers. */
export function assignSlots(events: Int32Array, length: number): { of: Int32Array; count: number } {
  const of = new Int32Array(length)
  const free: number[] = []
  let count = 0
  for (let position = 0; position < events.length; position++) {
    const event = events[position]
    if (event > 0) of[event - 1] = free.pop() ?? count++
    else if (event < 0) free.push(of[-event - 1])
  }
  return { of, count }
}
