import { type Budget, ticking } from '../../limits/budget.ts'
import { assignSlots } from '../../search/events.ts'
import { createHeap } from '../../search/heap.ts'
import { createMemo } from '../../search/memo.ts'
import { createUsage, NOTHING_USED } from '../../search/usage.ts'
import { IMPOSSIBLE, type Machine, type Weights } from '../model/machine.ts'
import type { Part } from '../model/part.ts'
import { classesOf, type ObjectSearch, rankedEvents } from './search.ts'
import { type Configuration, createWays, type Step } from './ways.ts'

/**
 * The next step of the search from a configuration. `to reads`: take several operations at once, so that the result of
 * a next read fits the state (see `createWays`). `one`: take one completed operation. A number: take that many
 * operations of unknown outcome in a row.
 */
interface Task {
  readonly configuration: Configuration
  readonly size: 'to reads' | 'one' | number
  readonly priority: number
}

interface Additive extends Machine {
  readonly weights: Weights
  readonly isRead: (number: number) => boolean
}

// The following sizes were measured in the running process. A quarter of the memory is uncollected garbage, because the
// search creates millions of small objects.

/** Bytes of a configuration, without the words of `taken`. */
const BYTES_PER_CONFIGURATION = 540
/** Bytes of one step of a trail, in the lists `trailParent` and `trailOperation`. */
const BYTES_PER_STEP = 24
/** Bytes of one entry of `windows` (see `windowsOf`), without its list of operations. */
const BYTES_PER_WINDOW = 260

/**
 * The search first tries configurations in which a read fits. If it reached any, it postpones the other way to
 * continue, which takes completed operations one at a time (see `goOn`). The postponed task has the priority of a task
 * that is `ASIDE` completed operations behind.
 */
const ASIDE = 64

/**
 * The approximate cost of an operation of unknown outcome. It is `EARLY` if the operation takes effect about when its
 * client gave up, and `LATE` if it takes effect long after that.
 */
const EARLY = 0.1
const LATE = 1

/**
 * Creates a search for an order of operations that add to the state (see `Machine.weights`). If many operations have an
 * unknown outcome, almost any state is reachable, and a search that took the wrong ones would continue for long. This
 * search therefore prefers orders that take few operations of unknown outcome, each as late as possible.
 *
 * The search is exact, because every possible order can be transformed into one that the search considers. If an
 * operation of unknown outcome stands before a completed operation that is possible without it, the transformation
 * exchanges the two. In the end, each operation of unknown outcome stands directly before an operation that it makes
 * possible. Several operations of unknown outcome in a row are sorted by class where possible. A read is taken as soon
 * as it fits.
 *
 * The search is best-first: tasks of the lowest `priority` come first. Each operation of unknown outcome raises it by
 * at most `LATE`. Each completed operation lowers it by `worth`, about four times the number of operations of unknown
 * outcome per completed operation, which is usually more. Postponed configurations are therefore resumed only at a dead
 * end.
 */
