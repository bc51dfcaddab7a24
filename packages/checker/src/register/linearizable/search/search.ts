import type { Json } from '@chaosproxy/history'
import { APPEND, CAS, DIFFERS, type Encoded, READ, WRITE } from '../../../encoding/encoded.ts'
import type { Budget, Progress } from '../../../limits/budget.ts'
import { assignSlots, eventList } from '../../../search/events.ts'
import { createMemo } from '../../../search/memo.ts'
import { type AppendStates, createAppendStates, DEAD } from '../../replay/appends.ts'
import { eventsByPosition } from '../open/open.ts'
import { type OptionalClass, optionalClasses } from '../open/optional.ts'

/** A resumable decision procedure for one key. */
export interface Search {
  /** Continues for about `steps` steps. Call again only after `paused`. */
  readonly run: (steps: number) => Progress
  /** Returns, after `met`, the operations in an order that explains them. */
  readonly order: () => Int32Array
  /** After `violated`: the first return without an explanation, as an event position. */
  readonly culpritReturn: () => number
  readonly release: () => void
}

/**
 * Creates Wing & Gong's search (see `search/events.ts`) for any registers. It takes a write of unknown outcome only if
 * an open operation observes it.
 */
export function createSearch(part: Encoded, jsonOf: (name: number) => Json, budget: Budget): Search {
  const { length, kind, calls, returns } = part
  const appends: AppendStates | undefined = part.hasAppend ? createAppendStates(part, jsonOf) : undefined
  const expects = appends?.expects ?? part.expects
  const writes = appends?.writes ?? part.writes
  const initial = appends?.initial ?? part.initial
  const classes = optionalClasses(part, expects, writes)

  const events = eventsByPosition(part)
  const { next, previous, head, link, unlink } = eventList(events, length)
  const slots = assignSlots(events, length)
  const packing = packCounts(classes, 2 + Math.ceil(slots.count / 32))
  const key = new Int32Array(packing.width)
  const memo = createMemo(packing.width, budget)
  const used = new Int32Array(classes.length)
  const pathOperation = new Int32Array(length)
  const pathState = new Int32Array(length)
  const pathClass = new Int32Array(length)
  const demand = createDemand(part, expects, classes)
  const bytes = 4 * (7 * length + packing.width)
  const affordable = budget.take(bytes)

  let depth = 0
  let state = initial
  let furthest = -1
  // The next operation to try. When no operation is left, `classCursor` is the next of the `classes` to try.
  let cursor = next[head]
  let classCursor = -1
  let started = false

  const take = (operation: number, classNumber: number, after: number): void => {
    pathOperation[depth] = operation
    pathClass[depth] = classNumber
    pathState[depth++] = state
    state = after
    if (classNumber >= 0) {
      used[classNumber]++
      key[packing.word[classNumber]] += packing.unit[classNumber]
      return
    }
    key[2 + (slots.of[operation] >> 5)] ^= 1 << (slots.of[operation] & 31)
    unlink(operation)
    unlink(length + operation)
  }
  const giveBack = () => {
    const operation = pathOperation[--depth]
    state = pathState[depth]
    const classNumber = pathClass[depth]
    if (classNumber >= 0) {
      used[classNumber]--
      key[packing.word[classNumber]] -= packing.unit[classNumber]
      return
    }
    link(length + operation)
    link(operation)
    key[2 + (slots.of[operation] >> 5)] ^= 1 << (slots.of[operation] & 31)
  }
  /**
   * Adds to the path all observations that were called before the first remaining return and that the current state
   * satisfies. Then returns the entry of the first remaining return; `head` if no return remains.
   */
  const takeObservations = (): number => {
    let entry = next[head]
    for (; entry < length; entry = next[entry]) {
      const k = kind[entry]
      if (k === READ ? expects[entry] === state : k === DIFFERS && expects[entry] !== state) {
        take(entry, OBSERVATION, state)
        // `take` removed this entry. It may also have removed the next entry, if that is the return of the same
        // operation. So the loop continues from the previous entry.
        entry = previous[entry]
      }
    }
    return entry
  }
  /** Returns false if the current configuration is known to lead to no explanation. */
  const isNew = (firstReturn: number): boolean => {
    const position = returns[firstReturn - length]
    if (position > furthest) furthest = position
    key[0] = firstReturn
    key[1] = state
    return !memo.has(key)
  }
  /**
   * Remembers that a configuration leads to no explanation; false if memory ran out. Called only on retreat, so a
   * search without retreats needs no memory. No configuration occurs twice on one path.
   */
  const remember = (): boolean => {
    let firstReturn = next[head]
    while (firstReturn < length) firstReturn = next[firstReturn]
    key[0] = firstReturn
    key[1] = state
    return memo.add(key) !== undefined
  }
  /** Undoes the last choice and the observations after it; false if there is none. */
  const retreat = (): boolean => {
    while (depth > 0 && pathClass[depth - 1] === OBSERVATION) giveBack()
    if (depth === 0) return false
    giveBack()
    if (pathClass[depth] >= 0) {
      classCursor = pathClass[depth] + 1
    } else {
      cursor = next[pathOperation[depth]]
      classCursor = -1
    }
    return true
  }
  /** Returns the state after a mandatory operation, or -1 if it is illegal. */
  const apply = (operation: number): number => {
    const k = kind[operation]
    if (k === WRITE) return writes[operation]
    if (k === CAS) return expects[operation] === state ? writes[operation] : -1
    if (k === APPEND && appends !== undefined) return appends.append(state, operation)
    return -1
  }
  /**
   * Returns the state after an operation of an `OptionalClass`. Returns -1 if the operation is illegal, or if no other
   * operation would observe its effect.
   */
  const applyOptional = (classNumber: number): number => {
    const { kind: k, expects: from, writes: to, members } = classes[classNumber]
    if (k === CAS && from !== state) return -1
    if (appends === undefined) return to !== state && demand.wanted(to) ? to : -1
    const after = k === APPEND ? appends.append(state, members[0]) : to
    return after === state || (after === DEAD && !demand.anyDiffers) ? -1 : after
  }

  /** Continues from the current configuration or, if it is a dead end, from the last choice with untried operations. */
  const settle = (firstReturn: number): boolean => {
    if (!isNew(firstReturn)) return retreat()
    cursor = next[head]
    classCursor = -1
    return true
  }

  const run = (steps: number): Progress => {
    if (!affordable) return 'out of memory'
    if (!started) {
      started = true
      const firstReturn = takeObservations()
      if (firstReturn === head) return 'met'
      settle(firstReturn)
    }
    for (let left = steps; left > 0; left--) {
      let moved = false
      if (classCursor === -1) {
        for (; cursor < length; cursor = next[cursor]) {
          const after = apply(cursor)
          if (after === -1) continue
          take(cursor, CHOICE, after)
          moved = true
          break
        }
        if (!moved) {
          // All calls before the first return are exhausted.
          classCursor = 0
        }
      }
      if (!moved && classes.length > 0) {
        let firstReturn = next[head]
        while (firstReturn < length) firstReturn = next[firstReturn]
        const before = returns[firstReturn - length]
        demand.prepare(next, head, used, before)
        for (; classCursor < classes.length; classCursor++) {
          const members = classes[classCursor].members
          const member = members[used[classCursor]]
          if (used[classCursor] === members.length || calls[member] > before) continue
          const after = applyOptional(classCursor)
          if (after === -1) continue
          take(member, classCursor, after)
          moved = true
          break
        }
      }
      if (!moved) {
        if (!remember()) return 'out of memory'
        if (!retreat()) return 'violated'
        continue
      }
      const firstReturn = takeObservations()
      if (firstReturn === head) return 'met'
      if (!settle(firstReturn)) return 'violated'
    }
    return 'paused'
  }

  return {
    run,
    order: () => pathOperation.slice(0, depth),
    culpritReturn: () => furthest,
    release: () => {
      memo.release()
      if (affordable) budget.giveBack(bytes)
    },
  }
}

