import { FAIL, FLAG_ANSWERED, type History, INFO, int32Array, type Json, NULL, uint8Array } from '@chaosproxy/history'
import { NEVER, READ, WRITE } from '../../../encoding/encoded.ts'
import type { Budget } from '../../../limits/budget.ts'
import { sequenceOfZones, type Zones } from './zones.ts'

// One key with so many operations that their columns do not fit into memory. Their values must be integers that differ, few
// of which are missing: two numbers for each, its zone, are then all that is kept, and decide it as in zones.ts.

/** What a key shows that is linearizable or not. */
export type LongKeyAnswer =
  | {
      readonly result: 'met'
      /** Operations of unknown outcome, and those of them that happened. */
      readonly unknown: number
      readonly happened: number
      /** Position of its first call; undefined if nothing constrains it. */
      readonly firstCall: number | undefined
    }
  | { readonly result: 'violated' }
  | { readonly result: 'out of memory' | 'not applicable' }

export interface LongKey {
  /**
   * Takes some operations. One that returned before another was called must come before it, unless its outcome is unknown.
   * False if no more are needed.
   *
   * @throws OutOfTime
   */
  take(part: History): boolean
  /** Once all were taken. @throws OutOfTime */
  answer(): LongKeyAnswer
}

/** Arrays are longer than this for each operation; what is not used of them takes no memory. */
const ROOM_PER_OPERATION = 3
const LEAST_ROOM = 2 ** 16

/** With fewer values, it may be that nothing is proved. */
const LEAST_WRITTEN = 2

/** The place of the initial value. */
const INITIAL = 0

const WRITTEN = 1
const SEEN = 2

/** What is kept of a value: its zone, and what is known of it. */
const BYTES_PER_VALUE = 9
/** The groups by the beginnings of their zones, and in the order that explains them. */
const BYTES_PER_PLACED_VALUE = 8
const BYTES_PER_UNKNOWN = 8

