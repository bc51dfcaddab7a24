import { DIFFERS, type Encoded, READ, WRITE } from '../../../encoding/encoded.ts'
import type { Budget, Progress } from '../../../limits/budget.ts'
import { keepLeast } from '../../../search/beam.ts'
import { createOpenOperations, eventsOf } from '../open/open.ts'
import { createOptionalOperations, type OptionalClass } from '../open/optional.ts'
import { createAllowance } from './allowance.ts'
import { createFirings, type FiringPath } from './firings.ts'
import { BITS, createFrontline, layOut, NODE, STATE } from './frontier-configurations.ts'
import { createFrontierExpansion } from './frontier-expand.ts'

/** A resumable walk over the events of one key. */
export interface Frontier {
  readonly run: (steps: number) => Progress
  /**
   * Returns the operations that fired (took effect), in order. Call it after `met`. If a member of an `OptionalClass`
   * fired, the first member of the class stands for it.
   */
  readonly path: () => FiringPath
  /** After `violated`: the first return without an explanation, as an event position. */
  readonly culpritReturn: () => number
  /** Reports whether configurations were dropped because there were more than `beam`. */
  readonly dropped: () => boolean
  readonly release: () => void
}

/** How the walk deviates from an exact search. */
export interface Approximation {
  /**
   * By class (see `OptionalClass`): 1 if the walk counts how many members of the class have fired (taken effect). At
   * any time, at most as many have then fired as were called. If 0, any number can fire once one member was called.
   */
  readonly counted: Uint8Array
  /** The maximum number of configurations kept from one return to the next. */
  readonly beam: number
}

/**
 * Creates a walk by just-in-time linearization (Lowe 2017). It visits the events once, and keeps the set of all
 * configurations that explain the events so far. Operations take effect ("fire") only when an operation that has not
 * taken effect returns. Expects a register without appends. A failed cas counts as an observation.
 *
 * These rules keep the sets small:
 * - An observation that holds fires immediately.
 * - Before the operation that must fire next, a write fires only if an open operation waits for its value. Any other
 *   write could fire later, or be overwritten unseen.
 * - A write is "hideable" if it could have been placed where it has no effect: just before another write, or where the
 *   state already had its value. It can return unfired at no cost.
 * - Open writes of the same value fire in the order in which they return; writes of unknown outcome fire last.
 * - A configuration is dropped if another one with the same state is at least as good: it has no additional outstanding
 *   operation, and has used no additional optional operation.
 *
 * `classes` are the operations of unknown outcome. The walk does not limit how often members of an uncounted class fire
 * (see `counted`). If there is such a class, `met` is certain only if no class fires more often on the path than its
 * members were called. If configurations were dropped because of `beam` (see `dropped`), `violated` proves nothing.
 */
export function createFrontier(
  part: Encoded,
  classes: readonly OptionalClass[],
  { counted, beam }: Approximation,
  budget: Budget,
): Frontier {
  const { kind, expects, writes, returns } = part
  const open = createOpenOperations(part)
  const { slotOf, words } = open
  const optional = createOptionalOperations(classes, part)
  const { classOf, called } = optional
  const layout = layOut(words, counted)
  const { hidden, stride } = layout
  const allowance = createAllowance(budget)
  const bytes = open.bytes + 4 * (4 * part.length + 2 * part.values)
  const affordable = budget.take(bytes)
  if (!affordable) allowance.exceed()
  const firings = createFirings(budget)
  const line = createFrontline(open, layout, allowance)
  line.words[STATE] = part.initial
  line.words[NODE] = -1
  line.count = 1
  const expansion = createFrontierExpansion(part, open, optional, layout, line, firings, allowance)
  const events = eventsOf(part, (operation) => classOf[operation] !== -1)
  let at = 0
  let returning = -1
  let dropped = false

  const invoke = (operation: number): void => {
    const c = classOf[operation]
    if (c !== -1) {
      called[c]++
      return
    }
    open.add(operation)
    const word = slotOf[operation] >> 5
    const bit = 1 << (slotOf[operation] & 31)
    const k = kind[operation]
    const { words: live } = line
    const end = line.count * stride
    if (k === READ) {
      for (let base = 0; base < end; base += stride) {
        if (live[base] === expects[operation]) live[base + BITS + word] |= bit
      }
    } else if (k === WRITE) {
      for (let base = 0; base < end; base += stride) {
        if (live[base] !== writes[operation]) live[base + hidden + word] |= bit
      }
    } else if (k === DIFFERS) {
      for (let base = 0; base < end; base += stride) {
        if (live[base] !== expects[operation]) live[base + BITS + word] |= bit
      }
    }
  }

  const narrow = (): void => {
    dropped = true
    const scores = new Int32Array(line.count)
    for (let c = 0; c < scores.length; c++) scores[c] = line.scoreOf(c * stride)
    line.count = keepLeast(line.words, stride, scores, beam)
  }

  const run = (steps: number): Progress => {
    for (let left = steps; !allowance.isExceeded(); ) {
      if (returning !== -1) {
        left = expansion.run(left)
        if (allowance.isExceeded()) break
        if (!expansion.isDone()) return 'paused'
        open.remove(returning)
        if (line.count === 0) return 'violated'
        if (line.count > beam) narrow()
        returning = -1
        at++
      }
      if (left <= 0) return 'paused'
      for (; at < events.length; at++) {
        const event = events[at]
        if (event >= 0) invoke(event)
        else {
          returning = -event - 1
          expansion.begin(returning)
          left--
          break
        }
      }
      if (at === events.length) return 'met'
    }
    return 'out of memory'
  }
  return {
    run,
    path: () => firings.path(line.words[NODE]),
    culpritReturn: () => returns[returning],
    dropped: () => dropped,
    release: () => {
      firings.release()
      allowance.release()
      if (affordable) budget.giveBack(bytes)
    },
  }
}
