import { NOTHING } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import { NO_READ } from './reads-from.ts'
import type { Saturation } from './saturation.ts'

/** A choice among several writes that were possible next. */
interface Choice {
  readonly mark: number
  readonly placed: number
  readonly others: number[]
}

/** The number of wrong choices after which the attempt ends. */
const MOST_BACKTRACKS = 60
/**
 * If the saturation has recorded more changes than this (`Saturation.changes`), `layOut` makes all choices so far
 * permanent.
 */
const MOST_CHANGES = 2_000_000

/**
 * Builds one order from front to back. Returns undefined if this fails, which proves nothing.
 *
 * Every step respects the forced order. Observations, and unread writes, are placed as early as possible, because this
 * excludes no other order. Only a write that is read requires a choice. The first candidate is the write that took
 * effect first by the clock. A chosen write is ordered before all remaining writes of its key, and the consequences are
 * derived immediately. If this leads to a contradiction, the next candidate is tried. If no candidate is left, the last
 * choice is undone.
 *
 * The result is legal, although values are not checked. A placed write that is read precedes all remaining writes of
 * its key, and so do its reads. The same holds for a placed cas, because it saw a placed write. So no later write can
 * come between a write and its reads.
 *
 * Leaves its choices in the saturation (see `Saturation.reset`).
 */
export function layOut(saturation: Saturation, budget: Budget): Int32Array | undefined {
  const { encoded, writerOf, threads, effectBy, isRead, keyWrites } = saturation
  const { length, key, writes } = encoded
  const { count, start, members, of } = threads
  const position = new Int32Array(count)
  const order = new Int32Array(length)
  let placed = 0

  // By thread: why its next operation cannot be placed yet. First, `waitsUntil` operations of thread `waitsFor` must be
  // placed. Until then, the operation is not examined again. If `waitsFor` is -1, no obstacle is known.
  const waitsFor = new Int32Array(count).fill(-1)
  const waitsUntil = new Int32Array(count)
  const isForcedLater = (operation: number): boolean => {
    const own = of[operation]
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
  const put = (operation: number): void => {
    position[of[operation]]++
    waitsFor[of[operation]] = -1
    order[placed++] = operation
  }
  const takeBack = (until: number): void => {
    while (placed > until) position[of[order[--placed]]]--
    waitsFor.fill(-1)
  }
  /** Orders a write before all remaining writes of its key, and reports whether this is possible. */
  const isPossible = (write: number): boolean => {
    const later: number[] = []
    for (let list = keyWrites.first[key[write]]; list < keyWrites.first[key[write] + 1]; list++) {
      const thread = keyWrites.thread[list]
      if (thread === of[write]) continue
      const at = keyWrites.seek(list, position[thread])
      if (at < keyWrites.start[list + 1] && !saturation.precedes(write, keyWrites.writes[at])) {
        later.push(keyWrites.writes[at])
      }
    }
    return saturation.assume(write, later) === undefined
  }

  let choices: Choice[] = []
  let backtracks = 0
  /** Chooses the likeliest possible candidate; false if none is possible. */
  const choose = (candidates: number[]): boolean => {
    for (;;) {
      const write = candidates.pop()
      if (write === undefined) return false
      if (saturation.changes() > MOST_CHANGES) {
        saturation.commit()
        choices = []
      }
      const mark = saturation.mark()
      if (isPossible(write)) {
        choices.push({ mark, placed, others: candidates })
        put(write)
        return true
      }
      if (saturation.stopped() !== undefined) return false
      saturation.undo(mark)
      waitsFor.fill(-1)
      backtracks++
    }
  }

  const candidates: number[] = []
  for (let round = 1; placed < length; round++) {
    if (saturation.stopped() !== undefined || (round % 256 === 0 && budget.expired(256 * count))) return undefined
    candidates.length = 0
    let moved = false
    for (let t = 0; t < count; t++) {
      for (;;) {
        const at = start[t] + position[t]
        if (at === start[t + 1]) break
        const operation = members[at]
        if (isForcedLater(operation)) break
        if (writes[operation] !== NOTHING && writerOf[operation] === NO_READ && isRead(operation)) {
          candidates.push(operation)
          break
        }
        put(operation)
        moved = true
      }
    }
    if (moved) continue
    candidates.sort((a, b) => effectBy[b] - effectBy[a])
    if (choose(candidates.slice())) continue
    for (;;) {
      const last = choices.pop()
      if (last === undefined || ++backtracks > MOST_BACKTRACKS || saturation.stopped() !== undefined) return undefined
      takeBack(last.placed)
      saturation.undo(last.mark)
      if (choose(last.others)) break
    }
  }
  return order
}