export function createFrugalSearch(part: Part, { isRead, ...machine }: Additive, budget: Budget): ObjectSearch {
  const { length } = part
  const { code, step, weights } = machine
  const { calls, returns, events } = rankedEvents(part, budget)
  const slots = assignSlots(events, length)
  const words = Math.ceil(slots.count / 32)
  const classes = classesOf(part, code, isRead, budget)
  const optional = classes.reduce((sum, { length: size }) => sum + size, 0)
  const completed = events.filter((event) => event < 0).map((event) => -event - 1)
  const windows = windowsOf(events, budget)
  const worth = (4 * (optional + 1)) / (completed.length + 1)
  const lateFrom = placesOfInfo(part, completed, slots.count, budget)
  const costOf = (member: number, first: number): number => (first < lateFrom[member] ? EARLY : LATE)
  const usage = createUsage(classes.length, budget)
  const memo = createMemo(3 + words, budget)
  const key = new Int32Array(3 + words)
  const observes = Uint8Array.from(part.f, (number) => (isRead(number) ? 1 : 0))
  const trailParent: number[] = []
  const trailOperation: number[] = []
  const tasks: Task[] = []
  // Among tasks of equal priority, the newest comes first, because it has advanced furthest.
  const heap = createHeap((a, b) => tasks[a].priority - tasks[b].priority || b - a)
  let bytes = 0
  let fits = true
  let furthest = 0
  let found = -1
  let started = false

  const take = (amount: number): void => {
    if (budget.take(amount)) bytes += amount
    else fits = false
  }
  const schedule = (configuration: Configuration, size: Task['size'], price: number): void => {
    const priority = configuration.cost + price - worth * configuration.first
    heap.push(tasks.push({ configuration, size, priority }) - 1)
  }
  const isTaken = (taken: Int32Array, operation: number): boolean =>
    ((taken[slots.of[operation] >> 5] >> (slots.of[operation] & 31)) & 1) === 1
  const flip = (taken: Int32Array, operation: number): void => {
    taken[slots.of[operation] >> 5] ^= 1 << (slots.of[operation] & 31)
  }
  const extend = (trail: number, operation: number): number => {
    take(BYTES_PER_STEP)
    trailParent.push(trail)
    return trailOperation.push(operation) - 1
  }
  const candidates = ({ first, taken }: Configuration, reading: 0 | 1): number[] => {
    const list: number[] = []
    for (const operation of windows[first]) {
      if (observes[operation] === reading && !isTaken(taken, operation)) list.push(operation)
    }
    return list
  }

  /** Takes all reads that fit, and advances to the first completed operation that is not taken. */
  const takeReads = (reached: Configuration): Configuration => {
    const { state, taken } = reached
    let { trail, first } = reached
    for (let again = true; again; ) {
      again = false
      for (; first < completed.length && isTaken(taken, completed[first]); first++) {
        flip(taken, completed[first])
        again = true
      }
      if (first === completed.length) break
      for (const operation of windows[first]) {
        if (observes[operation] === 0 || isTaken(taken, operation)) continue
        if (step(state, code[operation]) === IMPOSSIBLE) continue
        flip(taken, operation)
        trail = extend(trail, operation)
        again = true
      }
    }
    furthest = Math.max(furthest, first)
    return { ...reached, trail, first }
  }

  /** Schedules the configuration unless it was scheduled before. Returns whether it completes the search. */
  const remember = (configuration: Configuration): boolean => {
    const { trail, state, first, taken, used } = configuration
    if (first === completed.length) {
      found = trail
      return true
    }
    key[0] = first + 1
    key[1] = state
    key[2] = used
    key.set(taken, 3)
    const isNew = memo.add(key)
    if (isNew === undefined) fits = false
    if (isNew !== true) return false
    take(BYTES_PER_CONFIGURATION + 4 * words)
    schedule(configuration, 'to reads', 0)
    return false
  }

  const settle = (reached: Configuration): boolean => remember(takeReads(reached))

  const after = (from: Configuration, operation: number, state: number): boolean => {
    const taken = from.taken.slice()
    flip(taken, operation)
    const sum = from.sum + weights.adds(code[operation])
    return settle({ ...from, taken, state, sum, trail: extend(from.trail, operation) })
  }

  const takeStep = (
    at: Configuration,
    { operation, amount, ofClass }: Step,
    state: number,
  ): Configuration | undefined => {
    const taken = at.taken.slice()
    if (ofClass === undefined) flip(taken, operation)
    const used = ofClass === undefined ? at.used : usage.after(at.used, ofClass)
    fits &&= used !== -1
    if (used === -1) return undefined
    const cost = ofClass === undefined ? at.cost : at.cost + costOf(operation, at.first)
    const trail = extend(at.trail, operation)
    return takeReads({ ...at, taken, used, state, sum: at.sum + amount, cost, trail })
  }

  /**
   * Schedules the next configurations in which a read fits the state (see `createWays`). Also schedules the task `one`
   * from `from`. Returns whether one of the next configurations completes the search.
   */
  const goToReads = (from: Configuration): boolean => {
    const reached = ways.toReads(from)
    for (const each of reached) if (remember(each)) return true
    schedule(from, 'one', reached.length === 0 ? 0 : worth * ASIDE)
    return false
  }

  /**
   * Tries each completed operation that is possible next. Of operations with the same effect, tries only the one that
   * returns first.
   */
  const goOn = (from: Configuration): boolean => {
    const firstOf = new Map<number, number>()
    for (const operation of candidates(from, 0)) {
      const other = firstOf.get(code[operation])
      if (other === undefined || returns[operation] < returns[other]) firstOf.set(code[operation], operation)
    }
    // Schedules the first operation last: among tasks of equal priority, the heap yields the one that was scheduled
    // last.
    for (const operation of [...firstOf.values()].reverse()) {
      const state = step(from.state, code[operation])
      if (state !== IMPOSSIBLE && after(from, operation, state)) return true
    }
    const before = returns[completed[from.first]]
    let least = Number.POSITIVE_INFINITY
    for (let c = 0; c < classes.length; c++) {
      const member = classes[c][usage.count(from.used, c)]
      if (member !== undefined && calls[member] < before) least = Math.min(least, costOf(member, from.first))
    }
    if (least < Number.POSITIVE_INFINITY) schedule(from, 1, least)
    return false
  }

  /** Takes `size` operations of unknown outcome into the order, and then an operation that they make possible. */
  const assume = (from: Configuration, size: number): boolean => {
    const before = returns[completed[from.first]]
    const reads = candidates(from, 1)
    const others = candidates(from, 0)
    const fitsSome = (state: number): boolean => reads.some((operation) => step(state, code[operation]) !== IMPOSSIBLE)

    const isEnabled = (operation: number, state: number, next: number): boolean =>
      step(next, code[operation]) !== IMPOSSIBLE && step(state, code[operation]) === IMPOSSIBLE

    const extendBy = (at: Configuration, left: number, last: number, beforeLast: number): boolean => {
      for (let c = 0; c < classes.length; c++) {
        budget.tick()
        const member = classes[c][usage.count(at.used, c)]
        if (member === undefined || calls[member] > before) continue
        const kind = code[member]
        const state = step(at.state, kind)
        if (state === IMPOSSIBLE || state === at.state) continue
        if (c < last && step(beforeLast, kind) !== IMPOSSIBLE) continue
        const fitsNow = fitsSome(state)
        // A read fits already, so no further operations are needed.
        if (left > 1 && fitsNow) continue
        const possible = left > 1 || fitsNow ? [] : others.filter((operation) => isEnabled(operation, at.state, state))
        if (left === 1 && !fitsNow && possible.length === 0) continue
        const nowUsed = usage.after(at.used, c)
        fits &&= nowUsed !== -1
        if (nowUsed === -1) return false
        const next: Configuration = {
          ...at,
          state,
          used: nowUsed,
          trail: extend(at.trail, member),
          sum: at.sum + weights.adds(kind),
          cost: at.cost + costOf(member, at.first),
        }
        if (left > 1) {
          if (extendBy(next, left - 1, c, at.state)) return true
        } else if (fitsNow) {
          if (settle({ ...next, taken: next.taken.slice() })) return true
        } else {
          for (const operation of possible) if (after(next, operation, step(state, code[operation]))) return true
        }
      }
      return false
    }
    if (extendBy(from, size, -1, from.state)) return true
    if (size < optional) schedule(from, size + 1, (size + 1) * LATE)
    return false
  }

  const ways = createWays(
    { code, step, weights, calls, returns, observes, completed, windows, classes, usage },
    { isTaken, takeStep },
    budget,
  )

  const run = (steps: number): ReturnType<ObjectSearch['run']> => {
    if (!started) {
      started = true
      take((BYTES_PER_STEP + BYTES_PER_WINDOW + 4 * slots.count) * length)
      const taken = new Int32Array(words)
      const begin = {
        trail: -1,
        state: machine.initial,
        first: 0,
        taken,
        used: NOTHING_USED,
        sum: weights.initial,
        cost: 0,
      }
      if (settle(begin)) return 'met'
    }
    for (let left = steps; left > 0; left--) {
      if (!fits || !machine.fits()) return 'out of memory'
      const next = heap.pop()
      if (next === undefined) return 'violated'
      const { configuration, size } = tasks[next]
      // Trying all orders of a long sequence takes long.
      if (typeof size === 'number' && size > 1 && budget.expired(size)) {
        heap.push(next)
        return 'paused'
      }
      const isMet =
        size === 'to reads'
          ? goToReads(configuration)
          : size === 'one'
            ? goOn(configuration)
            : assume(configuration, size)
      if (isMet) return 'met'
    }
    return 'paused'
  }
  return {
    run,
    order: () => {
      const order: number[] = []
      for (let at = found; at !== -1; at = trailParent[at]) order.push(trailOperation[at])
      return Int32Array.from(order.reverse())
    },
    culprit: () => completed[furthest],
    release: () => {
      for (const each of [memo, machine, usage]) each.release()
      budget.giveBack(bytes)
      bytes = 0
    },
  }
}

/**
 * By operation of unknown outcome: the number of completed operations after which it is unlikely to take effect. Most
 * of these operations take effect about as soon as completed ones.
 */
function placesOfInfo({ history, row }: Part, completed: Int32Array, clients: number, budget: Budget): Int32Array {
  const { returnEvent } = history.operations
  const places = new Int32Array(row.length)
  const gaveUp = Array.from(row.keys()).filter((i) => returnEvent[row[i]] !== -1)
  gaveUp.sort(ticking((a, b) => returnEvent[row[a]] - returnEvent[row[b]], budget))
  let place = 0
  for (const i of gaveUp) {
    while (place < completed.length && returnEvent[row[completed[place]]] < returnEvent[row[i]]) place++
    places[i] = place + 2 * clients
  }
  return places
}

/** For each completed operation, in order of return: the operations that are open when it returns, in order of call. */
function windowsOf(events: Int32Array, budget: Budget): readonly Int32Array[] {
  const open: number[] = []
  const windows: Int32Array[] = []
  for (const event of events) {
    budget.tick()
    if (event > 0) open.push(event - 1)
    else {
      windows.push(Int32Array.from(open))
      open.splice(open.indexOf(-event - 1), 1)
    }
  }
  return windows
}
