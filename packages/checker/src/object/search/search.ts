import { NEVER } from '../../encoding/encoded.ts'
import { addTo } from '../../encoding/lists.ts'
import type { Budget, Progress } from '../../limits/budget.ts'
import { assignSlots, eventList } from '../../search/events.ts'
import { createMemo } from '../../search/memo.ts'
import { IMPOSSIBLE, type Machine } from '../model/machine.ts'
import { eventsInOrder, type Part } from '../model/part.ts'

/** A resumable decision procedure for one object of any model. */
export interface ObjectSearch {
  /** Continues for about this many steps. Call again only after `paused`. */
  readonly run: (steps: number) => Progress
  /** The order that explains all results, as indices into the part. Call only after `run` returned `met`. */
  readonly order: () => Int32Array
  /** After `violated`: the first operation, by return, that has no explanation. */
  readonly culprit: () => number
  readonly release: () => void
}

export type Placed = Pick<Part, 'length' | 'f' | 'calls' | 'returns'>

/**
 * How an operation came onto the path: `CHOICE` if it was chosen, and `OBSERVATION` if it was taken because it fitted.
 * A number from 0 on means that it was chosen from the class of unknown outcome with this number.
 */
const CHOICE = -1
const OBSERVATION = -2

/**
 * Wing & Gong's search (see `search/events.ts`) for any machine. Of equal operations, it tries only the first to return:
 * an order in which two equal operations are exchanged is valid too.
 */