/**
 * Entries of `pathClass` for operations that belong to none of the `classes`. `CHOICE`: a mandatory operation that the
 * search chose. `OBSERVATION`: an observation that the state satisfied, so that the search had no choice.
 */
const CHOICE = -1
const OBSERVATION = -2

/** Assigns each class a bit field for the number of its used members, from word `from` on. */
function packCounts(
  classes: readonly OptionalClass[],
  from: number,
): { word: number[]; unit: number[]; width: number } {
  const word: number[] = []
  const unit: number[] = []
  let at = from
  let bit = 0
  for (const { members } of classes) {
    const bits = 32 - Math.clz32(members.length)
    if (bit + bits > 32) {
      at++
      bit = 0
    }
    word.push(at)
    unit.push(1 << bit)
    bit += bits
  }
  return { word, unit, width: bit > 0 ? at + 1 : at }
}

interface Demand {
  readonly anyDiffers: boolean
  readonly prepare: (next: Int32Array, head: number, used: Int32Array, firstReturn: number) => void
  readonly wanted: (state: number) => boolean
}

/**
 * Finds the states that open operations expect. It is useful to take an operation of unknown outcome only if an open
 * operation observes its value before the next write. Otherwise, nothing observes the value: any operation called later
 * comes after the open operation that returns first, and that operation overwrites the value or expects a different
 * state.
 */
function createDemand(part: Encoded, expects: Int32Array, classes: readonly OptionalClass[]): Demand {
  const { length, kind, calls } = part
  let states = 1
  for (let i = 0; i < length; i++) states = Math.max(states, expects[i] + 1)
  const stamps = classes.length > 0 ? new Int32Array(states) : new Int32Array(0)
  let stamp = 0
  let differs = false
  return {
    anyDiffers: kind.includes(DIFFERS),
    prepare: (next, head, used, firstReturn) => {
      stamp++
      differs = false
      let entry = next[head]
      for (; entry < length; entry = next[entry]) {
        if (kind[entry] === DIFFERS) differs = true
        else if (expects[entry] >= 0) stamps[expects[entry]] = stamp
      }
      for (let c = 0; c < classes.length; c++) {
        const { expects: from, members } = classes[c]
        if (from >= 0 && used[c] < members.length && calls[members[used[c]]] < firstReturn) stamps[from] = stamp
      }
    },
    /**
     * An open failed cas that is not taken yet fits every state except the current one. So if there is such a cas,
     * every new state is wanted.
     */
    wanted: (to) => differs || stamps[to] === stamp,
  }
}
