import type { Json } from '@chaosproxy/history'
import { APPEND, CAS, DIFFERS, type Encoded, NEVER, READ, WRITE } from '../../encoding/encoded.ts'
import { range } from '../../encoding/lists.ts'
import { nextIn, threadsOf } from '../../encoding/threads.ts'
import type { Budget, Progress } from '../../limits/budget.ts'
import { createMemo } from '../../search/memo.ts'
import { createAppendStates, DEAD } from '../replay/appends.ts'

export interface SequentialSearch {
  readonly run: (steps: number) => Progress
  /** Returns, after `met`, an order that explains the operations. */
  readonly order: () => Int32Array
  readonly release: () => void
}

/**
 * Creates a search for one legal order of the operations on all keys, thread by thread. Values may repeat. A
 * configuration is the progress of each thread, the optional operations used, and the state of each key. Configurations
 * are remembered exactly.
 *
 * An observation that holds is taken immediately, which is safe because it changes no state. An optional write is used
 * only if a later operation can observe it.
 */
export function createSequentialSearch(
  encoded: Encoded,
  jsonOf: (name: number) => Json,
  budget: Budget,
): SequentialSearch {
  const { length, kind, key, keys, returns } = encoded
  const appends = encoded.hasAppend ? createAppendStates(encoded, jsonOf) : undefined
  const expects = appends?.expects ?? encoded.expects
  const writes = appends?.writes ?? encoded.writes
  const initial = appends?.initial ?? encoded.initial
  const threads = threadsOf(encoded, false, budget)
  const { count, start, members } = threads
  const isOptional = (thread: number): boolean => returns[members[start[thread]]] === NEVER
  const anyDiffers = kind.includes(DIFFERS)
  const useful = usefulOptional(encoded, expects, writes, budget)
  // The threads of completed operations. In the key of a configuration, each of these threads has a count of its placed
  // operations, and each optional operation has one bit.
  const main = range(0, count).filter((t) => !isOptional(t))
  const optional = range(0, count).filter((t) => isOptional(t) && useful(members[start[t]]))
  const bitsFrom = main.length
  const statesFrom = bitsFrom + Math.ceil(optional.length / 32)
  const width = 1 + statesFrom + keys
  const words = new Int32Array(width)
  words[0] = 1
  const memo = createMemo(width, budget)
  const position = new Int32Array(count)
  const state = words.subarray(1 + statesFrom)
  state.fill(initial)
  for (const [k, value] of encoded.startOf?.entries() ?? []) state[k] = appends?.startOf(value) ?? value
  const wordOf = new Int32Array(count)
  const bitOf = new Int32Array(count)
  for (const [n, t] of main.entries()) {
    wordOf[t] = 1 + n
    bitOf[t] = 1
  }
  for (const [n, t] of optional.entries()) {
    wordOf[t] = 1 + bitsFrom + (n >> 5)
    bitOf[t] = 1 << (n & 31)
  }
  const candidates = Int32Array.from([...main, ...optional])
  const pathOperation = new Int32Array(length)
  const pathState = new Int32Array(length)
  const pathChosen = new Uint8Array(length)
  let depth = 0
  // The operation tried last. Operations are tried in order of call, because they often take effect in nearly this
  // order.
  let cursor = -1
  let left = 0
  for (let i = 0; i < length; i++) if (returns[i] !== NEVER) left++
  let started = false

  const nextOf = nextIn(threads, position)
  /**
   * Considers the next operation of each thread. Returns the first of these that was called after `operation`; -1 if
   * there is none.
   */
  const nextAfter = (operation: number): number => {
    let earliest = -1
    for (let c = 0; c < candidates.length; c++) {
      const next = nextOf(candidates[c])
      if (next > operation && (earliest === -1 || next < earliest)) earliest = next
    }
    return earliest
  }
  const take = (operation: number, chosen: number, to: number): void => {
    const thread = threads.of[operation]
    pathOperation[depth] = operation
    pathState[depth] = state[key[operation]]
    pathChosen[depth++] = chosen
    state[key[operation]] = to
    position[thread]++
    words[wordOf[thread]] += bitOf[thread]
    if (returns[operation] !== NEVER) left--
  }
  const giveBack = (): void => {
    const operation = pathOperation[--depth]
    const thread = threads.of[operation]
    state[key[operation]] = pathState[depth]
    position[thread]--
    words[wordOf[thread]] -= bitOf[thread]
    if (returns[operation] !== NEVER) left++
  }
  const holds = (operation: number): boolean => {
    const k = kind[operation]
    if (k === READ) return expects[operation] === state[key[operation]]
    return k === DIFFERS && expects[operation] !== state[key[operation]]
  }
  const takeObservations = (): void => {
    // An observation enables only later operations of its own client, so one pass suffices if each client has one
    // thread.
    for (let again = true; again; ) {
      again = false
      for (const thread of main) {
        for (let o = nextOf(thread); o !== -1 && holds(o); o = nextOf(thread)) {
          take(o, OBSERVATION, state[key[o]])
          again = threads.isBranched
        }
      }
    }
  }
  const apply = (operation: number): number => {
    const k = kind[operation]
    const now = state[key[operation]]
    if (k === WRITE) return writes[operation]
    if (k === CAS) return expects[operation] === now ? writes[operation] : -1
    if (k === APPEND && appends !== undefined) return appends.append(now, operation)
    return -1
  }
  /** Reports whether an optional operation would have no visible effect. */
  const isPointless = (operation: number, to: number): boolean =>
    to === state[key[operation]] || (appends !== undefined && to === DEAD && !anyDiffers)
  const retreat = (): boolean => {
    while (depth > 0 && pathChosen[depth - 1] === OBSERVATION) giveBack()
    if (depth === 0) return false
    giveBack()
    cursor = pathOperation[depth]
    return true
  }
  /** Takes the first legal operation after the cursor; false if there is none. */
  const choose = (): boolean => {
    for (let operation = nextAfter(cursor); operation !== -1; operation = nextAfter(operation)) {
      const to = apply(operation)
      if (to === -1 || (returns[operation] === NEVER && isPointless(operation, to))) continue
      take(operation, CHOICE, to)
      return true
    }
    return false
  }
  const run = (steps: number): Progress => {
    if (!started) {
      started = true
      takeObservations()
      if (memo.add(words) === undefined) return 'out of memory'
    }
    for (let s = steps; s > 0; s--) {
      if (left === 0) return 'met'
      if (!choose()) {
        if (!retreat()) return 'violated'
        continue
      }
      takeObservations()
      const fresh = memo.add(words)
      if (fresh === undefined) return 'out of memory'
      if (fresh) cursor = -1
      else if (!retreat()) return 'violated'
    }
    return left === 0 ? 'met' : 'paused'
  }
  return { run, order: () => pathOperation.slice(0, depth), release: () => memo.release() }
}

const OBSERVATION = 0
const CHOICE = 1

/**
 * Returns a test of whether an optional operation can matter. It must write an observed value. With appends or failed
 * cas, all can matter.
 */
function usefulOptional(
  encoded: Encoded,
  expects: Int32Array,
  writes: Int32Array,
  budget: Budget,
): (operation: number) => boolean {
  if (encoded.hasAppend || encoded.kind.includes(DIFFERS)) return () => true
  const { length, key, values } = encoded
  const observed = new Set<number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (expects[i] >= 0) observed.add(key[i] * values + expects[i])
  }
  return (operation) => observed.has(key[operation] * values + writes[operation])
}
