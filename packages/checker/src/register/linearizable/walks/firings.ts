import { CAS, DIFFERS, type Encoded, NEVER, WRITE } from '../../../encoding/encoded.ts'
import type { Budget } from '../../../limits/budget.ts'
import { doubled } from '../../../search/usage.ts'

/** The operations that fired (took effect in the walk), in order. `positions`: the return event of each firing. */
export interface FiringPath {
  readonly operations: Int32Array
  readonly positions: Int32Array
}

/** A tree of firings (see `FiringPath`). The parent of a firing is the firing before it; -1 for the first of a path. */
export interface Firings {
  /**
   * Adds the firing of `operation` at the return event `position`. `before` is the number of the previous firing of the
   * path, or -1. Returns the number of the new firing, or -1 if memory ran out.
   */
  readonly add: (before: number, operation: number, position: number) => number
  readonly path: (last: number) => FiringPath
  readonly release: () => void
}

const START = 256

export function createFirings(budget: Budget): Firings {
  let before = new Int32Array(START)
  let operations = new Int32Array(START)
  let positions = new Int32Array(START)
  let count = 0
  let taken = 0
  const grow = (): boolean => {
    const bytes = before.length * 12
    if (!budget.take(bytes)) return false
    taken += bytes
    before = doubled(before)
    operations = doubled(operations)
    positions = doubled(positions)
    return true
  }
  return {
    add: (earlier, operation, position) => {
      if (count === before.length && !grow()) return -1
      before[count] = earlier
      operations[count] = operation
      positions[count] = position
      return count++
    },
    path: (last) => {
      let length = 0
      for (let node = last; node !== -1; node = before[node]) length++
      const path = { operations: new Int32Array(length), positions: new Int32Array(length) }
      for (let node = last; node !== -1; node = before[node]) {
        path.operations[--length] = operations[node]
        path.positions[length] = positions[node]
      }
      return path
    },
    release: () => budget.giveBack(taken),
  }
}

/**
 * Returns an order of the operations. Omits writes and cas operations of unknown outcome that did not fire. The
 * operations that fired (see `FiringPath`) keep their order. Every other operation is placed between two firings, where
 * it has no effect:
 *
 * - an observation, where the register has a value that it may observe;
 * - a write, where the register already has the written value, or else directly before a write that fired.
 *
 * Let the two firings be at events a and b. An operation may be placed between them if it was called before b and
 * returned at a or later.
 */
export function orderFromFirings(part: Encoded, { operations, positions }: FiringPath): Int32Array {
  const { length, kind, expects, writes, calls, returns } = part
  const firings = operations.length
  // The firings divide the order into stretches: stretch s lies between firings s - 1 and s. By stretch: the value of
  // the register (`states`), and the event of firing s, which ends the stretch (`ends`).
  const states = new Int32Array(firings + 1)
  const ends = new Int32Array(firings + 1)
  states[0] = part.initial
  ends[firings] = NEVER
  const fired = new Uint8Array(length)
  for (let s = 0; s < firings; s++) {
    fired[operations[s]] = 1
    states[s + 1] = writes[operations[s]]
    ends[s] = positions[s]
  }

  // By operation: its place in the order. 2s: within stretch s. 2s + 1: at the end of stretch s, directly before firing
  // s. -1 if the operation fired or is omitted.
  const place = new Int32Array(length).fill(-1)
  const starts = new Int32Array(2 * firings + 3)
  let stretchAtCall = 0
  for (let i = 0; i < length; i++) {
    while (ends[stretchAtCall] < calls[i]) stretchAtCall++
    const k = kind[i]
    if (fired[i] === 1 || k === CAS || (k === WRITE && returns[i] === NEVER)) continue
    const value = k === WRITE ? writes[i] : expects[i]
    for (let s = stretchAtCall; s <= firings; s++) {
      if ((states[s] === value) !== (k === DIFFERS)) {
        place[i] = 2 * s
        break
      }
      if (k === WRITE && s < firings && kind[operations[s]] === WRITE && ends[s] <= returns[i]) {
        place[i] = 2 * s + 1
        break
      }
    }
    if (place[i] !== -1) starts[place[i] + 1]++
  }
  for (let s = 0; s < firings; s++) starts[2 * s + 2]++
  for (let at = 1; at < starts.length; at++) starts[at] += starts[at - 1]
  const order = new Int32Array(starts[starts.length - 1])
  // Stretch s ends with firing s, so the fired operation comes after all other operations placed in the stretch.
  for (let s = 0; s < firings; s++) order[starts[2 * s + 2] - 1] = operations[s]
  for (let i = 0; i < length; i++) if (place[i] !== -1) order[starts[place[i]]++] = i
  return order
}