export function createObjectSearch(
  part: Placed,
  machine: Machine,
  isRead: (number: number) => boolean,
  budget: Budget,
): ObjectSearch {
  const { length } = part
  const { code, step, several } = machine
  const { calls, returns, events } = rankedEvents(part, budget)
  const { next, previous, head, link, unlink } = eventList(events, length)
  const slots = assignSlots(events, length)
  const classes = classesOf(part, code, isRead, budget)
  const slotWords = Math.ceil(slots.count / 32)
  const width = 2 + slotWords + classes.length
  const key = new Int32Array(width)
  const memo = createMemo(width, budget)
  const observes = Uint8Array.from(part.f, (number) => (isRead(number) ? 1 : 0))
  const used = key.subarray(2 + slotWords)
  const pathOperation = new Int32Array(length)
  const pathKind = new Int32Array(length)
  const pathState = new Int32Array(length)
  const pathAlternative = new Int32Array(length)
  const bytes = 4 * (9 * length + width)
  const affordable = budget.take(bytes)

  let depth = 0
  let state = machine.initial
  let furthest = -1
  // The next operation to try. If `classCursor` is `CHOICE`, this is the operation whose call is the entry `cursor`.
  // After all operations called before the next return, those of unknown outcome are tried: `classCursor` is then the
  // number of a class (see `classesOf`). `alternative` selects one of the operation's possible effects.
  let cursor = next[head]
  let classCursor = -1
  let alternative = 0
  let started = false

  const take = (operation: number, kind: number, after: number) => {
    pathOperation[depth] = operation
    pathKind[depth] = kind
    pathAlternative[depth] = alternative
    pathState[depth++] = state
    state = after
    if (kind >= 0) {
      used[kind]++
      return
    }
    key[2 + (slots.of[operation] >> 5)] ^= 1 << (slots.of[operation] & 31)
    unlink(operation)
    unlink(length + operation)
  }
  const giveBack = (): void => {
    const operation = pathOperation[--depth]
    state = pathState[depth]
    if (pathKind[depth] >= 0) {
      used[pathKind[depth]]--
      return
    }
    link(length + operation)
    link(operation)
    key[2 + (slots.of[operation] >> 5)] ^= 1 << (slots.of[operation] & 31)
  }
  /**
   * Of the operations called before the next return, takes the reads that `state` allows. Returns the entry of this
   * return, or `head` if no return is left.
   */
  const takeObservations = (): number => {
    alternative = 0
    let entry = next[head]
    for (; entry < length; entry = next[entry]) {
      if (observes[entry] === 0 || step(state, code[entry]) === IMPOSSIBLE) continue
      take(entry, OBSERVATION, state)
      entry = previous[entry]
    }
    return entry
  }
  const retreat = (): boolean => {
    while (depth > 0 && pathKind[depth - 1] === OBSERVATION) giveBack()
    if (depth === 0) return false
    giveBack()
    alternative = pathAlternative[depth] + 1
    classCursor = pathKind[depth]
    if (classCursor === CHOICE) cursor = pathOperation[depth]
    return true
  }
  /**
   * Returns the state after an operation with the effect that `alternative` selects; IMPOSSIBLE if the operation has no
   * such effect.
   */
  const effect = (operation: number): number => {
    const after = step(state, code[operation])
    if (after >= IMPOSSIBLE) return alternative === 0 ? after : IMPOSSIBLE
    return several(after)[alternative] ?? IMPOSSIBLE
  }
  const isRedundant = (operation: number): boolean => {
    for (let entry = next[head]; entry < length; entry = next[entry]) {
      if (code[entry] === code[operation] && returns[entry] < returns[operation]) return true
    }
    return false
  }
  const choose = (firstReturn: number): boolean => {
    if (classCursor === CHOICE) {
      for (; cursor < length; cursor = next[cursor], alternative = 0) {
        const after = effect(cursor)
        if (after === IMPOSSIBLE || isRedundant(cursor)) continue
        take(cursor, CHOICE, after)
        return true
      }
      classCursor = 0
      alternative = 0
    }
    for (; classCursor < classes.length; classCursor++, alternative = 0) {
      const members = classes[classCursor]
      const member = members[used[classCursor]]
      if (member === undefined || calls[member] > firstReturn) continue
      let after = effect(member)
      // An operation of unknown outcome that changes nothing need not have happened.
      while (after === state && after !== IMPOSSIBLE) {
        alternative++
        after = effect(member)
      }
      if (after === IMPOSSIBLE) continue
      take(member, classCursor, after)
      return true
    }
    return false
  }
  /** Continues from the current configuration, or backtracks if the search has been at this configuration before. */
  const settle = (firstReturn: number): Progress | 'entered' => {
    const operation = firstReturn - length
    if (furthest === -1 || returns[operation] > returns[furthest]) furthest = operation
    key[0] = firstReturn
    key[1] = state
    const isNew = machine.fits() ? memo.add(key) : undefined
    if (isNew === undefined) return 'out of memory'
    if (!isNew) return retreat() ? 'entered' : 'violated'
    cursor = next[head]
    classCursor = CHOICE
    alternative = 0
    return 'entered'
  }

  // Results of a machine past its deadline are meaningless.
  const unlessLate = (progress: Progress): Progress => (machine.isLate() ? 'paused' : progress)

  const advance = (): Progress | 'entered' => {
    const firstReturn = takeObservations()
    return firstReturn === head ? 'met' : settle(firstReturn)
  }
  const run = (steps: number): Progress => {
    if (!affordable) return 'out of memory'
    if (!started) {
      started = true
      const progress = advance()
      if (progress !== 'entered') return unlessLate(progress)
    }
    for (let left = steps; left > 0; left--) {
      let first = next[head]
      while (first < length) first = next[first]
      if (!choose(returns[first - length])) {
        if (machine.isLate()) return 'paused'
        if (!retreat()) return 'violated'
        continue
      }
      const progress = advance()
      if (progress !== 'entered') return unlessLate(progress)
    }
    return 'paused'
  }
  return {
    run,
    order: () => pathOperation.slice(0, depth),
    culprit: () => furthest,
    release: () => {
      memo.release()
      machine.release()
      if (affordable) budget.giveBack(bytes)
    },
  }
}

/** Returns the ranks of calls and returns, and the events in the form that `search/events.ts` describes. */
export function rankedEvents(
  part: Placed,
  budget: Budget,
): { readonly calls: Int32Array; readonly returns: Int32Array; readonly events: Int32Array } {
  const inOrder = eventsInOrder(part, budget)
  const { length } = part
  const calls = new Int32Array(length)
  const returns = new Int32Array(length).fill(NEVER)
  for (const [rank, event] of inOrder.entries()) ((event & 1) === 0 ? calls : returns)[event >> 1] = rank
  const completed = inOrder.filter((event) => {
    budget.tick()
    return returns[event >> 1] !== NEVER
  })
  return {
    calls,
    returns,
    events: completed.map((event) => ((event & 1) === 0 ? (event >> 1) + 1 : -(event >> 1) - 1)),
  }
}

/** The operations of unknown outcome, grouped by effect; each class is in order of call. */
export function classesOf(
  part: Placed,
  code: Int32Array,
  isRead: (number: number) => boolean,
  budget: Budget,
): readonly (readonly number[])[] {
  const classes = new Map<number, number[]>()
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.returns[i] !== NEVER || isRead(part.f[i])) continue
    addTo(classes, code[i], i)
  }
  return [...classes.values()]
}