/** Judges one key of at most so many operations, whose initial value is known. */
export function createLongKey(operations: number, initial: Json, budget: Budget): LongKey {
  const room = ROOM_PER_OPERATION * operations + LEAST_ROOM
  /** By place: the earliest return as its distance from NEVER, and the latest call + 1, so that 0 means none. */
  const early = int32Array(room)
  const late = int32Array(room)
  const known = uint8Array(room)
  const unknownAt = int32Array(operations)
  const unknownCalls = int32Array(operations)
  let written = 0
  let unknownWrites = 0
  let unknown = 0
  /** The value of place 0, which is the initial one's as well; undefined until there is a value. */
  let base: number | undefined
  let [lowest, highest] = [room, 0]
  let firstCall = NEVER
  let lastEvent = -1
  let initialId: number | undefined
  /** Whether a read returned before the only write of its value was called. */
  let isImpossible = false
  let ended: Extract<LongKeyAnswer, { readonly result: 'not applicable' | 'out of memory' }> | undefined
  let taken = 0

  /** -1 if it has none. */
  function placeOf(id: number): number {
    if (id === NULL || id === initialId) return INITIAL
    if ((id & 1) === 0) return -1
    const value = id >> 1
    base ??= value - operations - LEAST_ROOM / 2
    const place = value - base
    if (place <= INITIAL || place >= room) return -1
    if (place < lowest) lowest = place
    if (place > highest) highest = place
    return place
  }

  /** Whether there is memory for what is known now. */
  function hasRoom(): boolean {
    const bytes = BYTES_PER_VALUE * Math.max(0, highest - lowest + 1) + BYTES_PER_UNKNOWN * unknownWrites
    if (!budget.take(bytes - taken)) return false
    taken = bytes
    return true
  }

  function takeRow(part: History, row: number, kind: number): 'not applicable' | undefined {
    const { input, output, outcome, callEvent, returnEvent } = part.operations
    const end = outcome[row]
    if (end === FAIL) return undefined
    if (end === INFO) unknown += 1
    if (end === INFO && kind === READ) return undefined
    const place = placeOf(kind === READ ? output[row] : input[row])
    if (place < 0 || (kind === WRITE && place === INITIAL)) return 'not applicable'
    const call = callEvent[row]
    if (call < firstCall) firstCall = call
    if (end === INFO) {
      unknownAt[unknownWrites] = place
      unknownCalls[unknownWrites++] = call
      return undefined
    }
    const returned = returnEvent[row]
    if (returned > lastEvent) lastEvent = returned
    const before = known[place]
    if (kind === READ) known[place] = before | SEEN
    else {
      if ((before & WRITTEN) !== 0) return 'not applicable'
      known[place] = before | WRITTEN
      written += 1
      // What returned before this call was taken before it. If another write of the value follows, it may explain that.
      if (NEVER - early[place] < call) isImpossible = true
    }
    if (NEVER - returned > early[place]) early[place] = NEVER - returned
    if (call >= late[place]) late[place] = call + 1
    return undefined
  }

  /** How many of the writes of unknown outcome happened: those whose values were read. */
  function settle(): number | 'not applicable' {
    let happened = 0
    for (let n = 0; n < unknownWrites; n++) {
      const place = unknownAt[n]
      if ((known[place] & SEEN) === 0) continue
      if ((known[place] & WRITTEN) !== 0) return 'not applicable'
      known[place] |= WRITTEN
      happened += 1
      const call = unknownCalls[n]
      if (NEVER - early[place] < call) isImpossible = true
      if (call >= late[place]) late[place] = call + 1
    }
    return happened
  }

  /** Whether every value that was seen was written, and an order of the values explains all. @throws OutOfTime */
  function hasOrder(): boolean {
    // The initial value has the place before all others.
    const from = Math.max(1, Math.min(lowest, highest)) - 1
    const first = early.subarray(from, highest + 1)
    const last = late.subarray(from, highest + 1)
    const used = known.subarray(from, highest + 1)
    first[0] = early[INITIAL]
    last[0] = late[INITIAL]
    used[0] = known[INITIAL]
    let groups = 0
    for (let place = 0; place < used.length; place++) {
      if (used[place] === SEEN && place !== INITIAL) return false
      first[place] = NEVER - first[place]
      last[place] -= 1
      used[place] = used[place] === 0 ? 0 : 1
      groups += used[place]
    }
    const zones = { first, last, used, initials: [INITIAL], keyOf: onlyKey }
    const { sequence, isViolated } = sequenceOfZones(zones, lastEvent + 1, budget)
    if (isViolated[0] === 1) return false
    requireOrder(sequence, groups, zones)
    return true
  }

  return {
    take(part) {
      initialId ??= idOfInitial(initial, part)
      const { f, flags, length, outcome } = part.operations
      const kinds = part.functions.map((name) => (name === 'read' ? READ : name === 'write' ? WRITE : -1))
      let found: 'not applicable' | 'out of memory' | undefined
      for (let row = 0; row < length && found === undefined; row++) {
        const kind = kinds[f[row]]
        const isPlain = kind >= 0 && (flags[row] & ~FLAG_ANSWERED) === 0 && outcome[row] <= INFO
        found = isPlain ? takeRow(part, row, kind) : 'not applicable'
      }
      budget.look(length)
      if (found === undefined && !hasRoom()) found = 'out of memory'
      if (found !== undefined) ended = { result: found }
      return ended === undefined
    },
    answer() {
      if (ended !== undefined) return ended
      const happened = settle()
      if (happened === 'not applicable' || written < LEAST_WRITTEN) return { result: 'not applicable' }
      if (isImpossible) return { result: 'violated' }
      if (!budget.take(BYTES_PER_PLACED_VALUE * Math.max(0, highest - lowest + 2))) return { result: 'out of memory' }
      if (!hasOrder()) return { result: 'violated' }
      return { result: 'met', unknown, happened, firstCall: firstCall === NEVER ? undefined : firstCall }
    },
  }
}

const onlyKey = (): number => 0

function idOfInitial(initial: Json, { values }: History): number {
  const id = values.id(initial)
  // Texts have other ids in the next part, and no place.
  return (id & 1) === 1 ? id : NULL
}

/**
 * Trusts nothing of how the sequence was found: a value may come after others if none of its operations had returned when
 * one of theirs was called. Its write comes before its reads, none of which had returned when it was called.
 */
function requireOrder(sequence: Int32Array, groups: number, { first, last }: Pick<Zones, 'first' | 'last'>): void {
  let latest = -1
  for (let at = 0; at < sequence.length; at++) {
    const group = sequence[at]
    if (group === INITIAL ? at > 0 : first[group] <= latest) throw new Error('the sequence of values is no order')
    if (last[group] > latest) latest = last[group]
  }
  if (sequence.length !== groups) throw new Error('the sequence has other values than the history')
}
