import type { Budget } from '../budget.ts'
import { NOTHING } from '../encoded.ts'
import { INITIAL, NO_READ } from './reads-from.ts'
import type { Saturation } from './saturation.ts'

/**
 * Tries to lay out one order, front to back, without ever going back: undefined where it gets stuck, which proves nothing.
 * Every step is within the forced order, never overwrites a value that somebody has yet to read, and prefers, of the
 * operations that are next in their threads: what observes the current value; writes that nobody reads; then the write
 * that took effect first by the clock, as far as that is known: the one that returned first, or was first seen.
 */
export function layOut(saturation: Saturation, budget: Budget): Int32Array | undefined {
  const { encoded, writerOf, threads, effectBy } = saturation
  const { length, key, writes } = encoded
  const { count, start, members } = threads
  const position = new Int32Array(count)
  const current = new Int32Array(encoded.keys).fill(INITIAL)
  // Readers of each write, and of the initial value of each key, still to come.
  const pending = new Int32Array(length)
  const pendingInitial = new Int32Array(encoded.keys)
  for (let i = 0; i < length; i++) {
    if (writerOf[i] >= 0) pending[writerOf[i]]++
    else if (writerOf[i] === INITIAL) pendingInitial[key[i]]++
  }
  const order = new Int32Array(length)
  let placed = 0

  // Of each thread: which other thread its next operation waits for, and until where. Looked at again only once it is there.
  const waitsFor = new Int32Array(count).fill(-1)
  const waitsUntil = new Int32Array(count)
  const isForcedLater = (operation: number): boolean => {
    const own = threads.of[operation]
    if (waitsFor[own] !== -1 && position[waitsFor[own]] < waitsUntil[own]) return true
    for (let t = 0; t < count; t++) {
      if (t === own || saturation.before(operation, t) <= position[t]) continue
      waitsFor[own] = t
      waitsUntil[own] = saturation.before(operation, t)
      return true
    }
    waitsFor[own] = -1
    return false
  }
  const unread = (k: number): number => (current[k] === INITIAL ? pendingInitial[k] : pending[current[k]])
  const isLegal = (operation: number): boolean => {
    const k = key[operation]
    if (writerOf[operation] !== NO_READ) {
      if (writerOf[operation] !== current[k]) return false
      return writes[operation] === NOTHING || unread(k) === 1
    }
    return unread(k) === 0
  }
  const put = (operation: number): void => {
    const k = key[operation]
    if (writerOf[operation] === INITIAL) pendingInitial[k]--
    else if (writerOf[operation] >= 0) pending[writerOf[operation]]--
    if (writes[operation] !== NOTHING) current[k] = operation
    position[threads.of[operation]]++
    waitsFor[threads.of[operation]] = -1
    order[placed++] = operation
  }

  for (let round = 1; placed < length; round++) {
    if (round % 256 === 0 && budget.expired()) return undefined
    let best = -1
    let moved = false
    for (let t = 0; t < count; t++) {
      for (;;) {
        const at = start[t] + position[t]
        if (at === start[t + 1]) break
        const operation = members[at]
        if (!isLegal(operation) || isForcedLater(operation)) break
        const isChoice = writes[operation] !== NOTHING && writerOf[operation] === NO_READ && pending[operation] > 0
        if (isChoice) {
          if (best === -1 || effectBy[operation] < effectBy[best]) best = operation
          break
        }
        put(operation)
        moved = true
      }
    }
    if (moved) continue
    if (best === -1) return undefined
    put(best)
  }
  return order
}
