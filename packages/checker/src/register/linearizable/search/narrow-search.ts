import { int32Array } from '@chaosproxy/history'
import { CAS, DIFFERS, type Encoded, NEVER, READ, WRITE } from '../../../encoding/encoded.ts'
import type { Budget, Progress } from '../../../limits/budget.ts'
import type { Slots } from '../../../search/events.ts'
import { KINDS, MOST_OPEN } from '../open/narrow-open.ts'
import type { Search } from './search.ts'

// The columns of a choice. POSITION: the event position of the return that forced the choice. DONE: the open operations
// that were taken, one bit each. UNTRIED: the operations still to be tried, one bit each. TAKEN: the number of
// operations taken.
const POSITION = 0
const STATE = 1
const DONE = 2
const UNTRIED = 3
const TAKEN = 4
const CHOICE = 5

/** Mask for the kind in an index into `masks`. */
const KIND_BITS = KINDS - 1

/** No operation. */
const NOBODY = -1

/**
 * Creates the depth-first search (see `createSearch`) for the most frequent case: at most 32 operations open at once,
 * no operation of unknown outcome, and no append. The set of open operations is then one word, as is the set of taken
 * operations, and no linked lists are needed.
 *
 * The search makes a choice only when an operation that was not taken returns. It tries the open operations in the
 * order of their returns. Of several open writes of the same value, it tries only the one that returns first: if an
 * explanation begins with another of these writes, exchanging the two gives an explanation, too. If the returning
 * operation waits for a value that no open operation can write, the search backtracks.
 *
 * `events` comes from `eventsByPosition`. The slot of an operation is the number of its bit.
 */
