import { int32Array, uint8Array } from '@chaosproxy/history'
import { NEVER } from '../../../encoding/encoded.ts'
import type { Budget } from '../../../limits/budget.ts'
import type { Conflict } from './conflict.ts'
import { sequenceOfZones, type Zones } from './zones.ts'

/** A written value, or the value before all writes. */
export type LongValue = number | 'initial'

/** Array entries per operation; entries that are never used take no memory. */
const ROOM_PER_OPERATION = 3
const LEAST_ROOM = 2 ** 16

/** The place of the initial value in the arrays. */
export const INITIAL = 0

const WRITTEN = 1
const SEEN = 2

/** Bytes per value: 8 for its zone, and 1 for whether it was written or seen. */
export const BYTES_PER_VALUE = 9
/** Bytes per value that `conflicting` needs: 4 for sorting the zones of the values, and 4 for their sequence. */
export const BYTES_PER_PLACED_VALUE = 8
export const BYTES_PER_UNKNOWN = 8

/**
 * The zones of the values of one key. The constructor takes an upper bound of the number of operations. A value's place
 * is its distance from `#base`.
 */
export class LongValues {
  readonly #operations: number
  readonly #room: number
  /**
   * By place: `#early` holds NEVER minus the earliest return, and `#late` holds the latest call + 1. Both are 0 if
   * there is no operation.
   */
  readonly #early: Int32Array
  readonly #late: Int32Array
  readonly #known: Uint8Array
  /** The place of a value is the value minus `#base`. Place 0 is kept for the initial value. */
  #base: number | undefined
  #lowest: number
  #highest = 0
  #written = 0
  /** The place of a value that was read before the value's only write was called; -1 if there is none. */
  #impossible = -1

  constructor(operations: number) {
    this.#operations = operations
    this.#room = ROOM_PER_OPERATION * operations + LEAST_ROOM
    this.#early = int32Array(this.#room)
    this.#late = int32Array(this.#room)
    this.#known = uint8Array(this.#room)
    this.#lowest = this.#room
  }

  get written(): number {
    return this.#written
  }

  get width(): number {
    return Math.max(0, this.#highest - this.#lowest + 1)
  }

  placeOf(id: number): number {
    if ((id & 1) === 0) return -1
    const value = id >> 1
    this.#base ??= value - this.#operations - LEAST_ROOM / 2
    const place = value - this.#base
    if (place <= INITIAL || place >= this.#room) return -1
    if (place < this.#lowest) this.#lowest = place
    if (place > this.#highest) this.#highest = place
    return place
  }

  see(place: number): void {
    this.#known[place] |= SEEN
  }

  isSeen(place: number): boolean {
    return (this.#known[place] & SEEN) !== 0
  }

  /**
   * Records the write of a value. Reads that returned earlier must already be recorded. Returns false if the value was
   * written before.
   */
  write(place: number, call: number): boolean {
    if ((this.#known[place] & WRITTEN) !== 0) return false
    this.#known[place] |= WRITTEN
    this.#written += 1
    // If a read of the value returned before this write was called, no order explains the read. Only a second write of
    // the value could explain it. But for a second write, this method returns false, and then the key is not judged.
    if (NEVER - this.#early[place] < call) this.#impossible = place
    return true
  }

  extend(place: number, call: number, returned: number): void {
    if (NEVER - returned > this.#early[place]) this.#early[place] = NEVER - returned
    if (call >= this.#late[place]) this.#late[place] = call + 1
  }

  /**
   * Returns values whose operations no order explains, if there are any. Call it only once.
   *
   * @throws OutOfTime
   */
  conflicting(events: number, budget: Budget): readonly LongValue[] | undefined {
    if (this.#impossible >= 0) return [this.#valueOf(this.#impossible)]
    // The place before the written values is used for the initial value.
    const from = Math.max(1, Math.min(this.#lowest, this.#highest)) - 1
    const first = this.#early.subarray(from, this.#highest + 1)
    const last = this.#late.subarray(from, this.#highest + 1)
    const used = this.#known.subarray(from, this.#highest + 1)
    first[0] = this.#early[INITIAL]
    last[0] = this.#late[INITIAL]
    used[0] = this.#known[INITIAL]
    let groups = 0
    for (let place = 0; place < used.length; place++) {
      if (used[place] === SEEN && place !== INITIAL) return [this.#valueOf(from + place)]
      first[place] = NEVER - first[place]
      last[place] -= 1
      used[place] = used[place] === 0 ? 0 : 1
      groups += used[place]
    }
    const zones = { first, last, used, initials: [INITIAL], keyOf: onlyKey }
    const { sequence, isViolated, conflicts } = sequenceOfZones(zones, events, budget)
    if (isViolated[0] === 1)
      return groupsIn(conflicts[0] ?? [], zones).map((group) =>
        this.#valueOf(group === INITIAL ? INITIAL : from + group),
      )
    requireOrder(sequence, groups, zones)
    return undefined
  }

  #valueOf(place: number): LongValue {
    return place === INITIAL ? 'initial' : place + (this.#base ?? 0)
  }
}

/** Returns the groups whose zones begin or end at the conflict's events. */
function groupsIn(conflict: Conflict, { first, last }: Pick<Zones, 'first' | 'last'>): readonly number[] {
  const events = new Set(conflict)
  return Array.from(first.keys()).filter((group) => events.has(first[group]) || events.has(last[group]))
}

const onlyKey = (): number => 0

/** Collects the writes of unknown outcome. The constructor takes an upper bound of their number. */
export class UnknownWrites {
  readonly #places: Int32Array
  readonly #calls: Int32Array
  #length = 0

  constructor(operations: number) {
    this.#places = int32Array(operations)
    this.#calls = int32Array(operations)
  }

  get length(): number {
    return this.#length
  }

  add(place: number, call: number): void {
    this.#places[this.#length] = place
    this.#calls[this.#length++] = call
  }

  /**
   * Records the writes of unknown outcome whose values were read, and returns their number. Call it after all
   * operations are known.
   */
  settle(values: LongValues): number | 'not applicable' {
    let happened = 0
    for (let n = 0; n < this.#length; n++) {
      const [place, call] = [this.#places[n], this.#calls[n]]
      if (!values.isSeen(place)) continue
      if (!values.write(place, call)) return 'not applicable'
      happened += 1
      values.extend(place, call, NEVER)
    }
    return happened
  }
}

/**
 * Checks the sequence of values independently of the method that found it. Suppose that value v precedes value w in the
 * sequence. Then no operation on w may have returned before the call of an operation on v. Operations on one value need
 * no check: no read of a value returned before its write was called, so the write can come first.
 */
function requireOrder(sequence: Int32Array, groups: number, { first, last }: Pick<Zones, 'first' | 'last'>): void {
  let latest = -1
  for (let at = 0; at < sequence.length; at++) {
    const group = sequence[at]
    if (group === INITIAL ? at > 0 : first[group] <= latest)
      throw new Error('the sequence of values contradicts the real-time order')
    if (last[group] > latest) latest = last[group]
  }
  if (sequence.length !== groups) throw new Error('the sequence has other values than the history')
}