export function createNarrowSearch(part: Encoded, events: Int32Array, slots: Slots, budget: Budget): Search {
  const { length, kind, expects, writes, returns, values } = part
  const end = events.length
  const slotOf = slots.of
  const operationAt = int32Array(MOST_OPEN)
  // `sets`: the open operations by kind. `masks`: the open operations by value and kind; a cas counts for its old
  // value.
  const sets = int32Array(KINDS)
  const masks = int32Array(KINDS * values)
  const placeOf = int32Array(length)
  for (let i = 0; i < length; i++) {
    // One of the two values is NOTHING, whose bits are all 1. So `&` yields the other one.
    const value = kind[i] === CAS ? expects[i] : expects[i] & writes[i]
    placeOf[i] = value * KINDS + kind[i]
  }
  const failures = createFailures(length)
  const order = int32Array(length)
  // At most `length` choices exist at a time, because each choice takes an operation that no other choice has taken.
  // Unused entries take no memory.
  const choices = int32Array(CHOICE * length)
  const bytes = 4 * (end + (3 + CHOICE) * length + KINDS * values) + failures.bytes
  const affordable = budget.take(bytes)
  const tables = { slotOf, placeOf, operationAt, sets, masks }
  let depth = 0
  let furthest = -1
  // Where `run` continues.
  let lastPosition = 0
  let lastState = part.initial
  let lastDone = 0
  let lastTaken = 0

  /** Undoes the events from `from` - 1 down to `to`. */
  const rewind = (from: number, to: number): void => {
    for (let position = from - 1; position >= to; position--) {
      const event = events[position]
      if (event === 0) continue
      const operation = event > 0 ? event - 1 : -event - 1
      const slot = slotOf[operation]
      const place = placeOf[operation]
      operationAt[slot] = operation
      masks[place] ^= 1 << slot
      sets[place & KIND_BITS] ^= 1 << slot
    }
  }
  /** Finds the first to return of the legal writes and cas in `set`. Returns its bit, or 0 if there is none. */
  const firstToReturn = (set: number, state: number): number => {
    let choice = 0
    let first = NEVER
    for (let left = set; left !== 0; left &= left - 1) {
      const operation = operationAt[numberOf(left)]
      if (returns[operation] >= first || (kind[operation] === CAS && expects[operation] !== state)) continue
      first = returns[operation]
      choice = left & -left
    }
    return choice
  }

  // Continues the search. One loop over local variables is twice as fast as several functions.
  const run = (steps: number): Progress => {
    const { slotOf, placeOf, operationAt, sets, masks } = tables
    let position = lastPosition
    let state = lastState
    let done = lastDone
    let taken = lastTaken
    if (!affordable) return 'out of memory'
    for (let left = steps; left > 0; left--) {
      let returning = NOBODY
      let holding = 0
      for (; position < end; position++) {
        const event = events[position]
        if (event === 0) continue
        let operation = event - 1
        if (event > 0) operationAt[slotOf[operation]] = operation
        else operation = -event - 1
        const bit = 1 << slotOf[operation]
        const place = placeOf[operation]
        if (event < 0) {
          if ((done & bit) !== 0) {
            done ^= bit
          } else {
            holding = masks[state * KINDS + READ] | (sets[DIFFERS] & ~masks[state * KINDS + DIFFERS])
            if ((holding & bit) === 0) {
              returning = operation
              break
            }
            order[taken++] = operation
          }
        }
        masks[place] ^= bit
        sets[place & KIND_BITS] ^= bit
      }
      if (returning === NOBODY) {
        lastTaken = taken
        return 'met'
      }
      const isFirstHere = position > furthest
      if (isFirstHere) furthest = position

      for (let rest = holding & ~done; rest !== 0; rest &= rest - 1) order[taken++] = operationAt[numberOf(rest)]
      done |= holding

      const k = kind[returning]
      const value = expects[returning]
      const waits = k === READ || (k === CAS && value !== state)
      const isInVain = waits && ((masks[value * KINDS + WRITE] | sets[CAS]) & ~done) === 0
      const isHopeless = isInVain || (!isFirstHere && failures.has(position, state, done))
      let untried = isHopeless ? 0 : (sets[WRITE] | sets[CAS]) & ~done
      let choice = k === WRITE ? untried & (1 << slotOf[returning]) : firstToReturn(untried, state)
      while (choice === 0) {
        failures.add(position, state, done)
        if (depth === 0) return 'violated'
        const base = --depth * CHOICE
        rewind(position, choices[base + POSITION])
        position = choices[base + POSITION]
        state = choices[base + STATE]
        done = choices[base + DONE]
        untried = choices[base + UNTRIED]
        taken = choices[base + TAKEN]
        choice = firstToReturn(untried, state)
      }

      const operation = operationAt[numberOf(choice)]
      const alike = kind[operation] === WRITE ? masks[placeOf[operation]] : choice
      const base = depth++ * CHOICE
      choices[base + POSITION] = position
      choices[base + STATE] = state
      choices[base + DONE] = done
      choices[base + UNTRIED] = untried & ~alike
      choices[base + TAKEN] = taken
      order[taken++] = operation
      done |= choice
      state = writes[operation]
    }
    lastPosition = position
    lastState = state
    lastDone = done
    lastTaken = taken
    return 'paused'
  }
  return {
    run,
    order: () => order.subarray(0, lastTaken),
    culpritReturn: () => furthest,
    release: () => {
      if (affordable) budget.giveBack(bytes)
    },
  }
}

/** The index of the lowest bit of a set. */
const numberOf = (set: number): number => 31 - Math.clz32(set & -set)

/** Configurations known to lead to no explanation. The table is bounded, so new configurations replace earlier ones. */
interface Failures {
  readonly add: (position: number, state: number, done: number) => void
  readonly has: (position: number, state: number, done: number) => boolean
  readonly bytes: number
}

const MOST_FAILURES = 4096
const FAILURE = 3

function createFailures(length: number): Failures {
  const most = Math.min(2 ** (32 - Math.clz32(length)), MOST_FAILURES)
  // No operation returns at position 0, so an empty entry (all zeros) matches no failure.
  const table = int32Array(most * FAILURE)
  const baseOf = (position: number, state: number, done: number): number => {
    const hash = Math.imul(Math.imul(Math.imul(position, 0x9e3779b1) ^ state, 0x85ebca6b) ^ done, 0xc2b2ae35)
    return ((hash ^ (hash >>> 15)) & (most - 1)) * FAILURE
  }
  return {
    add: (position, state, done) => {
      const base = baseOf(position, state, done)
      table[base] = position
      table[base + 1] = state
      table[base + 2] = done
    },
    has: (position, state, done) => {
      const base = baseOf(position, state, done)
      return table[base] === position && table[base + 1] === state && table[base + 2] === done
    },
    bytes: table.byteLength,
  }
}
